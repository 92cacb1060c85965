namespace Witan.Attestation;

/// <summary>
/// Collateral whose every signature holds up to a trust root. Immutable; keep it and verify many quotes with it. Whether it is
/// fresh is asked anew for each quote, at that quote's moment.
/// </summary>
public sealed class TrustedCollateral
{
    internal TrustedCollateral()
    {
    }

    /// <summary>The root it was verified under.</summary>
    public required TrustRoot Root { get; init; }

    /// <summary>SHA-256 over all members: which collateral this is.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>Intel's statement on the platform family.</summary>
    public required TcbInfo TcbInfo { get; init; }

    /// <summary>Intel's statement on the quoting enclave.</summary>
    public required QeIdentity QeIdentity { get; init; }

    /// <summary>Revoked by the root.</summary>
    public required RevocationList RootCrl { get; init; }

    /// <summary>Revoked by the PCK CA.</summary>
    public required RevocationList PckCrl { get; init; }

    /// <summary>Validity of every document.</summary>
    public required IReadOnlyList<Window> Windows { get; init; }

    /// <summary>A PCK chain given with the collateral, in PEM; it wins over the quote's. Empty where there is none.</summary>
    public required ReadOnlyMemory<byte> PckCertificateChain { get; init; }

    /// <summary>Whether this is a development root's.</summary>
    public bool IsSimulated => Root.IsSimulated;

    /// <summary>The lower of the two evaluation numbers.</summary>
    public long EvaluationDataNumber => Math.Min(TcbInfo.EvaluationDataNumber, QeIdentity.EvaluationDataNumber);

    /// <summary>The first moment at which no document is valid any more.</summary>
    public DateTimeOffset EarliestExpiry => Windows.Min(window => window.To);

}

/// <summary>What the verification of collateral gave.</summary>
/// <param name="Trusted">Null where something is missing or not authentic.</param>
/// <param name="Findings">In the order of the checks.</param>
public sealed record CollateralVerification(TrustedCollateral? Trusted, IReadOnlyList<Finding> Findings);
