using System.Collections.Immutable;

namespace Witan.Attestation;

/// <content>Appraisal of attestation results: another verifier's verdict, held against one's own policy.</content>
public static partial class Appraiser
{
    private static readonly string[] MeasurementNames = ["mrTd", "rtmr0", "rtmr1", "rtmr2", "rtmr3", "mrConfigId", "mrOwner", "mrOwnerConfig", "mrSeam", "mrEnclave", "mrSigner", "configId"];

    /// <summary>
    /// Appraises what another verifier signed. Its verdict is never improved: what it rejected is rejected, what it could not decide is
    /// undecided, and its effective tier, platform ids and measurements are held against <paramref name="policy"/>. The level is computed anew
    /// where the issuer used another reading of the tier table. Of several submodules the worst counts.
    /// </summary>
    public static Verdict Appraise(TokenFacts facts, AppraisalPolicy policy)
    {
        var findings = new FindingList();
        findings.AddRange(facts.Findings);
        bool genuine = facts.Authenticity == Authenticity.Genuine;
        if (facts.IsSimulated && !policy.AcceptSimulated)
            findings.Fail("POLICY_SIMULATED", "mode", "the token is about simulated evidence", FindingActor.Sender, "Run on real hardware, or use a policy that accepts simulated evidence for development.");
        var level = new ConfidenceLevel(null, NoLevel);
        int? tier = null;
        PlatformProvenance? provenance = null;
        if (genuine)
        {
            ConfidenceLevel[] levels = [.. facts.Result!.Submodules.Select(submodule => CheckSubmodule(submodule, policy, facts.At, findings))];
            // None is worse than 5.
            level = levels.MaxBy(item => item.Level ?? int.MaxValue)!;
            AppraisalClaim?[] claims = [.. facts.Result.Submodules.Select(submodule => submodule.Appraisal)];
            if (level.Level is { } patched && Array.TrueForAll(claims, claim => claim?.EffectiveTier is not null))
                tier = Math.Max(patched, claims.Max(claim => claim!.EffectiveTier!.Value));
            provenance = Array.TrueForAll(claims, claim => claim is not null) ? claims.Select(claim => ProvenanceOf(claim!, policy)).MinBy(item => item.Level) : null;
            if (tier > policy.WorstLevel || level.Level > policy.WorstLevel)
                TcbChecks.CheckLevel(tier ?? level.Level!.Value, level, IsOnlyAged(level, claims, policy) ? Aged.Token : null, policy, facts.At, findings);
        }

        provenance ??= new PlatformProvenance(Provenance.P0, "the token names no platform");
        // Where an id is missing it is undecided already, and nothing is known against the platform.
        if (genuine && !facts.Result!.Submodules.Any(submodule => IsPlatformUnseen(submodule.Appraisal, policy)))
            PlatformChecks.Demand(provenance, policy, findings);
        return new Verdict(Outcome(findings, genuine), level.Level, level.Rule, policy.Name, facts.IsSimulated, findings.All)
        {
            EffectiveTier = tier,
            Caps = [.. facts.Result?.Submodules.SelectMany(submodule => submodule.Appraisal?.Caps ?? []).Distinct(StringComparer.Ordinal).Select(code => new TierCap(code, tier)) ?? []],
            Provenance = provenance,
        };
    }

    // The issuer's own levels are good enough, and so is the level by this policy: only the age of collateral made the tier worse.
    private static bool IsOnlyAged(ConfidenceLevel level, AppraisalClaim?[] claims, AppraisalPolicy policy) =>
        level.Level <= policy.WorstLevel && Array.TrueForAll(claims, claim => claim?.ConfidenceLevel <= policy.WorstLevel)
        && Array.Exists(claims, claim => claim!.Caps.Contains("COLLATERAL_AGE", StringComparer.Ordinal));

    private static ConfidenceLevel CheckSubmodule(SubmoduleResult submodule, AppraisalPolicy policy, DateTimeOffset at, FindingList findings)
    {
        string where = $"submodule {submodule.Label}";
        if (submodule.Appraisal is not { } claim)
        {
            findings.Undecided("TOKEN_WITHOUT_LEVEL", where, $"{where} has status {TokenWriter.StatusText(submodule.Status)} and no confidence level: its verifier is another product", "Judge the evidence itself, or a token of a verifier that gives levels.");
            return new ConfidenceLevel(null, "the token states no level");
        }

        if (claim.Outcome == AppraisalOutcome.Rejected || submodule.Status == EarStatus.Contraindicated)
        {
            string why = string.Join(", ", claim.Findings.Where(finding => finding.Severity == FindingSeverity.Error).Select(finding => finding.Code));
            findings.Fail("TOKEN_RESULT_REJECTED", where, $"the verifier rejected the evidence{(why.Length == 0 ? "" : $": {why}")}", FindingActor.Sender);
        }
        else if (claim.Outcome == AppraisalOutcome.Undecided || submodule.Status == EarStatus.None)
        {
            findings.Undecided("TOKEN_RESULT_UNDECIDED", where, "the verifier could not decide on the evidence", "Ask it again when what it missed is there.");
        }

        // The certificate of an EPID report ended with the service; such a report is judged at its own time.
        if (claim.Collateral.Any(document => document.Kind != AppraisalClaims.IasCertificate && document.To < at))
            findings.Undecided("TOKEN_COLLATERAL_STALE", where, $"the verdict is of {claim.EvaluatedAt:yyyy-MM-dd HH:mm:ss} UTC, and collateral that it rests on has ended since", "Ask the verifier for a token over current collateral.");
        CheckClaims(claim, where, policy, findings);
        CheckUnseen(claim, where, policy, findings);
        foreach (string id in claim.AdvisoryIds)
            TcbChecks.CheckAdvisory(id, policy, at, findings);
        if (policy.MinimumEvaluationDataNumber is { } number && !(claim.EvaluationDataNumber >= number))
            findings.Undecided("POLICY_EVALUATION_NUMBER", where, $"the evaluation number is {claim.EvaluationDataNumber?.ToString() ?? "not stated"}; at least {number} is asked for", "Ask for a token over newer collateral.");
        if (policy.MinimumTcbDate is { } date && !(claim.TcbDate >= date))
            findings.Fail("POLICY_TCB_DATE", where, $"the TCB is {(claim.TcbDate is { } have ? $"of {have:yyyy-MM-dd}" : "not dated")}; at least {date:yyyy-MM-dd} is asked for", FindingActor.PlatformOperator);
        ConfidenceLevel level = LevelOf(claim, policy);
        if (level.Level is null && claim.Outcome == AppraisalOutcome.Accepted)
            findings.Fail("POLICY_TCB_STATUS", where, $"status {claim.TcbStatus ?? "not stated"}: {level.Rule}", FindingActor.PlatformOperator);
        return level;
    }

    // The issuer knew why it gave no level; a level of its own is kept, or computed anew under another reading.
    private static ConfidenceLevel LevelOf(AppraisalClaim claim, AppraisalPolicy policy)
    {
        if (claim.ConfidenceLevel is null)
            return new ConfidenceLevel(null, "the verifier gave no level");
        // The level of a launch state is the issuer's own decision, and no part of the reading that its name stands for.
        if (policy.RelaunchAdvised == RelaunchRule.None && claim.TcbStatus is (nameof(TcbStatus.RelaunchAdvised) or nameof(TcbStatus.RelaunchAdvisedConfigurationNeeded)))
            return new ConfidenceLevel(null, $"{claim.TcbStatus} has no level under this policy");
        if (claim.LevelPolicy == PolicyFile.NameOf(policy.Rule))
            return new ConfidenceLevel(claim.ConfidenceLevel, $"level of the verifier, by its policy {claim.Policy} ({claim.LevelPolicy})");
        TcbStatus? status = claim.TcbStatus is null ? null
            : ConfidenceLevels.FromEpid(claim.TcbStatus) ?? Enum.GetValues<TcbStatus>().Cast<TcbStatus?>().FirstOrDefault(value => value.ToString() == claim.TcbStatus);
        return ConfidenceLevels.Compute(policy.Rule, status, claim.AdvisoryIds);
    }

    private static void CheckClaims(AppraisalClaim claim, string where, AppraisalPolicy policy, FindingList findings)
    {
        foreach (string name in MeasurementNames)
        {
            ImmutableArray<string> accepted = Accepted(name, policy);
            if (accepted.Length > 0 && !(claim.Claims.TryGetValue(name, out string? value) && accepted.Contains(value, StringComparer.Ordinal)))
                findings.Fail("POLICY_MEASUREMENT", where, $"{name} is not one that the policy lists, or not stated", FindingActor.WorkloadOwner, "Deploy a build that is listed, or list this one after review.", value);
        }

        if (claim.Claims.TryGetValue("mrServiceTd", out string? service))
            MeasurementChecks.ServiceTd(service, where, policy, findings);
        if (policy.IsvProdIds.Length > 0 && !(claim.Claims.TryGetValue("isvProdId", out string? product) && policy.IsvProdIds.Any(id => $"{id}" == product)))
            findings.Fail("POLICY_MEASUREMENT", where, "ISVPRODID is not one that the policy lists, or not stated", FindingActor.WorkloadOwner);
        if (policy.MinimumIsvSvn is { } least && !(claim.Claims.TryGetValue("isvSvn", out string? svn) && int.TryParse(svn, out int have) && have >= least))
            findings.Fail("POLICY_MEASUREMENT", where, $"ISVSVN is lower than {least}, or not stated", FindingActor.WorkloadOwner);
        if (policy.MinimumConfigSvn is { } leastConfig && !(claim.Claims.TryGetValue("configSvn", out string? configSvn) && int.TryParse(configSvn, out int haveConfig) && haveConfig >= leastConfig))
            findings.Fail("POLICY_MEASUREMENT", where, $"CONFIGSVN is lower than {leastConfig}, or not stated", FindingActor.WorkloadOwner);
        if (!policy.ReportData.IsEmpty && !(claim.Claims.TryGetValue("reportData", out string? data) && data == Convert.ToHexStringLower(policy.ReportData.Span)))
            findings.Fail("POLICY_REPORT_DATA", where, "the report data is not what was asked for: other keys, an old nonce, or another audience", FindingActor.Sender, "Attest again with the nonce given.");
    }

    // What a token does not carry can only be judged by its verifier, under the very same policy.
    private static void CheckUnseen(AppraisalClaim claim, string where, AppraisalPolicy policy, FindingList findings)
    {
        bool unseen = policy.RejectedPlatform.Length > 0 || policy.RejectedTdAttributes.Length > 0 || policy.AllowedXfam is not null
            || policy.EqualEvaluationNumbers || policy.CollateralDemoteAge is not null || IsPlatformUnseen(claim, policy);
        if (unseen && claim.PolicyHash != policy.Hash())
            findings.Undecided("TOKEN_POLICY_UNSEEN", where, $"the policy demands what a token does not carry, and the verifier applied another one ({claim.Policy})", "Ask the verifier to apply this policy, or judge the evidence itself.");
    }

    // The issuer's list is its own: what a platform is worth here says the checker's, and never more than the issuer found.
    private static PlatformProvenance ProvenanceOf(AppraisalClaim claim, AppraisalPolicy policy)
    {
        if (claim.PolicyHash == policy.Hash())
            return claim.Provenance;
        (string? ppid, string? instance, string? fmspc) = Platform(claim);
        PlatformProvenance own = PlatformChecks.Provenance(ppid, instance, fmspc, policy);
        return own.Level <= claim.Provenance.Level ? own : claim.Provenance with { Evidence = $"the token's verifier found no more: {claim.Provenance.Evidence}" };
    }

    private static bool IsPlatformUnseen(AppraisalClaim? claim, AppraisalPolicy policy)
    {
        if (claim is null || policy.MinimumProvenance == Provenance.P0 || claim.PolicyHash == policy.Hash())
            return false;
        (string? ppid, string? instance, string? fmspc) = Platform(claim);
        return PlatformChecks.Provenance(ppid, instance, fmspc, policy).Level < policy.MinimumProvenance && PlatformChecks.IsUnseen(ppid, instance, fmspc, policy);
    }

    private static (string? PpidHash, string? Instance, string? Fmspc) Platform(AppraisalClaim claim) =>
        (claim.Claims.GetValueOrDefault("ppidHash"), claim.Claims.GetValueOrDefault("platformInstanceId"), claim.Claims.GetValueOrDefault("fmspc"));

    private static ImmutableArray<string> Accepted(string name, AppraisalPolicy policy) => name switch
    {
        "mrTd" => policy.MrTd,
        "mrConfigId" => policy.MrConfigId,
        "mrOwner" => policy.MrOwner,
        "mrOwnerConfig" => policy.MrOwnerConfig,
        "mrSeam" => policy.MrSeam,
        "mrEnclave" => policy.MrEnclave,
        "mrSigner" => policy.MrSigner,
        "configId" => policy.ConfigId,
        _ => name[^1] - '0' < policy.Rtmr.Length ? policy.Rtmr[name[^1] - '0'] : [],
    };
}
