namespace Witan.Attestation;

/// <summary>What the checks of a quote's cryptography came to. Not a verdict: appraisal says whether it is good enough.</summary>
public enum Authenticity
{
    /// <summary>Every check held.</summary>
    Genuine,

    /// <summary>A check failed: the evidence is not what it says.</summary>
    NotGenuine,

    /// <summary>Something was missing, so that the checks could not be finished.</summary>
    Undetermined,
}

/// <summary>One evaluation of the TCB: of what the TEE was launched with, or of what is current now.</summary>
/// <param name="Status">Converged status; null where no level matches.</param>
/// <param name="Platform">The platform's level; null where none matches.</param>
/// <param name="Qe">The quoting enclave's level; null where none matches.</param>
/// <param name="Module">The TDX module's level; null where none matches or none is asked for.</param>
/// <param name="Date">Earliest date of the levels; null where no level matches.</param>
/// <param name="AdvisoryIds">Union over the levels, sorted.</param>
public sealed record TcbEvaluation(
    TcbStatus? Status, TcbLevel? Platform, IsvLevel? Qe, IsvLevel? Module, DateTimeOffset? Date, IReadOnlyList<string> AdvisoryIds);

/// <summary>Something that lies below what a better level asks for.</summary>
/// <param name="Component">For example <c>SGX component 0</c>, <c>PCESVN</c>, <c>TDX module ISV SVN</c>.</param>
/// <param name="Have">What the platform has.</param>
/// <param name="Need">What the target level asks for.</param>
/// <param name="Category">Intel's category for it; null where not said.</param>
/// <param name="Type">Intel's type for it; null where not said.</param>
/// <param name="Update">What raises it.</param>
public sealed record TcbShortfall(string Component, int Have, int Need, string? Category, string? Type, string Update);

/// <summary>A platform level between the one that matches and the best one: what it asks for, and what reaching it is worth.</summary>
/// <param name="Status">Intel's status for the level.</param>
/// <param name="Date">Its date.</param>
/// <param name="Needs">What lies below it.</param>
/// <param name="Removes">Advisories of the level before it that it no longer has.</param>
public sealed record TcbStep(TcbStatus Status, DateTimeOffset Date, IReadOnlyList<TcbShortfall> Needs, IReadOnlyList<string> Removes);

/// <summary>What is true of a quote's TCB.</summary>
/// <param name="Status">Intel's result; null where no level matches.</param>
/// <param name="Launch">What the TEE was launched with.</param>
/// <param name="Current">What is current now; the same as launch but for TD reports 1.5.</param>
/// <param name="AdvisoryIds">Union over launch and current, sorted.</param>
/// <param name="Date">Earliest date of the levels used; null where no level matches.</param>
/// <param name="EvaluationDataNumber">The lower of the two evaluation numbers.</param>
/// <param name="Shortfall">What lies below the best level that is better than the result; empty where nothing does.</param>
public sealed record TcbFacts(
    TcbStatus? Status,
    TcbEvaluation Launch,
    TcbEvaluation Current,
    IReadOnlyList<string> AdvisoryIds,
    DateTimeOffset? Date,
    long EvaluationDataNumber,
    IReadOnlyList<TcbShortfall> Shortfall)
{
    /// <summary>Status of the platform's best level, which the shortfall leads to; not always UpToDate. Null where nothing is short of it.</summary>
    public TcbStatus? TargetStatus { get; init; }

    /// <summary>The platform's levels above the one that matches, the nearest first, up to the best one; empty where the platform has that.</summary>
    public IReadOnlyList<TcbStep> Steps { get; init; } = [];
}

/// <summary>What was found to be true about a quote, by checks that know no policy.</summary>
public sealed record QuoteFacts
{
    /// <summary>The quote.</summary>
    public required Quote Quote { get; init; }

    /// <summary>The moment it was judged at.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>What the cryptography came to.</summary>
    public required Authenticity Authenticity { get; init; }

    /// <summary>Whether the root is a development root.</summary>
    public required bool IsSimulated { get; init; }

    /// <summary>Everything found, in the order of the checks: the first error is the primary cause.</summary>
    public required IReadOnlyList<Finding> Findings { get; init; }

    /// <summary>What the PCK certificate says of the platform; null where it could not be read.</summary>
    public PckExtension? Pck { get; init; }

    /// <summary>Issuer of the PCK certificate; null where it could not be read.</summary>
    public string? PckIssuer { get; init; }

    /// <summary>The PCK certificate; null where the chain did not verify.</summary>
    public Certificate? PckCertificate { get; init; }

    /// <summary>The CA that issued it; null where the chain did not verify.</summary>
    public Certificate? PckCaCertificate { get; init; }

    /// <summary>Where the PCK chain came from.</summary>
    public PckChainSource PckChainSource { get; init; }

    /// <summary>The TCB; null unless the quote is genuine.</summary>
    public TcbFacts? Tcb { get; init; }

    /// <summary>The collateral it was judged with: both documents, both revocation lists, the validity of each; null where there was none.</summary>
    public TrustedCollateral? Collateral { get; init; }

    /// <summary>Fingerprint of the collateral; null where there was none.</summary>
    public string? CollateralFingerprint { get; init; }

    /// <summary>Whether a document of the collateral was stale at the moment.</summary>
    public bool IsCollateralStale { get; init; }

    /// <summary>Age of the oldest of TCB info and QE identity at the moment; null where there was no collateral.</summary>
    public TimeSpan? CollateralAge { get; init; }
}
