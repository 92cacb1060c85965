using System.Collections.Concurrent;
using Witan.Voting;

namespace Witan.Coordinator.Records;

/// <summary>
/// Notices a rolled-back disk. Records found at start are held back until enough of their trustees have shown what they saw
/// last; a checkpoint of this coordinator's own key that is not in its records ends the coordinator.
/// </summary>
internal sealed class RecoveryDesk(ProposalBook book, Digest coordinator, Action<string> rolledBack)
{
    private readonly ConcurrentDictionary<Digest, ConcurrentDictionary<Digest, bool>> _shown = new();

    /// <summary>A record found at start. Before trustees are enrolled nobody could hold anything against it.</summary>
    public void Found(ProposalKeeper keeper)
    {
        if (keeper.State.IsFinal || keeper.State.Trustees.Count == 0)
            return;
        _shown[keeper.Id] = new ConcurrentDictionary<Digest, bool>();
        keeper.AwaitConfirmation();
    }

    /// <summary>An agent shows the newest checkpoints that it keeps.</summary>
    public void Shown(Digest agent, CheckpointPage page)
    {
        foreach (Checkpoint checkpoint in page.Checkpoints.Where(seen => seen.IsSignedBy(coordinator)))
        {
            ProposalKeeper? keeper = book.Find(checkpoint.Proposal);
            bool holds = keeper is not null && checkpoint.Size >= 1
                && keeper.Read(checkpoint.Size - 1, 1) is [{ } last] && last.Hash == checkpoint.Head;
            if (holds)
                continue;
            rolledBack($"record {checkpoint.Proposal.Short()} was seen at size {checkpoint.Size} and is at {keeper?.State.Size ?? 0}: the disk was rolled back or replaced");
            return;
        }

        foreach ((Digest proposal, ConcurrentDictionary<Digest, bool> shown) in _shown)
        {
            if (book.Find(proposal) is not { } keeper || keeper.State.Trustees.All(trustee => trustee.Keys.AgentId != agent))
                continue;
            shown[agent] = true;
            if (shown.Count >= keeper.State.Body.Threshold && _shown.TryRemove(proposal, out _))
                keeper.Confirm();
        }

        book.Nudge();
    }
}
