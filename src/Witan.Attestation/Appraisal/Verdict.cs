using System.Text.Json.Serialization;

namespace Witan.Attestation;

/// <summary>How an appraisal ended.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AppraisalOutcome>))]
public enum AppraisalOutcome
{
    /// <summary>Good enough for the policy.</summary>
    [JsonStringEnumMemberName("accepted")]
    Accepted,

    /// <summary>Not good enough, or not genuine.</summary>
    [JsonStringEnumMemberName("rejected")]
    Rejected,

    /// <summary>Something was missing or stale. Neither good nor bad evidence.</summary>
    [JsonStringEnumMemberName("undecided")]
    Undecided,
}

/// <summary>Whether facts are good enough for a purpose, and why.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="ConfidenceLevel">1 (best) to 5, or null. Given only after the evidence verified.</param>
/// <param name="LevelRule">The rule that decided the level, one sentence.</param>
/// <param name="Policy">Name of the policy.</param>
/// <param name="IsSimulated">Whether the evidence is under a development root.</param>
/// <param name="Findings">The facts' findings, then the policy's.</param>
public sealed record Verdict(
    AppraisalOutcome Outcome,
    int? ConfidenceLevel,
    string LevelRule,
    string Policy,
    bool IsSimulated,
    IReadOnlyList<Finding> Findings)
{
    /// <summary>
    /// The confidence level lowered by every cap that applies; null for none. What a policy's worst level is compared with. Never better
    /// than <see cref="ConfidenceLevel"/>.
    /// </summary>
    public int? EffectiveTier { get; init; }

    /// <summary>Why the effective tier is lower than the level; empty where it is not.</summary>
    public IReadOnlyList<TierCap> Caps { get; init; } = [];

    /// <summary>What is known about where the platform stands; P0 where nothing is.</summary>
    public PlatformProvenance Provenance { get; init; } = new(Attestation.Provenance.P0, "no verified evidence of a platform");

    /// <summary>The first finding that speaks against acceptance; null where it is accepted.</summary>
    public Finding? Cause => Outcome switch
    {
        AppraisalOutcome.Accepted => null,
        AppraisalOutcome.Rejected => Findings.FirstOrDefault(finding => finding.Severity == FindingSeverity.Error),
        _ => Findings.FirstOrDefault(finding => finding.Severity == FindingSeverity.Undecided),
    };
}
