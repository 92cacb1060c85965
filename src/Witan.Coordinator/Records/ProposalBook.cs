using System.Collections.Concurrent;
using Witan.Coordinator.Stores;
using Witan.Voting;

namespace Witan.Coordinator.Records;

/// <summary>
/// All records of a coordinator. At start those that go on are replayed; those that have ended, of which there are ever more, when somebody
/// asks for one, and else a while later, one after the other. What was replayed has its keeper.
/// </summary>
internal sealed class ProposalBook(KeeperContext context, Digest coordinator, Func<RecordState, ProposalSummary> summary) : IAsyncDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(200);
    private const int PageSize = 4096;

    // Looks at unfinished proposals, at most so many a millisecond.
    private const int NudgesPerMillisecond = 5;

    // What has ended and nobody asked for in so long is given up; whoever asks for it then waits for its replay.
    private static readonly TimeSpan KeepFor = TimeSpan.FromMinutes(10), BetweenClearings = TimeSpan.FromSeconds(30);

    // Of what was asked for lately so many events stay at most, and what was asked for just now stays.
    private const long MostEndedEvents = 50_000;
    private static readonly TimeSpan InUse = TimeSpan.FromSeconds(5);

    // Whoever was cut off by the restart comes back first, and then is not disturbed.
    private static readonly TimeSpan EndedAfter = TimeSpan.FromSeconds(5), EndedPause = TimeSpan.FromMilliseconds(25);
    private readonly ConcurrentDictionary<Digest, ProposalKeeper> _keepers = new();

    // Records that have ended and have no keeper: not replayed yet, or given up.
    private readonly ConcurrentDictionary<Digest, StoredRecord> _ended = new();

    // What is shown of those that were read once, with the time of their creation.
    private readonly ConcurrentDictionary<Digest, (ProposalSummary Summary, DateTimeOffset CreatedAt)> _shown = new();
    // One record that has ended is replayed at a time: strangers ask for them, and each may be as large as a council.
    private readonly Turns _replays = new();
    private long _nudgedAt, _clearedAt;

    /// <summary>The keepers of all records that were replayed, newest proposal first: all that go on are among them.</summary>
    public IEnumerable<ProposalKeeper> All => _keepers.Values.Where(keeper => keeper.IsBegun).OrderByDescending(keeper => keeper.State.Body.CreatedAt);

    /// <summary>How many records are in each state, those included that were not replayed yet.</summary>
    public Dictionary<ProposalState, int> CountByState() =>
        All.Select(keeper => keeper.State.State).Concat(_ended.Values.Select(stored => stored.Ended!.Value)).CountBy(state => state).ToDictionary();

    /// <summary>The sizes of all records as they are known here.</summary>
    public Dictionary<Digest, long> Sizes()
    {
        var sizes = _ended.Values.ToDictionary(stored => stored.Proposal, stored => stored.Size);
        foreach (ProposalKeeper keeper in All)
            sizes[keeper.Id] = keeper.KnownSize;
        return sizes;
    }

    /// <summary>The keeper of a proposal, or null. One that has ended is replayed where that was not done yet. Throws <see cref="StoreException"/>.</summary>
    public async Task<ProposalKeeper?> FindAsync(Digest proposal, CancellationToken cancellationToken) =>
        Find(proposal) ?? (_ended.TryGetValue(proposal, out StoredRecord? stored) ? await ReplayEndedAsync(stored, cancellationToken) : null);

    /// <summary>What is public of the newest proposals, newest first, at most so many. What has ended is read once for it. Throws <see cref="StoreException"/>.</summary>
    public async Task<IReadOnlyList<ProposalSummary>> ListAsync(Func<ProposalKeeper, ProposalSummary> show, int most, CancellationToken cancellationToken)
    {
        foreach (StoredRecord stored in _ended.Values.Where(stored => !_shown.ContainsKey(stored.Proposal)))
        {
            using (await _replays.TakeAsync(cancellationToken))
            {
                if (!_shown.ContainsKey(stored.Proposal))
                    await ReadEndedAsync(stored, cancellationToken);
            }
        }

        ProposalKeeper[] keepers = [.. All];
        await Task.WhenAll(keepers.Where(keeper => keeper.IsBehind).Select(keeper => keeper.CatchUpAsync()));
        var kept = keepers.Select(keeper => keeper.Id).ToHashSet();
        IEnumerable<(ProposalSummary Summary, DateTimeOffset CreatedAt)> ended = _shown.Where(pair => !kept.Contains(pair.Key)).Select(pair => pair.Value);
        return [.. keepers.Select(keeper => (Summary: show(keeper), keeper.State.Body.CreatedAt)).Concat(ended)
            .OrderByDescending(one => one.CreatedAt).Take(most).Select(one => one.Summary)];
    }

    /// <summary>The size of a record that has ended and was not replayed yet; 0 for any other.</summary>
    public long EndedSize(Digest proposal) => _ended.TryGetValue(proposal, out StoredRecord? stored) ? stored.Size : 0;

    /// <summary>The keeper of a proposal that was replayed, or null.</summary>
    public ProposalKeeper? Find(Digest proposal)
    {
        if (!_keepers.TryGetValue(proposal, out ProposalKeeper? keeper) || !keeper.IsBegun)
            return null;
        keeper.Touch();
        return keeper;
    }

    /// <summary>
    /// Replays every record of the store that goes on. One that does not replay is a storage error: nothing is continued on a damaged
    /// disk. <paramref name="found"/> is called for each.
    /// </summary>
    public async Task ReplayAsync(Action<ProposalKeeper> found, CancellationToken cancellationToken)
    {
        foreach (StoredRecord stored in await context.Store.ListAsync(cancellationToken))
        {
            if (stored.Ended is not null)
            {
                _ended[stored.Proposal] = stored;
                continue;
            }

            (List<RecordEvent> events, RecordState state) = await LoadAsync(stored, cancellationToken);
            var keeper = new ProposalKeeper(stored.Proposal, context, events, state);
            _keepers[stored.Proposal] = keeper;
            found(keeper);
            // It ended, and whoever saw to that died before it was noted.
            if (state.IsFinal)
                await context.Store.EndAsync(stored.Proposal, state.State, cancellationToken);
        }
    }

    /// <summary>Opens a proposal, or finds the one that is open already under the same id.</summary>
    public async Task<ProposalKeeper> OpenAsync(ProposalOpened opening)
    {
        Digest id = opening.Body.Id();
        if (await FindAsync(id, CancellationToken.None) is { } known)
            return known;
        // It stays where the store fails: the same proposal may have come twice, and the second time be taken. Nothing is shown of it before it has begun.
        ProposalKeeper keeper = _keepers.GetOrAdd(id, _ => new ProposalKeeper(id, context, [], null));
        await keeper.RunAsync((state, _) => state is null ? Ruling.Append(opening, ProofChecks.All) : Ruling.Nothing);
        return keeper;
    }

    /// <summary>
    /// A record of the store grew, perhaps by another coordinator: its keeper catches up, or begins. <paramref name="found"/> is called
    /// for one that was not known.
    /// </summary>
    public async Task FollowAsync(StoredRecord grown, Action<ProposalKeeper> found, CancellationToken cancellationToken)
    {
        Digest proposal = grown.Proposal;
        if (_keepers.TryGetValue(proposal, out ProposalKeeper? known))
        {
            if (known.IsBegun)
                known.Grew(grown.Size);
            else
                known.Nudge();
            return;
        }

        (List<RecordEvent> events, RecordState state) = await LoadAsync(new StoredRecord(proposal, 1), cancellationToken);
        var keeper = new ProposalKeeper(proposal, context, events, state);
        if (_keepers.TryAdd(proposal, keeper))
            found(keeper);
        else
            await keeper.DisposeAsync();
        _ended.TryRemove(proposal, out _);
    }

    /// <summary>Has in memory what the store has of a record now; nothing where it has none.</summary>
    public async Task CatchUpAsync(Digest proposal, Action<ProposalKeeper> found, CancellationToken cancellationToken)
    {
        if (await FindAsync(proposal, cancellationToken) is { State.IsFinal: true } || !context.IsShared)
            return;
        if (!_keepers.ContainsKey(proposal) && (await context.Store.ReadAsync(proposal, 0, 1, cancellationToken)).Count == 0)
            return;
        await FollowAsync(new StoredRecord(proposal, 1), found, cancellationToken);
        if (Find(proposal) is { } keeper)
            await keeper.RunAsync((_, _) => Ruling.Nothing);
    }

    /// <summary>Lets every unfinished record do what is due, until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        _ = ReplayRestAsync(cancellationToken);
        using var timer = new PeriodicTimer(Tick, context.Clock);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            NudgeAll();
            foreach (ProposalKeeper keeper in _keepers.Values.Where(keeper => keeper.IsBegun))
                keeper.NudgeIfBehind();
            if (context.Clock.GetElapsedTime(_clearedAt) >= BetweenClearings)
                await ClearAsync();
        }
    }

    // There are ever more that have ended: what is kept of most is their size.
    private async Task ClearAsync()
    {
        _clearedAt = context.Clock.GetTimestamp();
        long kept = 0;
        foreach (ProposalKeeper keeper in _keepers.Values.Where(keeper => keeper.IsBegun && keeper.State.IsFinal).OrderBy(keeper => keeper.Idle))
        {
            kept += keeper.State.Size;
            if (keeper.Idle <= InUse || (keeper.Idle <= KeepFor && kept <= MostEndedEvents))
                continue;
            Show(keeper.State);
            _ended[keeper.Id] = new StoredRecord(keeper.Id, keeper.State.Size, keeper.State.State);
            if (_keepers.TryRemove(keeper.Id, out _))
                await keeper.DisposeAsync();
        }
    }

    /// <summary>Something changed that may make events due: an agent came, a record was confirmed.</summary>
    public void Nudge()
    {
        // Each poll of each agent comes here. With many proposals that would be all the work there is; what is left out waits for the next tick.
        long last = Volatile.Read(ref _nudgedAt);
        if (context.Clock.GetElapsedTime(last).TotalMilliseconds * NudgesPerMillisecond >= _keepers.Count && Interlocked.CompareExchange(ref _nudgedAt, context.Clock.GetTimestamp(), last) == last)
            NudgeAll();
    }

    private void NudgeAll()
    {
        foreach (ProposalKeeper keeper in _keepers.Values)
        {
            if (keeper.IsBegun && keeper.IsConfirmed && keeper.State is { IsFinal: false } && IsDue(keeper.State))
                keeper.Nudge();
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        foreach (ProposalKeeper keeper in _keepers.Values)
            await keeper.DisposeAsync();
        _replays.Dispose();
    }

    // Only the keeper's own turn decides; this spares it turns in which nothing can be due.
    private bool IsDue(RecordState state) => state.State switch
    {
        ProposalState.Deliberating => context.Clock.GetUtcNow() >= state.Body.ArgueBy || state.SealedArguments.Count == state.Roster.Count,
        ProposalState.Voting => context.Clock.GetUtcNow() >= state.Body.CloseAt || state.Ballots.Count == state.Roster.Count,
        ProposalState.Settling => false,
        _ => true,
    };

    // Also what nobody asks for is read at some time: a damaged disk must not go unnoticed.
    private async Task ReplayRestAsync(CancellationToken cancellationToken)
    {
        TimeSpan pause = EndedAfter;
        var unread = new Queue<Digest>(_ended.Keys);
        while (unread.Count > 0)
        {
            try
            {
                await Task.Delay(pause, context.Clock, cancellationToken);
                if (_ended.TryGetValue(unread.Peek(), out StoredRecord? stored))
                    await ReadEndedAsync(stored, cancellationToken);
                unread.Dequeue();
                pause = EndedPause;
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (StoreException)
            {
                pause = EndedAfter;
            }
        }
    }

    private async Task<ProposalKeeper> ReplayEndedAsync(StoredRecord stored, CancellationToken cancellationToken)
    {
        using IDisposable turn = await _replays.TakeAsync(cancellationToken);
        if (Find(stored.Proposal) is { } known)
            return known;
        (List<RecordEvent> events, RecordState state) = await ReadEndedAsync(stored, cancellationToken);
        var keeper = new ProposalKeeper(stored.Proposal, context, events, state);
        ProposalKeeper kept = _keepers.GetOrAdd(stored.Proposal, keeper);
        _ended.TryRemove(stored.Proposal, out _);
        if (kept != keeper)
            await keeper.DisposeAsync();
        await ClearAsync();
        return kept;
    }

    private void Show(RecordState state) => _shown[state.ProposalId] = (summary(state), state.Body.CreatedAt);

    private async Task<(List<RecordEvent> Events, RecordState State)> ReadEndedAsync(StoredRecord stored, CancellationToken cancellationToken)
    {
        try
        {
            (List<RecordEvent> events, RecordState state) = await LoadAsync(stored, cancellationToken);
            if (!state.IsFinal)
                throw new DamagedStoreException($"proposal {stored.Proposal.Short()} is said to have ended as {stored.Ended}, and is {state.State}");
            Show(state);
            return (events, state);
        }
        catch (DamagedStoreException e)
        {
            context.Damaged(e.Message);
            throw;
        }
    }

    private async Task<(List<RecordEvent> Events, RecordState State)> LoadAsync(
        StoredRecord stored, CancellationToken cancellationToken)
    {
        var events = new List<RecordEvent>();
        RecordState? state = null;
        while (true)
        {
            IReadOnlyList<RecordEvent> page = await context.Store.ReadAsync(stored.Proposal, events.Count, PageSize, cancellationToken);
            foreach (RecordEvent next in page)
            {
                state = RecordFold.Adopt(state, next, context.Signer, out Refusal? refusal)
                    ?? throw new DamagedStoreException($"event {next.Sequence} of proposal {stored.Proposal.Short()} does not follow: {refusal!.Message}");
                events.Add(next);
            }

            if (page.Count < PageSize)
                break;
        }

        if (state is null || events.Count < stored.Size || (!context.IsShared && events.Count > stored.Size) || state.ProposalId != stored.Proposal)
            throw new DamagedStoreException($"proposal {stored.Proposal.Short()} has {events.Count} events instead of {stored.Size}");
        if (state.Opening.Coordinator != coordinator)
        {
            throw new DamagedStoreException($"proposal {stored.Proposal.Short()} belongs to another coordinator's key: start with the app and state that made it");
        }

        return (events, state);
    }
}
