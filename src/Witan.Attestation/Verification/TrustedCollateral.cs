using System.Security.Cryptography;

namespace Witan.Attestation;

/// <summary>
/// Collateral whose every signature holds up to a trust root. Immutable; keep it and verify many quotes with it. Whether it is
/// fresh is asked anew for each quote, at that quote's moment.
/// </summary>
public sealed class TrustedCollateral
{
    internal TrustedCollateral(byte[] identity, SigningChain pckCa) => (Identity, PckCa) = (identity, pckCa);

    /// <summary>The root it was verified under.</summary>
    public required TrustRoot Root { get; init; }

    /// <summary>SHA-256 over all members: which collateral this is.</summary>
    public string Fingerprint => field ??= Convert.ToHexStringLower(Identity);

    /// <summary>The bytes of <see cref="Fingerprint"/>.</summary>
    internal byte[] Identity { get; }

    /// <summary>The PCK CA that issued <see cref="PckCrl"/>, with its root: a quote's chain holds the same one, as a rule.</summary>
    internal SigningChain PckCa { get; }

    /// <summary>The documents themselves.</summary>
    public required Collateral Source { get; init; }

    /// <summary>Intel's statement on the platform family.</summary>
    public required TcbInfo TcbInfo { get; init; }

    /// <summary>Intel's statement on the quoting enclave.</summary>
    public required QeIdentity QeIdentity { get; init; }

    /// <summary>Revoked by the root.</summary>
    public required RevocationList RootCrl { get; init; }

    /// <summary>Revoked by the PCK CA.</summary>
    public required RevocationList PckCrl { get; init; }

    /// <summary>Validity of every document.</summary>
    public required IReadOnlyList<Window> Windows
    {
        get;
        init
        {
            field = value;
            (LatestStart, EarliestExpiry) = (value.Max(window => window.From), value.Min(window => window.To));
        }
    }

    /// <summary>A PCK chain given with the collateral, in PEM; it wins over the quote's. Empty where there is none.</summary>
    public required ReadOnlyMemory<byte> PckCertificateChain { get; init; }

    /// <summary>What verification noted and nothing hangs on; part of the findings on every quote judged with it.</summary>
    internal IReadOnlyList<Finding> Notes { get; init; } = [];

    /// <summary>Whether this is a development root's.</summary>
    public bool IsSimulated => Root.IsSimulated;

    /// <summary>The lower of the two evaluation numbers.</summary>
    public long EvaluationDataNumber => Math.Min(TcbInfo.EvaluationDataNumber, QeIdentity.EvaluationDataNumber);

    /// <summary>The last moment at which every document is valid.</summary>
    public DateTimeOffset EarliestExpiry { get; private init; }

    /// <summary>The first moment at which every document is valid.</summary>
    public DateTimeOffset LatestStart { get; private init; }

    /// <summary>The earliest issue date of the lists, TCB info and QE identity.</summary>
    public DateTimeOffset EarliestIssueDate => IssueDates.Min();

    /// <summary>The latest issue date of the lists, TCB info and QE identity.</summary>
    public DateTimeOffset LatestIssueDate => IssueDates.Max();

    /// <summary>The root certificate that the chains end in.</summary>
    public Certificate RootCertificate => PckCa.Root;

    /// <summary>The PCK CA that the collateral is for.</summary>
    public Certificate PckCaCertificate => PckCa.Leaf;

    /// <summary>SHA-384 over the root's key as an uncompressed point of 65 bytes: which root, whatever its issue.</summary>
    public byte[] RootKeyHash() => SHA384.HashData([4, .. RootCertificate.PublicKey.Span]);

    private DateTimeOffset[] IssueDates => [RootCrl.ThisUpdate, PckCrl.ThisUpdate, TcbInfo.IssueDate, QeIdentity.IssueDate];

    /// <summary>Whether every document is valid at a moment.</summary>
    public bool IsFreshAt(DateTimeOffset at) => at >= LatestStart && at <= EarliestExpiry;
}

/// <summary>What the verification of collateral gave.</summary>
/// <param name="Trusted">Null where something is missing or not authentic.</param>
/// <param name="Findings">In the order of the checks.</param>
public sealed record CollateralVerification(TrustedCollateral? Trusted, IReadOnlyList<Finding> Findings);
