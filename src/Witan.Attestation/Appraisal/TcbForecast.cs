namespace Witan.Attestation;

/// <summary>
/// What another TCB set makes of a quote that was verified under the standard one. Intel publishes the next set early, and promotes it later
/// without any change on the platform's side.
/// </summary>
/// <param name="EvaluationDataNumber">Number of the other set.</param>
/// <param name="Tcb">The state of the platform under it; null where the set does not describe this platform.</param>
/// <param name="ConfidenceLevel">The level under it; null for none.</param>
/// <param name="Findings">What a verdict under it would say that today's does not, errors for what would be refused.</param>
public sealed record TcbForecast(long EvaluationDataNumber, TcbFacts? Tcb, int? ConfidenceLevel, IReadOnlyList<Finding> Findings)
{
    /// <summary>Whether the policy would accept the platform's state under this set.</summary>
    public bool WouldPass => Tcb is not null && !Findings.Any(finding => finding.Severity == FindingSeverity.Error);
}

/// <summary>Evaluates verified facts under another TCB set. The signatures of the quote were checked before, and are not again.</summary>
public static class Forecaster
{
    /// <summary>
    /// What the set in <paramref name="early"/> makes of the facts under a policy; null where the quote is not genuine, as there is
    /// nothing to foretell.
    /// </summary>
    public static TcbForecast? Foresee(QuoteFacts facts, TrustedCollateral early, AppraisalPolicy policy)
    {
        if (facts.Authenticity != Authenticity.Genuine || facts.Pck is not { } pck)
            return null;
        var findings = new FindingList();
        if (!Describes(early, facts.Tcb?.EvaluationDataNumber, facts.Quote, pck, findings))
            return new TcbForecast(early.EvaluationDataNumber, null, null, findings.All);
        TcbFacts tcb = TcbEvaluator.Evaluate(facts.Quote, pck, early);
        TcbFindings.Add(tcb, findings);
        ConfidenceLevel level = Appraiser.LevelOf(tcb, policy);
        TcbChecks.Check(tcb, level, level.Level, policy, facts.At, findings);
        return new TcbForecast(early.EvaluationDataNumber, tcb, level.Level, findings.All);
    }

    /// <summary>
    /// The warning that belongs into today's verdict where today's set passes and the other does not; null otherwise. Today's verdict
    /// alone decides.
    /// </summary>
    public static Finding? Warn(Verdict today, TcbForecast forecast)
    {
        if (today.Outcome != AppraisalOutcome.Accepted || forecast.WouldPass || forecast.Tcb is null)
            return null;
        TcbFacts tcb = forecast.Tcb;
        string state = tcb.Status?.ToString() ?? "without any level";
        string shortfall = string.Join("; ", tcb.Shortfall.Select(item => $"{item.Component} has {item.Have}, needs {item.Need}"));
        return new Finding("POLICY_TCB_WILL_EXPIRE", FindingSeverity.Warning, $"at the next TCB recovery (evaluation number {forecast.EvaluationDataNumber}) this platform becomes {state}, and the policy will reject it")
        {
            Subject = "TCB",
            Why = FindingCatalog.Find("POLICY_TCB_WILL_EXPIRE")?.Meaning,
            Actor = FindingActor.PlatformOperator,
            Remedy = $"Before the promotion: {TcbFindings.Remedy(tcb) ?? "Update the platform."}",
            Evidence = shortfall.Length > 0 ? shortfall : forecast.Findings.FirstOrDefault(finding => finding.Severity == FindingSeverity.Error)?.Message,
        };
    }

    private static bool Describes(TrustedCollateral early, long? today, Quote quote, PckExtension pck, FindingList findings)
    {
        TcbInfo info = early.TcbInfo;
        bool good = true;
        // An older set says what was, not what comes.
        if (today is { } number && early.EvaluationDataNumber < number)
            good = findings.Fail("POLICY_EVALUATION_NUMBER", "early TCB info", $"the early set has evaluation number {early.EvaluationDataNumber}, today's has {number}", FindingActor.VerifierOperator, "Fetch the early set.");
        if (info.Tee != quote.Tee)
            good = findings.Fail("TCB_INFO_TEE_MISMATCH", "early TCB info", $"the TCB info is for {info.Tee}, the quote is {quote.Tee}", FindingActor.VerifierOperator);
        if (!info.Fmspc.Span.SequenceEqual(pck.Fmspc.Span))
            good = findings.Fail("TCB_INFO_FMSPC_MISMATCH", "early TCB info", "the TCB info is for another platform family", FindingActor.VerifierOperator);
        if (!info.PceId.Span.SequenceEqual(pck.PceId.Span))
            good = findings.Fail("TCB_INFO_PCEID_MISMATCH", "early TCB info", "the TCB info is for another PCE", FindingActor.VerifierOperator);
        QeIdentity identity = early.QeIdentity;
        if (identity.Id != (quote.Tee == TeeType.Sgx ? "QE" : "TD_QE") || !quote.QeReport.MrSigner.SequenceEqual(identity.MrSigner.Span) || quote.QeReport.IsvProdId != identity.IsvProdId)
            good = findings.Fail("QE_IDENTITY_TEE_MISMATCH", "early QE identity", $"the identity {identity.Id} is of another quoting enclave", FindingActor.VerifierOperator);
        return good;
    }
}
