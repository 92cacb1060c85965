namespace Witan.Attestation;

/// <summary>
/// What the standard claims cannot carry: level, effective tier, provenance, state of the TCB, the policy by hash, and the collateral
/// by hash. Stands in a token as one map.
/// </summary>
public sealed record AppraisalClaim
{
    /// <summary>Outcome of the appraisal.</summary>
    public required AppraisalOutcome Outcome { get; init; }

    /// <summary>1 (best) to 5, or null.</summary>
    public required int? ConfidenceLevel { get; init; }

    /// <summary>Which reading of the tier table gave it: <c>phala</c>, <c>phala-docs</c>, <c>strict</c>.</summary>
    public required string LevelPolicy { get; init; }

    /// <summary>The level lowered by every cap; null for none.</summary>
    public required int? EffectiveTier { get; init; }

    /// <summary>Codes of the caps.</summary>
    public IReadOnlyList<string> Caps { get; init; } = [];

    /// <summary>What is known about where the platform stands.</summary>
    public required PlatformProvenance Provenance { get; init; }

    /// <summary>Status in Intel's spelling; null where none is known.</summary>
    public string? TcbStatus { get; init; }

    /// <summary>Advisories that apply, sorted.</summary>
    public IReadOnlyList<string> AdvisoryIds { get; init; } = [];

    /// <summary>Date of the TCB; null where not known.</summary>
    public DateTimeOffset? TcbDate { get; init; }

    /// <summary>Evaluation data number; null where not known.</summary>
    public long? EvaluationDataNumber { get; init; }

    /// <summary>What speaks against acceptance or deserves attention: warnings, doubts and errors.</summary>
    public IReadOnlyList<TokenFinding> Findings { get; init; } = [];

    /// <summary>Name of the policy.</summary>
    public required string Policy { get; init; }

    /// <summary>SHA-256 of the policy's canonical form, lower-case hexadecimal (<see cref="AppraisalPolicy.Hash"/>).</summary>
    public required string PolicyHash { get; init; }

    /// <summary>The documents that the verdict rests on.</summary>
    public IReadOnlyList<TokenDocument> Collateral { get; init; } = [];

    /// <summary>Kind of evidence: <c>sgx-quote</c>, <c>tdx-quote</c>, <c>ias-report</c>.</summary>
    public required string EvidenceKind { get; init; }

    /// <summary>What the evidence claims, by the names of <c>witan.verify/1</c>: measurements, report data.</summary>
    public required IReadOnlyDictionary<string, string> Claims { get; init; }

    /// <summary>The moment that the evidence was judged at.</summary>
    public required DateTimeOffset EvaluatedAt { get; init; }

    /// <summary>Null in production; <c>simulated</c> or <c>local</c> otherwise.</summary>
    public string? Mode { get; init; }
}

/// <summary>A finding in short.</summary>
/// <param name="Code">Its code.</param>
/// <param name="Severity">How much it weighs.</param>
/// <param name="Message">One sentence.</param>
public sealed record TokenFinding(string Code, FindingSeverity Severity, string Message);

/// <summary>A document that a verdict rests on.</summary>
/// <param name="Kind">For example <c>tcb-info</c>.</param>
/// <param name="Sha256">Of the exact bytes used, lower-case hexadecimal.</param>
/// <param name="From">When it was issued; null where it does not say.</param>
/// <param name="To">Until when it is valid; null where it does not say.</param>
public sealed record TokenDocument(string Kind, string Sha256, DateTimeOffset? From, DateTimeOffset? To);
