using System.Collections.Concurrent;
using Witan.Coordinator.Stores;
using Witan.Voting;

namespace Witan.Coordinator.Records;

/// <summary>All records of a coordinator. At start every one is replayed; afterwards each has its keeper.</summary>
internal sealed class ProposalBook(KeeperContext context) : IAsyncDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(200);
    private const int PageSize = 4096;
    private readonly ConcurrentDictionary<Digest, ProposalKeeper> _keepers = new();

    /// <summary>All keepers, newest proposal first.</summary>
    public IEnumerable<ProposalKeeper> All => _keepers.Values.Where(keeper => keeper.IsBegun).OrderByDescending(keeper => keeper.State.Body.CreatedAt);

    /// <summary>The keeper of a proposal, or null.</summary>
    public ProposalKeeper? Find(Digest proposal) =>
        _keepers.TryGetValue(proposal, out ProposalKeeper? keeper) && keeper.IsBegun ? keeper : null;

    /// <summary>
    /// Replays every record of the store. A record that does not replay is a storage error: nothing is continued on a damaged
    /// disk. <paramref name="found"/> is called for each.
    /// </summary>
    public async Task ReplayAsync(Digest coordinator, Action<ProposalKeeper> found, CancellationToken cancellationToken)
    {
        foreach (StoredRecord stored in await context.Store.ListAsync(cancellationToken))
        {
            (List<RecordEvent> events, RecordState state) = await LoadAsync(stored, coordinator, cancellationToken);
            var keeper = new ProposalKeeper(stored.Proposal, context, events, state);
            _keepers[stored.Proposal] = keeper;
            found(keeper);
        }
    }

    /// <summary>Opens a proposal, or finds the one that is open already under the same id.</summary>
    public async Task<ProposalKeeper> OpenAsync(ProposalOpened opening)
    {
        Digest id = opening.Body.Id();
        bool isNew = false;
        ProposalKeeper keeper = _keepers.GetOrAdd(id, _ =>
        {
            isNew = true;
            return new ProposalKeeper(id, context, [], null);
        });
        try
        {
            await keeper.RunAsync((state, _) => state is null ? Ruling.Append(opening, ProofChecks.All) : Ruling.Nothing);
            return keeper;
        }
        catch (StoreException) when (isNew)
        {
            _keepers.TryRemove(id, out _);
            throw;
        }
    }

    /// <summary>Lets every unfinished record do what is due, until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Tick, context.Clock);
        while (await timer.WaitForNextTickAsync(cancellationToken))
            Nudge();
    }

    /// <summary>Something changed that may make events due: an agent came, a record was confirmed.</summary>
    public void Nudge()
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
    }

    // Only the keeper's own turn decides; this spares it turns in which nothing can be due.
    private bool IsDue(RecordState state) => state.State switch
    {
        ProposalState.Voting => context.Clock.GetUtcNow() >= state.Body.CloseAt || state.Ballots.Count == state.Roster.Count,
        ProposalState.Settling => false,
        _ => true,
    };

    private async Task<(List<RecordEvent> Events, RecordState State)> LoadAsync(
        StoredRecord stored, Digest coordinator, CancellationToken cancellationToken)
    {
        var events = new List<RecordEvent>();
        RecordState? state = null;
        while (true)
        {
            IReadOnlyList<RecordEvent> page = await context.Store.ReadAsync(stored.Proposal, events.Count, PageSize, cancellationToken);
            foreach (RecordEvent next in page)
            {
                state = RecordFold.Apply(state, next, ProofChecks.None, out Refusal? refusal)
                    ?? throw new StoreException($"event {next.Sequence} of proposal {stored.Proposal.Short()} does not follow: {refusal!.Message}");
                events.Add(next);
            }

            if (page.Count < PageSize)
                break;
        }

        if (state is null || events.Count != stored.Size || state.ProposalId != stored.Proposal)
            throw new StoreException($"proposal {stored.Proposal.Short()} has {events.Count} events instead of {stored.Size}");
        if (state.Opening.Coordinator != coordinator)
        {
            throw new StoreException($"proposal {stored.Proposal.Short()} belongs to another coordinator's key: start with the app and state that made it");
        }

        return (events, state);
    }
}
