using Witan.Attestation;

namespace Witan.Cli.Commands.Verify;

/// <summary>The state of the platform under another TCB set.</summary>
internal sealed record ForecastJson(
    long EvaluationDataNumber, TcbStatus? Status, IReadOnlyList<string> AdvisoryIds, int? ConfidenceLevel, bool WouldPass, IReadOnlyList<TcbShortfall> Shortfall, IReadOnlyList<FindingJson> Findings)
{
    public static ForecastJson? Of(TcbForecast? forecast) => forecast is null ? null : new(
        forecast.EvaluationDataNumber,
        forecast.Tcb?.Status,
        forecast.Tcb?.AdvisoryIds ?? [],
        forecast.ConfidenceLevel,
        forecast.WouldPass,
        forecast.Tcb?.Shortfall ?? [],
        [.. forecast.Findings.Select(FindingJson.Of)]);
}

/// <summary>What a policy made of the level: caps, provenance, and which rules these were.</summary>
internal sealed record AppraisalJson(string PolicyHash, int? EffectiveTier, IReadOnlyList<TierCap> Caps, Provenance Provenance, string ProvenanceEvidence)
{
    public static AppraisalJson Of(Verdict verdict, AppraisalPolicy policy) =>
        new(policy.Hash(), verdict.EffectiveTier, verdict.Caps, verdict.Provenance.Level, verdict.Provenance.Evidence);
}
