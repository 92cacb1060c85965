using Witan.Attestation;
using Witan.Voting;

namespace Witan.Agent;

/// <summary>
/// Judges the evidence that trustees put into a record. What is encrypted to their key is only as secret as the machines that hold its shares.
/// </summary>
public static class TrusteeEvidence
{
    /// <summary>The first of <paramref name="trustees"/> whose evidence is not accepted, how it was judged, and one sentence on why; null where all are accepted.</summary>
    public static (AppraisalOutcome Outcome, string Message)? FirstNotAccepted(EvidenceJudge judge, RecordState state, IEnumerable<int> trustees)
    {
        foreach (int index in trustees)
        {
            if (!state.Evidence.TryGetValue(index, out AgentEvidence? evidence))
                return (AppraisalOutcome.Rejected, $"trustee {index} has shown no evidence");
            ReportData expected = ReportData.ForKeyGeneration(state, state.Trustees[index - 1], evidence.Instance);
            Witan.Attestation.Verdict verdict = judge.Judge(evidence, expected).Verdict;
            if (verdict.Outcome != AppraisalOutcome.Accepted)
                return (verdict.Outcome, $"the evidence of trustee {index} is {verdict.Outcome.ToString().ToLowerInvariant()}: {verdict.Cause?.Message}");
        }

        return null;
    }
}
