using System.Collections.Concurrent;
using Witan.Agent;
using Witan.Coordinator.Admission;
using Witan.Coordinator.Stores;
using Witan.Voting;

namespace Witan.Coordinator.Proposals;

/// <summary>
/// All proposals of this coordinator: their records as they are in the store, and the states that follow. One writer a proposal;
/// proposals do not wait for each other.
/// </summary>
internal sealed class ProposalBook(IRecordStore store, AgentSecrets secrets, AdmissionDesk desk, CoordinatorOptions options, ExecutionMode mode, TimeProvider clock)
{
    private readonly ConcurrentDictionary<Digest, OpenRecord> _records = new();

    /// <summary>Called after each event.</summary>
    public Action<RecordState>? OnAppended { get; set; }

    public IReadOnlyList<RecordState> States => [.. _records.Values.Select(record => record.State).OrderBy(state => state.Body.CreatedAt)];

    /// <summary>Replays every record in the store. A record that does not replay stops the start: it is never served.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        foreach (Digest id in await store.ListAsync(cancellationToken))
        {
            RecordState? state = null;
            foreach (RecordEvent next in await store.ReadAsync(id, 0, cancellationToken))
            {
                state = RecordFold.Apply(state, next, ProofChecks.None, out Refusal? refusal)
                    ?? throw new StoreException($"event {next.Sequence} of proposal {id.Short()} does not follow from the record: {refusal!.Message}");
            }

            _records[id] = new OpenRecord(state!);
        }
    }

    public RecordState? Find(Digest id) => _records.TryGetValue(id, out OpenRecord? record) ? record.State : null;

    public Task<IReadOnlyList<RecordEvent>> EventsAsync(Digest id, long from, CancellationToken cancellationToken) => store.ReadAsync(id, from, cancellationToken);

    /// <summary>Opens a proposal. The same proposal again is a no-op.</summary>
    public async Task<(RecordState? State, Refusal? Refusal)> OpenAsync(ProposalBody body, CancellationToken cancellationToken)
    {
        Digest id = body.Id();
        if (Find(id) is { } known)
            return (known, null);
        var opening = new ProposalOpened(body, mode, options.Target, options.Policy, desk.Policy, secrets.Keys.Signing);
        RecordEvent first = RecordEvent.Next(0, Digest.Zero, clock.GetUtcNow(), opening, secrets.SigningSeed);
        RecordState? state = RecordFold.Apply(null, first, ProofChecks.All, out Refusal? refusal);
        if (state is null)
            return (null, refusal);
        if (await store.AppendAsync(id, first, cancellationToken))
            _records[id] = new OpenRecord(state);
        OnAppended?.Invoke(state);
        return (Find(id), null);
    }

    /// <summary>
    /// Checks and appends one event: checked first, durable second, visible third. Gives the event and the state after it, or the
    /// refusal.
    /// </summary>
    public async Task<(RecordEvent? Event, RecordState? State, Refusal? Refusal)> AppendAsync(
        Digest id, Func<RecordState, RecordPayload?> decide, CancellationToken cancellationToken)
    {
        if (!_records.TryGetValue(id, out OpenRecord? record))
            return (null, null, new Refusal(RefusalCode.WrongContext, "there is no such proposal"));
        await record.Gate.WaitAsync(cancellationToken);
        try
        {
            if (decide(record.State) is not { } payload)
                return (null, record.State, null);
            DateTimeOffset now = clock.GetUtcNow();
            // A clock that stepped back must not produce a record that nobody accepts.
            RecordEvent next = RecordEvent.Next(
                record.State.Size, record.State.Head, now < record.State.LastAt ? record.State.LastAt : now, payload, secrets.SigningSeed);
            RecordState? state = RecordFold.Apply(record.State, next, ProofChecks.All, out Refusal? refusal);
            if (state is null)
                return (null, record.State, refusal);
            if (!await store.AppendAsync(id, next, CancellationToken.None))
                throw new StoreException($"somebody else appended to proposal {id.Short()}");
            record.State = state;
            OnAppended?.Invoke(state);
            return (next, state, null);
        }
        finally
        {
            record.Gate.Release();
        }
    }

    /// <summary>Appends whatever is due without anybody's message, for all proposals.</summary>
    public async Task DriveAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<RosterEntry> workers = [.. desk.Admitted(AgentRole.Worker).Select(agent => agent.Entry)];
        IReadOnlyList<Trustee> trustees = [.. desk.Admitted(AgentRole.Trustee)
            .Select((agent, i) => new Trustee(i + 1, agent.Entry.Keys, agent.Entry.ConfidenceLevel, agent.Entry.Evidence))];
        foreach ((Digest id, OpenRecord record) in _records)
        {
            while (!record.State.IsFinal)
            {
                (RecordEvent? next, _, Refusal? refusal) = await AppendAsync(id, state => Due(state, workers, trustees), cancellationToken);
                if (refusal is not null)
                    throw new InvalidOperationException($"proposal {id.Short()}: {refusal.Message}");
                if (next is null)
                    break;
            }
        }
    }

    private RecordPayload? Due(RecordState state, IReadOnlyList<RosterEntry> workers, IReadOnlyList<Trustee> trustees)
    {
        if (state.State == ProposalState.Settling)
            return options.Target == "local-record" ? new Settled("local-record") : null;
        return Lifecycle.Next(state, workers, trustees, clock.GetUtcNow());
    }

    private sealed class OpenRecord(RecordState state)
    {
        private volatile RecordState _state = state;

        public SemaphoreSlim Gate { get; } = new(1, 1);

        public RecordState State
        {
            get => _state;
            set => _state = value;
        }
    }
}
