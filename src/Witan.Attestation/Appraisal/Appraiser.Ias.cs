namespace Witan.Attestation;

/// <content>Appraisal of EPID reports: the same policies, levels and codes as for quotes.</content>
public static partial class Appraiser
{
    private static readonly PlatformProvenance NoPlatform = new(Provenance.P0, "a report of the attestation service names no platform");

    /// <summary>
    /// Appraises what was found out about an EPID report. A level is given only where Intel's service made the report; the level
    /// itself looks at status and advisories alone, as the published tiers do, so a debug enclave keeps it (but under the strict
    /// rule) and is rejected all the same.
    /// </summary>
    public static Verdict Appraise(IasFacts facts, AppraisalPolicy policy)
    {
        var findings = new FindingList();
        findings.AddRange(facts.Findings);
        bool genuine = facts.Authenticity == Authenticity.Genuine;
        SgxReport report = facts.Report.QuoteBody.Report;
        ConfidenceLevel level = facts.TcbStatus is { } status
            ? ConfidenceLevels.Compute(policy.Rule, status, facts.Report.AdvisoryIds)
            : new ConfidenceLevel(null, $"{facts.Report.StatusText} has no tier");
        if (policy.Rule == LevelRule.Strict && report.IsDebug)
            level = new ConfidenceLevel(null, "a debug enclave has no tier");
        if (facts.IsSimulated && !policy.AcceptSimulated)
            findings.Fail("POLICY_SIMULATED", "trust root", "the evidence is simulated: its root is a development root", FindingActor.Sender, "Run on real hardware, or use a policy that accepts simulated evidence for development.");
        if (report.IsDebug)
            findings.Fail("POLICY_SGX_DEBUG", "ATTRIBUTES", "the enclave is in debug mode: its memory can be read", FindingActor.WorkloadOwner, "Deploy the production build.");
        bool known = MeasurementChecks.Enclave(report, policy, findings);
        MeasurementChecks.ReportData(report.ReportData, policy, findings);
        var caps = new List<TierCap>();
        int? tier = genuine ? level.Level : null;
        if (genuine)
        {
            if (TcbChecks.CheckAge(Aged.Report, facts.Age, policy, findings) && tier is { } patched)
                caps.Add(new TierCap("COLLATERAL_AGE", tier = Math.Min(5, patched + 1)));
            CheckReport(facts, level, tier, policy, findings);
            PlatformChecks.Configuration(null, policy, findings);
            PlatformChecks.Demand(NoPlatform, policy, findings);
        }

        if (facts.Authenticity == Authenticity.Undetermined)
            findings.LowerErrors();
        AddIf(report.IsDebug, "DEBUG");
        AddIf(facts.IsSimulated, "SIMULATED");
        AddIf(!known, "MEASUREMENT_UNKNOWN");
        string rule = genuine ? level.Rule
            : $"no level without verified evidence; it would be {level.Level?.ToString() ?? "none"} if the report were genuine ({level.Rule})";
        return new Verdict(Outcome(findings, genuine), genuine ? level.Level : null, rule, policy.Name, facts.IsSimulated, findings.All)
        {
            EffectiveTier = caps.Exists(cap => cap.Tier is null) ? null : tier,
            Caps = genuine && level.Level is not null ? caps : [],
            Provenance = genuine ? NoPlatform : Unverified,
        };

        void AddIf(bool applies, string code)
        {
            if (applies)
                caps.Add(new TierCap(code, null));
        }
    }

    private static void CheckReport(IasFacts facts, ConfidenceLevel level, int? tier, AppraisalPolicy policy, FindingList findings)
    {
        IasReport report = facts.Report;
        if (level.Level is null)
            findings.Fail("POLICY_TCB_STATUS", "TCB", $"quote status {report.StatusText}: {level.Rule}", FindingActor.PlatformOperator);
        else if (tier > policy.WorstLevel)
            TcbChecks.CheckLevel(tier.Value, level, level.Level <= policy.WorstLevel ? Aged.Report : null, policy, facts.At, findings);
        foreach (string id in report.AdvisoryIds)
            TcbChecks.CheckAdvisory(id, policy, facts.At, findings);
        if (policy.MinimumEvaluationDataNumber is { } number && !(report.EvaluationDataNumber >= number))
            Doubt("POLICY_EVALUATION_NUMBER", $"the report's evaluation number is {report.EvaluationDataNumber?.ToString() ?? "not stated"}; at least {number} is asked for", findings);
        if (policy.MinimumTcbDate is { } date)
            Doubt("POLICY_TCB_DATE", $"a report of the attestation service states no TCB date; at least {date:yyyy-MM-dd} is asked for", findings);
        if (facts.Age > TimeSpan.FromHours(2))
            findings.Note("IAS_REPORT_AGE", "timestamp", $"the report is {facts.Age.TotalDays:0.0} days old; nothing in it proves that the platform is still as it was");
    }

    private static void Doubt(string code, string message, FindingList findings) => findings.Add(new Finding(code, FindingSeverity.Undecided, message)
    {
        Subject = "attestation verification report",
        Actor = FindingActor.VerifierOperator,
        Remedy = Aged.Report.Remedy,
    });
}
