namespace Witan.Attestation;

/// <summary>What a policy says of the platform's patch state and of the collateral that describes it.</summary>
internal static class TcbChecks
{
    public static void Check(TcbFacts tcb, ConfidenceLevel level, int? tier, AppraisalPolicy policy, DateTimeOffset at, FindingList findings)
    {
        if (level.Level is null && tcb.Status is not null)
            findings.Fail("POLICY_TCB_STATUS", "TCB", $"TCB status {tcb.Status}: {level.Rule}", FindingActor.PlatformOperator, "Bring the platform to a state that has a level; the TCB findings say how.");
        else if (tier > policy.WorstLevel)
            CheckLevel(tier.Value, level, level.Level <= policy.WorstLevel ? Aged.Collateral : null, policy, at, findings);
        foreach (string id in tcb.AdvisoryIds)
            CheckAdvisory(id, policy, at, findings);
        if (tcb.Date < policy.MinimumTcbDate)
            findings.Fail("POLICY_TCB_DATE", "TCB", $"the TCB is of {tcb.Date:yyyy-MM-dd}; at least {policy.MinimumTcbDate:yyyy-MM-dd} is asked for", FindingActor.PlatformOperator, "Update the platform; the TCB findings say what is short.");
        if (IsEvaluationNumberTooLow(tcb, policy))
            findings.Undecided("POLICY_EVALUATION_NUMBER", "collateral", $"the collateral has evaluation number {tcb.EvaluationDataNumber}; at least {policy.MinimumEvaluationDataNumber} is asked for", "Fetch newer collateral.");
    }

    public static bool IsEvaluationNumberTooLow(TcbFacts tcb, AppraisalPolicy policy) => tcb.EvaluationDataNumber < policy.MinimumEvaluationDataNumber;

    public static void CheckNumbers(TrustedCollateral collateral, AppraisalPolicy policy, FindingList findings)
    {
        long tcb = collateral.TcbInfo.EvaluationDataNumber, qe = collateral.QeIdentity.EvaluationDataNumber;
        if (policy.EqualEvaluationNumbers && tcb != qe)
            findings.Undecided("POLICY_EVALUATION_NUMBER", "collateral", $"TCB info has evaluation number {tcb}, QE identity {qe}; the policy demands equal ones", "Fetch both with one update or one number.");
    }

    /// <summary>Warns of old collateral and says by how many tiers it lowers the result. Never a rejection: that is the vendor's to say.</summary>
    public static bool CheckAge(Aged aged, TimeSpan age, AppraisalPolicy policy, FindingList findings)
    {
        bool demote = age > policy.CollateralDemoteAge;
        if (demote || age > policy.CollateralWarnAge)
        {
            findings.Add(new Finding("POLICY_COLLATERAL_AGE", FindingSeverity.Warning, $"the {aged.Subject} is {Days(age)} old; the policy {(demote ? $"lowers the tier above {Days(policy.CollateralDemoteAge!.Value)}" : $"warns above {Days(policy.CollateralWarnAge!.Value)}")}")
            {
                Subject = aged.Subject,
                Why = "It does not know what was found since.",
                Actor = FindingActor.VerifierOperator,
                Remedy = aged.Remedy,
            });
        }

        return demote;
    }

    /// <summary>
    /// Holds a tier that is too bad against the graces. Where age alone made it so, <paramref name="aged"/> says whose: nothing is known against
    /// the platform then, and its operator cannot make collateral newer.
    /// </summary>
    public static void CheckLevel(int tier, ConfidenceLevel level, Aged? aged, AppraisalPolicy policy, DateTimeOffset at, FindingList findings)
    {
        PolicyGrace? grace = Latest(policy.Graces.Where(grace => grace.Level >= tier));
        string what = tier == level.Level ? $"confidence level {tier}" : $"effective tier {tier}";
        if (grace is not null && at <= grace.Until)
            Graced($"{what} is accepted", grace, findings);
        else if (aged is not null)
            findings.Undecided("POLICY_COLLATERAL_AGE", aged.Subject, $"confidence level {level.Level} is accepted; by the age of the {aged.Subject} it is {what}, and {policy.WorstLevel} is the worst that is accepted{Ended(grace)}", aged.Remedy);
        else
            findings.Fail("POLICY_TCB_STATUS", "TCB", $"{what} is worse than {policy.WorstLevel}, the worst that is accepted{Ended(grace)}", FindingActor.PlatformOperator, "Update the platform; the TCB findings say what is short.");
    }

    public static void CheckAdvisory(string id, AppraisalPolicy policy, DateTimeOffset at, FindingList findings)
    {
        bool rejected = policy.RejectedAdvisories.Contains(id, StringComparer.Ordinal);
        bool unlisted = policy.AcceptedAdvisories is { } accepted && !accepted.Contains(id, StringComparer.Ordinal);
        if (!rejected && !unlisted)
            return;
        PolicyGrace? grace = Latest(policy.Graces.Where(grace => grace.Advisory == id));
        if (grace is not null && at <= grace.Until)
            Graced($"{id} is accepted", grace, findings);
        else
            findings.Fail("POLICY_ADVISORY", id, $"{id} applies, and the policy {(rejected ? "never accepts it" : "does not list it")}{Ended(grace)}", FindingActor.PlatformOperator, "Update the platform so that the advisory no longer applies, or accept it in the policy after review.");
    }

    private static string Days(TimeSpan age) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{age.TotalDays:0.0} days");

    private static PolicyGrace? Latest(IEnumerable<PolicyGrace> graces) => graces.MaxBy(grace => grace.Until);

    private static string Ended(PolicyGrace? grace) => grace is null ? "" : $"; its grace ended at {grace.Until:yyyy-MM-dd'T'HH:mm:ss'Z'}";

    private static void Graced(string what, PolicyGrace grace, FindingList findings) => findings.Add(
        new Finding("POLICY_GRACE", FindingSeverity.Warning, $"{what} by grace until {grace.Until:yyyy-MM-dd'T'HH:mm:ss'Z'}{(grace.Reason is { } reason ? $": {reason}" : "")}")
        {
            Subject = "policy",
            Why = "After that second the same evidence is rejected.",
            Actor = FindingActor.PlatformOperator,
            Remedy = "Update the platform before the grace ends.",
        });
}

/// <summary>What can be too old for a policy, and what gets a newer one.</summary>
internal sealed record Aged(string Subject, string Remedy)
{
    public static Aged Collateral { get; } = new("collateral", "Fetch newer collateral.");

    public static Aged Report { get; } = new("report", "Ask for a DCAP quote: the service that made these reports is gone.");

    public static Aged Token { get; } = new("token's collateral", "Ask the verifier for a token over newer collateral.");
}
