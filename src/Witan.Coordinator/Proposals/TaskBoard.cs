using System.Collections.Concurrent;
using Witan.Voting;

namespace Witan.Coordinator.Proposals;

/// <summary>
/// Gives work to workers under a lease. A lease that ends gives the work again to the same worker; that is harmless, because the slot
/// takes one ballot. Leases are operational: they are not part of the record and need not survive a restart.
/// </summary>
internal sealed class TaskBoard(ProposalBook book, CoordinatorOptions options, TimeProvider clock)
{
    private readonly ConcurrentDictionary<(Digest Proposal, Digest Agent), TaskAssignment> _leases = new();

    /// <summary>The next task of a worker; null where there is none now.</summary>
    public TaskAssignment? Next(Digest agent)
    {
        DateTimeOffset now = clock.GetUtcNow();
        foreach (RecordState state in book.States)
        {
            if (state.State != ProposalState.Voting || !state.Roster.ContainsKey(agent))
                continue;
            if (state.Ballots.ContainsKey(Roster.Nullifier(state.ProposalId, state.Configuration, agent)))
                continue;
            (Digest, Digest) key = (state.ProposalId, agent);
            int attempt = 1;
            if (_leases.TryGetValue(key, out TaskAssignment? lease))
            {
                if (lease.LeaseEnds > now)
                    continue;
                attempt = lease.Attempt + 1;
            }

            return _leases[key] = new TaskAssignment(state.ProposalId, attempt, now + options.Lease);
        }

        return null;
    }

    /// <summary>Gives back what an agent holds: it was admitted anew, so whatever it was doing is gone.</summary>
    public void Release(Digest agent)
    {
        foreach ((Digest Proposal, Digest Agent) key in _leases.Keys.Where(key => key.Agent == agent))
            _leases.TryRemove(key, out _);
    }
}
