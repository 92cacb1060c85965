namespace Witan.Attestation;

/// <summary>
/// Decides whether facts are good enough. Changes no fact; worsening a fact never improves the result. Of evidence whose authenticity is
/// undetermined nothing is believed, neither good nor bad: what the policy would refuse is a warning, and the verdict is undecided.
/// </summary>
public static partial class Appraiser
{
    private const string NoLevel = "no level without verified evidence";

    private static readonly PlatformProvenance Unverified = new(Provenance.P0, "no verified evidence of a platform");

    /// <summary>Appraises facts under a policy.</summary>
    public static Verdict Appraise(QuoteFacts facts, AppraisalPolicy policy)
    {
        var findings = new FindingList();
        findings.AddRange(facts.Findings);
        bool genuine = facts.Authenticity == Authenticity.Genuine;
        if (facts.IsSimulated && !policy.AcceptSimulated)
            findings.Fail("POLICY_SIMULATED", "trust root", "the evidence is simulated: its root is a development root", FindingActor.Sender, "Run on real hardware, or use a policy that accepts simulated evidence for development.");
        MeasurementChecks.Mode(facts.Quote, policy, findings);
        bool known = MeasurementChecks.Measurements(facts.Quote, policy, findings);
        MeasurementChecks.ReportData(facts.Quote.ReportData, policy, findings);

        var level = new ConfidenceLevel(null, NoLevel);
        var caps = new List<TierCap>();
        int? tier = null;
        if (genuine && facts.Tcb is { } tcb)
        {
            level = LevelOf(tcb, policy);
            tier = level.Level;
            if (facts.CollateralAge is { } age && TcbChecks.CheckAge(Aged.Collateral, age, policy, findings) && tier is { } patched)
                caps.Add(new TierCap("COLLATERAL_AGE", tier = Math.Min(5, patched + 1)));
            TcbChecks.Check(tcb, level, tier, policy, facts.At, findings);
        }

        if (facts.Collateral is { } collateral)
            TcbChecks.CheckNumbers(collateral, policy, findings);
        PlatformProvenance provenance = Unverified;
        if (genuine && facts.Pck is { } pck)
        {
            PlatformChecks.Configuration(pck, policy, findings);
            provenance = PlatformChecks.Provenance(pck, policy);
            PlatformChecks.Demand(provenance, policy, findings);
        }

        if (facts.Authenticity == Authenticity.Undetermined)
            findings.LowerErrors();
        bool exposed = TdAttributes.IsExposed(facts.Quote);
        AddIf(exposed, "DEBUG");
        AddIf(facts.IsSimulated, "SIMULATED");
        AddIf(!known, "MEASUREMENT_UNKNOWN");
        AddIf(facts.IsCollateralStale, "COLLATERAL_STALE");
        bool outdated = policy.Rule == LevelRule.Strict && facts.Tcb is { } judged && TcbChecks.IsEvaluationNumberTooLow(judged, policy);
        AddIf(outdated, "EVALUATION_NUMBER");
        // A debug TEE, a TD that can be profiled, or stale collateral has no level, whatever its patch state.
        int? shown = exposed || facts.IsCollateralStale || outdated ? null : level.Level;
        return new Verdict(Outcome(findings, genuine), shown, level.Rule, policy.Name, facts.IsSimulated, findings.All)
        {
            EffectiveTier = caps.Any(cap => cap.Tier is null) ? null : tier,
            Caps = level.Level is null ? [] : caps,
            Provenance = provenance,
        };

        void AddIf(bool applies, string code)
        {
            if (applies)
                caps.Add(new TierCap(code, null));
        }
    }

    /// <summary>
    /// The verdict where there is no collateral that can be trusted: undecided, whatever is wrong with it. The verifier's operator gave it,
    /// so it speaks against no evidence. The codes of <paramref name="problems"/> stay.
    /// </summary>
    public static Verdict WithoutCollateral(IReadOnlyList<Finding> problems, AppraisalPolicy policy) => new(
        AppraisalOutcome.Undecided,
        null,
        NoLevel,
        policy.Name,
        false,
        [.. problems.Select(problem => problem.Severity == FindingSeverity.Error ? problem with { Severity = FindingSeverity.Undecided } : problem)]);

    /// <summary>The verdict where not even facts could be had: a refusal of the parser.</summary>
    public static Verdict Refuse(Finding refusal, AppraisalPolicy policy) => new(
        refusal.Severity == FindingSeverity.Undecided ? AppraisalOutcome.Undecided : AppraisalOutcome.Rejected,
        null,
        NoLevel,
        policy.Name,
        false,
        [refusal]);

    internal static ConfidenceLevel LevelOf(TcbFacts tcb, AppraisalPolicy policy)
    {
        bool relaunch = tcb.Status is TcbStatus.RelaunchAdvised or TcbStatus.RelaunchAdvisedConfigurationNeeded;
        return relaunch && policy.RelaunchAdvised == RelaunchRule.AsLaunched
            ? ConfidenceLevels.Compute(policy.Rule, tcb.Launch.Status, tcb.AdvisoryIds)
            : ConfidenceLevels.Compute(policy.Rule, tcb.Status, tcb.AdvisoryIds);
    }

    private static AppraisalOutcome Outcome(FindingList findings, bool genuine) => findings.HasErrors ? AppraisalOutcome.Rejected
        : !genuine || findings.All.Any(finding => finding.Severity == FindingSeverity.Undecided) ? AppraisalOutcome.Undecided
        : AppraisalOutcome.Accepted;
}
