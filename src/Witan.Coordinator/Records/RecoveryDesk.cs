using System.Collections.Concurrent;
using Witan.Voting;

namespace Witan.Coordinator.Records;

/// <summary>
/// Notices a rolled-back disk. Records found at start are held back until enough of their trustees have shown what they saw
/// last; a checkpoint of this coordinator's own key that is not in its records ends the coordinator.
/// </summary>
internal sealed class RecoveryDesk(ProposalBook book, Digest coordinator, Func<Digest, Task> catchUp, Action confirmed, Action<string> rolledBack)
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

    /// <summary>The records that are held back.</summary>
    public ICollection<Digest> Waiting => _shown.Keys;

    /// <summary>Another coordinator, which never stopped, gave its word that a record is as long as it ever was.</summary>
    public void Vouched(ProposalKeeper keeper)
    {
        if (_shown.TryRemove(keeper.Id, out _))
            Confirm(keeper);
    }

    /// <summary>An agent shows the newest checkpoints that it keeps.</summary>
    public async Task ShownAsync(Digest agent, CheckpointPage page)
    {
        foreach (Checkpoint checkpoint in page.Checkpoints)
        {
            // Whether the coordinator signed it matters only where something is missing: nearly all of many hold.
            if (Holds(checkpoint) || !checkpoint.IsSignedBy(coordinator))
                continue;
            // Another coordinator of the store may have signed it a moment ago.
            await catchUp(checkpoint.Proposal);
            if (Holds(checkpoint))
                continue;
            rolledBack($"record {checkpoint.Proposal.Short()} was seen at size {checkpoint.Size} and is at {book.Find(checkpoint.Proposal)?.State.Size ?? 0}: the disk was rolled back or replaced");
            return;
        }

        foreach ((Digest proposal, ConcurrentDictionary<Digest, bool> shown) in _shown)
        {
            if (book.Find(proposal) is not { } keeper || keeper.State.Trustees.All(trustee => trustee.Keys.AgentId != agent))
                continue;
            shown[agent] = true;
            if (shown.Count >= keeper.State.Body.Threshold && _shown.TryRemove(proposal, out _))
                Confirm(keeper);
        }

        book.Nudge();
    }

    // Of a record that has ended and was not replayed yet only the size is compared: it must not cost a restart the replay of all that ever was.
    private bool Holds(Checkpoint checkpoint) => checkpoint.Size >= 1 && (book.Find(checkpoint.Proposal) is { } keeper
        ? keeper.Read(checkpoint.Size - 1, 1) is [{ } last] && last.Hash == checkpoint.Head
        : book.EndedSize(checkpoint.Proposal) >= checkpoint.Size);

    private void Confirm(ProposalKeeper keeper)
    {
        keeper.Confirm();
        confirmed();
    }
}
