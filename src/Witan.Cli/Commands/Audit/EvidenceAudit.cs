using Witan.Agent;
using Witan.Attestation;
using Witan.Voting;

namespace Witan.Cli.Commands.Audit;

/// <summary>What an audit says of the evidence of the trustees in the key.</summary>
/// <param name="State"><c>none</c> in LOCAL_MODE and where there is no key, <c>not judged</c>, <c>accepted</c>, <c>rejected</c> or <c>undecided</c>.</param>
/// <param name="Problem">Why it is rejected or undecided, one sentence; null elsewhere.</param>
internal sealed record EvidenceAudit(string State, string? Problem)
{
    /// <summary>Judges it; <paramref name="judge"/> is null where there is nothing to judge it with.</summary>
    public static EvidenceAudit Of(RecordState? state, EvidenceJudge? judge)
    {
        if (state is null || state.Mode == ExecutionMode.Local || state.Qualified.Count == 0)
            return new EvidenceAudit("none", null);
        if (judge is null)
            return new EvidenceAudit("not judged", null);
        return TrusteeEvidence.FirstNotAccepted(judge, state, state.Qualified) is var (outcome, message)
            ? new EvidenceAudit(outcome == AppraisalOutcome.Undecided ? "undecided" : "rejected", message)
            : new EvidenceAudit("accepted", null);
    }
}
