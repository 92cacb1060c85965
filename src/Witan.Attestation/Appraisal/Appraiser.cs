using System.Collections.Immutable;
using System.Security.Cryptography;

namespace Witan.Attestation;

/// <summary>Decides whether facts are good enough. Changes no fact; worsening a fact never improves the result.</summary>
public static class Appraiser
{
    // Bits of TDATTRIBUTES that have a meaning a policy may judge: DEBUG, SEPT_VE_DISABLE, MIGRATABLE, PKS, KL, PERFMON.
    private const ulong KnownTdBits = 1UL | (1UL << 28) | (1UL << 29) | (1UL << 30) | (1UL << 31) | (1UL << 63);
    private const ulong UntrustedTdBits = 0xFF;
    private const ulong SeptVeDisable = 1UL << 28;

    /// <summary>Appraises facts under a policy.</summary>
    public static Verdict Appraise(QuoteFacts facts, AppraisalPolicy policy)
    {
        var findings = new FindingList();
        findings.AddRange(facts.Findings);
        bool genuine = facts.Authenticity == Authenticity.Genuine;
        ConfidenceLevel level = genuine && facts.Tcb is { } tcb
            ? ConfidenceLevels.Compute(policy.Rule, tcb.Status, tcb.AdvisoryIds)
            : new ConfidenceLevel(null, "no level without verified evidence");
        if (facts.IsSimulated && !policy.AcceptSimulated)
            findings.Fail("POLICY_SIMULATED", "trust root", "the evidence is simulated: its root is a development root", FindingActor.Sender, "Run on real hardware, or use a policy that accepts simulated evidence for development.");
        CheckDebug(facts.Quote, findings);
        CheckMeasurements(facts.Quote, policy, findings);
        if (genuine && facts.Tcb is not null)
            CheckTcb(facts, level, policy, findings);
        AppraisalOutcome outcome = findings.HasErrors ? AppraisalOutcome.Rejected
            : findings.All.Any(finding => finding.Severity == FindingSeverity.Undecided) || !genuine ? AppraisalOutcome.Undecided
            : AppraisalOutcome.Accepted;
        // A debug TEE or stale collateral has no level, whatever its patch state.
        int? shown = facts.Quote.IsDebug || facts.IsCollateralStale ? null : level.Level;
        return new Verdict(outcome, shown, level.Rule, policy.Name, facts.IsSimulated, findings.All);
    }

    /// <summary>The verdict where not even facts could be had: a refusal of the parser, or missing collateral.</summary>
    public static Verdict Refuse(Finding refusal, AppraisalPolicy policy) => new(
        refusal.Severity == FindingSeverity.Undecided ? AppraisalOutcome.Undecided : AppraisalOutcome.Rejected,
        null,
        "no level without verified evidence",
        policy.Name,
        false,
        [refusal]);

    private static void CheckDebug(Quote quote, FindingList findings)
    {
        const string Rebuild = "Deploy the production build.";
        if (quote.QeReport.IsDebug)
            findings.Fail("POLICY_QE_DEBUG", "QE report", "the quoting enclave is in debug mode", FindingActor.PlatformOperator);
        if (quote.Tee == TeeType.Sgx)
        {
            if (quote.IsDebug)
                findings.Fail("POLICY_SGX_DEBUG", "ATTRIBUTES", "the enclave is in debug mode: its memory can be read", FindingActor.WorkloadOwner, Rebuild);
            return;
        }

        ulong attributes = quote.TdReport.TdAttributes;
        string evidence = $"TDATTRIBUTES 0x{attributes:x16}";
        if ((attributes & UntrustedTdBits) != 0)
            findings.Fail("POLICY_TD_DEBUG", "TDATTRIBUTES", "the TD is in debug mode or can be profiled: it cannot be trusted", FindingActor.WorkloadOwner, Rebuild, evidence);
        if ((attributes & ~(KnownTdBits | UntrustedTdBits)) != 0)
            findings.Fail("POLICY_TD_ATTRIBUTES", "TDATTRIBUTES", "a reserved attribute of the TD is set", FindingActor.WorkloadOwner, null, evidence);
        if ((attributes & SeptVeDisable) == 0)
            findings.Fail("POLICY_SEPT_VE_DISABLE", "TDATTRIBUTES", "SEPT_VE_DISABLE is not set: the host can inject exceptions into the TD", FindingActor.WorkloadOwner, "Launch the TD with SEPT_VE_DISABLE.", evidence);
    }

    private static void CheckMeasurements(Quote quote, AppraisalPolicy policy, FindingList findings)
    {
        if (quote.Tee == TeeType.Sgx)
        {
            Check("MRENCLAVE", quote.SgxReport.MrEnclave, policy.MrEnclave, findings);
            Check("MRSIGNER", quote.SgxReport.MrSigner, policy.MrSigner, findings);
            if (policy.MrTd.Length > 0 || policy.Rtmr.Any(list => list.Length > 0))
                findings.Fail("POLICY_MEASUREMENT", "MRTD", "the policy names measurements of a TD, the evidence is an enclave's", FindingActor.Sender);
        }
        else
        {
            TdReport td = quote.TdReport;
            Check("MRTD", td.MrTd, policy.MrTd, findings);
            for (int i = 0; i < Math.Min(4, policy.Rtmr.Length); i++)
                Check($"RTMR{i}", td.Rtmr(i), policy.Rtmr[i], findings);
            if (policy.MrEnclave.Length > 0 || policy.MrSigner.Length > 0)
                findings.Fail("POLICY_MEASUREMENT", "MRENCLAVE", "the policy names measurements of an enclave, the evidence is a TD's", FindingActor.Sender);
            if (td.MrServiceTd.IndexOfAnyExcept((byte)0) >= 0 && !policy.ServiceTd.Contains(Convert.ToHexStringLower(td.MrServiceTd), StringComparer.Ordinal))
                findings.Fail("POLICY_SERVICE_TD", "MRSERVICETD", "a service TD is bound that the policy does not list", FindingActor.WorkloadOwner, null, Convert.ToHexStringLower(td.MrServiceTd));
        }

        if (policy.ReportData.IsEmpty)
            findings.Note("POLICY_REPORT_DATA", "REPORTDATA", "the report data was not checked: the policy does not state it");
        else if (!CryptographicOperations.FixedTimeEquals(quote.ReportData, policy.ReportData.Span))
            findings.Fail("POLICY_REPORT_DATA", "REPORTDATA", "the report data is not what was asked for: other keys, an old nonce, or another audience", FindingActor.Sender, "Attest again with the nonce given.", Convert.ToHexStringLower(quote.ReportData));
    }

    private static void Check(string name, ReadOnlySpan<byte> have, ImmutableArray<string> accepted, FindingList findings)
    {
        string value = Convert.ToHexStringLower(have);
        if (accepted.Length > 0 && !accepted.Contains(value, StringComparer.Ordinal))
            findings.Fail("POLICY_MEASUREMENT", name, $"{name} is not one that the policy lists", FindingActor.WorkloadOwner, "Deploy a build that is listed, or list this one after review.", value);
    }

    private static void CheckTcb(QuoteFacts facts, ConfidenceLevel level, AppraisalPolicy policy, FindingList findings)
    {
        TcbFacts tcb = facts.Tcb!;
        if (level.Level is null && tcb.Status is not null)
            findings.Fail("POLICY_TCB_STATUS", "TCB", $"TCB status {tcb.Status}: {level.Rule}", FindingActor.PlatformOperator);
        else if (level.Level > policy.WorstLevel)
            findings.Fail("POLICY_TCB_STATUS", "TCB", $"confidence level {level.Level} is worse than {policy.WorstLevel}, the worst that is accepted", FindingActor.PlatformOperator);
        foreach (string id in tcb.AdvisoryIds.Intersect(policy.RejectedAdvisories, StringComparer.Ordinal))
            findings.Fail("POLICY_ADVISORY", "advisories", $"{id} applies, and the policy never accepts it", FindingActor.PlatformOperator);
        if (tcb.EvaluationDataNumber < policy.MinimumEvaluationDataNumber)
        {
            findings.Add(new Finding("POLICY_EVALUATION_NUMBER", FindingSeverity.Undecided, $"the collateral has evaluation number {tcb.EvaluationDataNumber}; at least {policy.MinimumEvaluationDataNumber} is asked for")
            {
                Subject = "collateral",
                Actor = FindingActor.VerifierOperator,
                Remedy = "Fetch newer collateral.",
            });
        }

        if (tcb.Date < policy.MinimumTcbDate)
            findings.Fail("POLICY_TCB_DATE", "TCB", $"the TCB is of {tcb.Date:yyyy-MM-dd}; at least {policy.MinimumTcbDate:yyyy-MM-dd} is asked for", FindingActor.PlatformOperator);
        if (facts.CollateralAge > policy.MaximumCollateralAge)
        {
            findings.Add(new Finding("POLICY_COLLATERAL_AGE", FindingSeverity.Undecided, $"the collateral is {facts.CollateralAge.Value.TotalDays:0.0} days old; at most {policy.MaximumCollateralAge.Value.TotalDays:0.0} are accepted")
            {
                Subject = "collateral",
                Actor = FindingActor.VerifierOperator,
                Remedy = "Fetch newer collateral.",
            });
        }
    }
}
