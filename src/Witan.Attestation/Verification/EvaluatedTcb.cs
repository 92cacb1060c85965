namespace Witan.Attestation;

/// <summary>The state of a TCB and the findings that say it. Follows from the collateral and the SVNs alone.</summary>
internal sealed record EvaluatedTcb(TcbFacts Facts, IReadOnlyList<Finding> Findings)
{
    public static EvaluatedTcb Of(Quote quote, PckExtension pck, TrustedCollateral collateral)
    {
        var findings = new FindingList();
        TcbFacts facts = TcbEvaluator.Evaluate(quote, pck, collateral);
        TcbFindings.Add(facts, findings);
        return new EvaluatedTcb(facts, findings.All);
    }
}
