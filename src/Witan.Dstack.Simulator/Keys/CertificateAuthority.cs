using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Witan.Dstack.Simulator.Pki;

namespace Witan.Dstack.Simulator;

/// <summary>What a leaf certificate is to say.</summary>
internal sealed record LeafRequest(string Subject, IReadOnlyList<string> AltNames, bool Server, bool Client)
{
    public DateTimeOffset? NotBefore { get; init; }

    public DateTimeOffset? NotAfter { get; init; }

    /// <summary>Versioned attestation bytes that bind the key; null leaves them out.</summary>
    public byte[]? Attestation { get; init; }

    /// <summary>The app's identity values as <see cref="RaTls.RaTlsAppInfo"/> encodes them; null leaves them out.</summary>
    public byte[]? AppInfo { get; init; }
}

/// <summary>
/// Signs an app's certificates: below the key service's root by an authority of the app, or, as for guests without a key service,
/// by one authority alone.
/// </summary>
internal sealed class CertificateAuthority : IDisposable
{
    public const string Arc = "1.3.6.1.4.1.62397.1";
    /// <summary>From when a certificate is valid where nothing else was asked for, as the real agent has it.</summary>
    internal static readonly DateTimeOffset Earliest = new(1975, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Latest = new(2049, 12, 31, 0, 0, 0, TimeSpan.Zero);
    private readonly X509Certificate2 _certificate;
    private readonly ECDsa _key;
    private readonly byte[]? _appId;
    private readonly string[] _chain;

    private CertificateAuthority(X509Certificate2 certificate, ECDsa key, byte[]? appId, string[] chain) =>
        (_certificate, _key, _appId, _chain) = (certificate, key, appId, chain);

    /// <summary>The authority of an app under the root of a seed.</summary>
    public static CertificateAuthority OfKms(ReadOnlySpan<byte> seed, byte[] appId)
    {
        using ECDsa rootKey = SeededKey.Ecdsa(seed, "kms-root-ca");
        byte[] rootScalar = rootKey.ExportParameters(true).D!;
        ECDsa appKey = KeyOf(KeyDerivation.DeriveKey(rootScalar, 32, appId, "app-ca"u8.ToArray()));
        using X509Certificate2 root = Issue("O=Dstack, CN=Dstack KMS CA", rootKey, null, 1, SeededKey.Bytes(seed, "kms-root-serial", 16));
        X509Certificate2 app = Issue(
            "O=Dstack, CN=Dstack App CA", appKey, (root, rootKey), 0, SeededKey.Bytes(seed, "app-ca-serial", 16), Extension(3, appId), Extension(4, "app:ca"u8));
        return new CertificateAuthority(app, appKey, appId, [Pem(app), Pem(root)]);
    }

    /// <summary>The upstream simulator's authority.</summary>
    public static CertificateAuthority OfUpstreamFixture()
    {
        X509Certificate2 certificate = X509Certificate2.CreateFromPem(UpstreamFixture.CaCertificate);
        return new CertificateAuthority(certificate, KeyOf(UpstreamFixture.CaKey), null, [Pem(certificate)]);
    }

    /// <summary>A leaf for a key and the certificates above it, in PEM. The validity is ten years unless the request says another.</summary>
    public string[] Sign(ECDsa key, LeafRequest leaf, DateTimeOffset now)
    {
        var request = new CertificateRequest(CommonName(leaf.Subject), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        OidCollection usages = [];
        if (leaf.Server)
            usages.Add(new Oid("1.3.6.1.5.5.7.3.1"));
        if (leaf.Client)
            usages.Add(new Oid("1.3.6.1.5.5.7.3.2"));
        if (usages.Count > 0)
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(usages, false));
        AddNames(request, leaf.AltNames);
        if (_appId is not null)
            request.CertificateExtensions.Add(Extension(3, _appId));
        request.CertificateExtensions.Add(Extension(4, "app:custom"u8));
        if (leaf.Attestation is not null)
            request.CertificateExtensions.Add(Extension(8, leaf.Attestation));
        if (leaf.AppInfo is not null)
            request.CertificateExtensions.Add(Extension(9, leaf.AppInfo));
        using X509Certificate2 signed = request.Create(
            _certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(_key), leaf.NotBefore ?? Earliest, leaf.NotAfter ?? now.AddDays(3650), Serial(RandomNumberGenerator.GetBytes(16)));
        return [Pem(signed), .. _chain];
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _certificate.Dispose();
        _key.Dispose();
    }

    // As the agent writes it, an empty name included, which the framework's builder refuses.
    private static X500DistinguishedName CommonName(string subject)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        using (writer.PushSetOf())
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier("2.5.4.3");
            writer.WriteCharacterString(UniversalTagNumber.UTF8String, subject);
        }

        return new X500DistinguishedName(writer.Encode());
    }

    // The content is an OCTET STRING inside the extension's own.
    private static X509Extension Extension(int number, ReadOnlySpan<byte> content)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        writer.WriteOctetString(content);
        return new X509Extension($"{Arc}.{number}", writer.Encode(), false);
    }

    private static void AddNames(CertificateRequest request, IReadOnlyList<string> names)
    {
        if (names.Count == 0)
            return;
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            foreach (string name in names)
                WriteName(writer, name);
        }

        request.CertificateExtensions.Add(new X509Extension("2.5.29.17", writer.Encode(), critical: false));
    }

    // As the agent writes them: any ASCII text is a DNS name, while the framework's builder refuses those that DNS would. Of what
    // .NET reads as an address only the usual spellings are one: "5" is a name.
    private static void WriteName(AsnWriter writer, string name)
    {
        if (IPAddress.TryParse(name, out IPAddress? address) && (name.Contains(':') ? !name.AsSpan().ContainsAny("[]%") : address.ToString() == name))
            writer.WriteOctetString(address.GetAddressBytes(), new Asn1Tag(TagClass.ContextSpecific, 7));
        else if (name.Length > 0 && name.All(char.IsAscii))
            writer.WriteCharacterString(UniversalTagNumber.IA5String, name, new Asn1Tag(TagClass.ContextSpecific, 2));
        else
            throw new AgentException("Failed to sign the CSR: Failed to sign certificate: invalid IA5 string");
    }

    private static X509Certificate2 Issue(
        string name, ECDsa key, (X509Certificate2 Certificate, ECDsa Key)? issuer, int pathLength, byte[] serial, params ReadOnlySpan<X509Extension> extensions)
    {
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, pathLength, true));
        foreach (X509Extension extension in extensions)
            request.CertificateExtensions.Add(extension);
        return request.Create(
            issuer?.Certificate.SubjectName ?? request.SubjectName, SeededSignature.Generator(issuer?.Key ?? key), Earliest, Latest, Serial(serial));
    }

    private static byte[] Serial(byte[] bytes)
    {
        bytes[0] = (byte)((bytes[0] & 0x3F) | 0x40);
        return bytes;
    }

    private static ECDsa KeyOf(byte[] scalar) => ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = scalar });

    private static string Pem(X509Certificate2 certificate) => certificate.ExportCertificatePem() + "\n";
}
