using Witan.Dstack;
using Witan.Voting;

namespace Witan.Agent;

/// <summary>Makes an agent's own evidence with its guest agent; in LOCAL_MODE there is none, and it says so.</summary>
public sealed class Attester(DstackClient? dstack)
{
    /// <summary>Evidence over report data. Throws <see cref="DstackException"/> where the guest agent does not give it.</summary>
    public async Task<AgentEvidence> MakeAsync(ReportData bound, CancellationToken cancellationToken)
    {
        if (dstack is null)
            return AgentEvidence.None;
        GetQuoteResponse quote = await dstack.GetQuoteAsync(bound.ToBytes(), cancellationToken);
        return new AgentEvidence(bound.Instance, quote.Quote, quote.EventLog, quote.VmConfig);
    }
}
