using System.Collections.Concurrent;
using Witan.Coordinator.Records;
using Witan.Voting;

namespace Witan.Coordinator.Dispatch;

/// <summary>
/// Gives work to workers under a lease. A lease that ends gives the work again to the same worker; that is harmless, because
/// the slot takes one ballot. Leases are operational: they are not part of the record and need not survive a restart.
/// </summary>
internal sealed class TaskBoard(TimeSpan leaseTime, TimeProvider clock)
{
    // The coordinator calls first where it can; a worker that it cannot reach pulls.
    private static readonly TimeSpan HeadStart = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<Digest, Board> _boards = new();

    /// <summary>A record changed its state, or was found at start.</summary>
    public void Follow(ProposalKeeper keeper)
    {
        RecordState state = keeper.State;
        bool open = state.State is ProposalState.Deliberating or ProposalState.Voting;
        foreach (Digest agent in state.Roster.Keys)
        {
            if (open || _boards.ContainsKey(agent))
                Of(agent).Follow(keeper, open, clock.GetUtcNow());
        }
    }

    /// <summary>Workers that have something to do now, or may have soon.</summary>
    public IEnumerable<Digest> Workers => _boards.Where(pair => pair.Value.IsBusy).Select(pair => pair.Key);

    /// <summary>The next task of a worker; null where there is none now.</summary>
    public TaskAssignment? Next(Digest agent, bool pulls) =>
        _boards.TryGetValue(agent, out Board? board) ? board.Next(agent, clock.GetUtcNow(), leaseTime, pulls ? HeadStart : TimeSpan.Zero) : null;

    /// <summary>The next task of a worker; waits for one, at most so long, and not beyond <paramref name="draining"/>.</summary>
    public async Task<TaskAssignment?> NextAsync(Digest agent, bool headStart, TimeSpan wait, CancellationToken draining, CancellationToken cancellationToken)
    {
        long start = clock.GetTimestamp();
        Board board = Of(agent);
        while (true)
        {
            Task change = board.Changed.Next;
            if (Next(agent, headStart) is { } task)
                return task;
            TimeSpan left = wait - clock.GetElapsedTime(start);
            if (left <= TimeSpan.Zero || draining.IsCancellationRequested)
                return null;
            // A lease may end while nothing else happens.
            TimeSpan step = board.IsBusy ? TimeSpan.FromSeconds(1) : left;
            await ChangeSignal.WaitAsync(change, step < left ? step : left, clock, draining, cancellationToken);
        }
    }

    /// <summary>Gives back what an agent holds: it was admitted anew, so whatever it was doing is gone.</summary>
    public void Release(Digest agent)
    {
        if (_boards.TryGetValue(agent, out Board? board))
            board.Release();
    }

    private Board Of(Digest agent) => _boards.GetOrAdd(agent, _ => new Board());

    private sealed class Board
    {
        private readonly Lock _gate = new();
        private readonly Dictionary<Digest, Errand> _errands = [];

        public ChangeSignal Changed { get; } = new();

        public bool IsBusy
        {
            get
            {
                lock (_gate)
                    return _errands.Count > 0;
            }
        }

        public void Follow(ProposalKeeper keeper, bool open, DateTimeOffset now)
        {
            lock (_gate)
            {
                // To vote is another errand than to argue: the lease of the one does not hold up the other.
                if (open)
                    _errands[keeper.Id] = new Errand(keeper, now);
                else
                    _errands.Remove(keeper.Id);
            }

            if (open)
                Changed.Raise();
        }

        public TaskAssignment? Next(Digest agent, DateTimeOffset now, TimeSpan leaseTime, TimeSpan headStart)
        {
            lock (_gate)
            {
                foreach (Errand errand in _errands.Values)
                {
                    RecordState state = errand.Keeper.State;
                    if (!errand.Keeper.IsConfirmed || now < errand.Until || (errand.Attempt == 0 && now < errand.Since + headStart) || !HasWork(state, agent))
                    {
                        continue;
                    }

                    errand.Attempt++;
                    errand.Until = now + leaseTime;
                    return new TaskAssignment(state.ProposalId, errand.Attempt, errand.Until);
                }
            }

            return null;
        }

        public void Release()
        {
            lock (_gate)
            {
                foreach (Errand errand in _errands.Values)
                    errand.Until = DateTimeOffset.MinValue;
            }

            Changed.Raise();
        }

        private static bool HasWork(RecordState state, Digest agent) => state.State switch
        {
            ProposalState.Deliberating => !state.SealedArguments.ContainsKey(agent),
            ProposalState.Voting => !state.Ballots.ContainsKey(Roster.Nullifier(state.ProposalId, state.Configuration, agent)),
            _ => false,
        };

        private sealed class Errand(ProposalKeeper keeper, DateTimeOffset since)
        {
            public ProposalKeeper Keeper => keeper;

            public DateTimeOffset Since => since;

            public int Attempt { get; set; }

            public DateTimeOffset Until { get; set; } = DateTimeOffset.MinValue;
        }
    }
}
