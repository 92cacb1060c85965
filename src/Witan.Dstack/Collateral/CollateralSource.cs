namespace Witan.Dstack.CollateralService;

/// <summary>
/// A server of collateral: Intel's own (PCS) or one of its shape (PCCS). What it serves is signed by Intel, so a source can
/// withhold and delay, but not forge.
/// </summary>
public sealed record CollateralSource
{
    private const string ApiPath = "/sgx/certification/v4";

    /// <summary>Makes a source of an http or https address. An address that ends in <c>/sgx/certification/v4</c> is taken too.</summary>
    public CollateralSource(Uri address)
    {
        if (!address.IsAbsoluteUri || (address.Scheme != Uri.UriSchemeHttps && address.Scheme != Uri.UriSchemeHttp) || address.Query.Length > 0 || address.UserInfo.Length > 0)
            throw new ArgumentException($"{address} is no address of a collateral server", nameof(address));
        string text = address.AbsoluteUri.TrimEnd('/');
        if (text.EndsWith(ApiPath, StringComparison.OrdinalIgnoreCase))
            text = text[..^ApiPath.Length];
        Address = new Uri(text.TrimEnd('/') + "/");
    }

    /// <summary>Intel's Provisioning Certification Service. It needs no key for collateral.</summary>
    public static CollateralSource Intel { get; } = new(new Uri("https://api.trustedservices.intel.com"))
    {
        RootCrlAddress = new Uri("https://certificates.trustedservices.intel.com/IntelSGXRootCA.der"),
    };

    /// <summary>Address before <c>sgx/certification/v4</c>; ends in a slash.</summary>
    public Uri Address { get; }

    /// <summary>
    /// Where the root's revocation list is. Taken from here and never from a certificate that the source sends.
    /// <value>The default value is null: the source serves it under <c>rootcacrl</c>, as a PCCS does and Intel does not.</value>
    /// </summary>
    public Uri? RootCrlAddress { get; init; }

    /// <summary>
    /// Sent as <c>Ocp-Apim-Subscription-Key</c>.
    /// <value>The default value is null: none is sent.</value>
    /// </summary>
    public string? SubscriptionKey { get; init; }

    /// <summary>
    /// Takes any TLS certificate of this server: a PCCS is often installed with one it made itself. The documents' signatures and
    /// the refusal of anything older than seen hold all the same; whoever is in between can see which platforms are asked for.
    /// <value>The default value is false.</value>
    /// </summary>
    public bool DangerousAcceptAnyServerCertificate { get; init; }

    /// <summary>The address; never the key.</summary>
    public override string ToString() => Address.AbsoluteUri.TrimEnd('/');
}
