using System.Threading.Channels;
using Witan.Coordinator.Stores;
using Witan.Voting;

namespace Witan.Coordinator.Records;

/// <summary>
/// Keeps one record. All changes go through one queue: what has gathered is decided on the newest state, appended in one
/// write, and acknowledged only after the store has it. A failed write leaves the durable state; the next attempt begins there.
/// </summary>
internal sealed class ProposalKeeper : IAsyncDisposable
{
    private const int MaximumBatch = 512;
    private const int MaximumRetries = 64;
    private static readonly TimeSpan LeaseTime = TimeSpan.FromSeconds(2);

    // How long others' appends make it worth waiting for a turn.
    private static readonly TimeSpan Crowded = TimeSpan.FromSeconds(2);

    // Ballots that another coordinator takes are read here when there are no more for a while, when somebody asks, or after so long: before the
    // lease of a task ends, whose worker may have voted.
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(300), LongestBehind = TimeSpan.FromSeconds(20);
    private readonly Channel<Intent> _queue = Channel.CreateUnbounded<Intent>(new UnboundedChannelOptions { SingleReader = true });
    private readonly KeeperContext _context;
    private readonly List<RecordEvent> _events = [];
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;
    private RecordState? _state;
    private Lease? _lease;
    private (RecordState State, Checkpoint Checkpoint)? _checkpoint;
    private long? _othersAppendedAt;

    // The size in the store as it was heard last, when that was, and since when it has been more than is known here.
    private long _heard, _heardAt, _behindSince;
    private long _touchedAt;

    // 1 while a nudge waits in the queue: one is enough.
    private int _nudged;

    /// <summary>Begins to keep a record. <paramref name="events"/> and <paramref name="state"/> are what the store holds.</summary>
    public ProposalKeeper(Digest id, KeeperContext context, IReadOnlyList<RecordEvent> events, RecordState? state)
    {
        (Id, _context, _state) = (id, context, state);
        _events.AddRange(events);
        Ballots = new BallotGate(this, context);
        Touch();
        _loop = Task.Run(RunAsync);
    }

    /// <summary>The proposal's id.</summary>
    public Digest Id { get; }

    /// <summary>The durable state. Throws before the first event.</summary>
    public RecordState State => Volatile.Read(ref _state) ?? throw new InvalidOperationException("the record has no event yet");

    /// <summary>Whether the first event is durable.</summary>
    public bool IsBegun => Volatile.Read(ref _state) is not null;

    /// <summary>How long the record is as far as is known: in the store there may be more than has been read here.</summary>
    public long KnownSize => Math.Max(State.Size, Volatile.Read(ref _heard));

    /// <summary>Whether there is known to be more.</summary>
    public bool IsBehind => KnownSize > State.Size;

    /// <summary>Where ballots come in.</summary>
    public BallotGate Ballots { get; }

    /// <summary>The signed checkpoint of the durable state: one signature for all who are told of it.</summary>
    public Checkpoint Checkpoint
    {
        get
        {
            RecordState state = State;
            lock (_gate)
            {
                if (_checkpoint is not var (known, checkpoint) || !ReferenceEquals(known, state))
                    _checkpoint = (state, checkpoint = Voting.Checkpoint.Of(state, _context.Signer));
                return checkpoint;
            }
        }
    }

    /// <summary>Raised with every durable change.</summary>
    public ChangeSignal Changed { get; } = new();

    /// <summary>
    /// Whether the record may be continued: a record found at start waits until its trustees have shown that none of them saw a
    /// longer one.
    /// </summary>
    public bool IsConfirmed { get; private set; } = true;

    /// <summary>Holds the record back until <see cref="Confirm"/>.</summary>
    public void AwaitConfirmation() => IsConfirmed = false;

    /// <summary>The record is not older than what its trustees saw.</summary>
    public void Confirm() => IsConfirmed = true;

    /// <summary>The durable events from a sequence number on, at most so many.</summary>
    public IReadOnlyList<RecordEvent> Read(long from, int limit)
    {
        lock (_gate)
        {
            return from >= _events.Count ? [] : _events.GetRange((int)from, (int)Math.Min(limit, _events.Count - from));
        }
    }

    /// <summary>Queues a change and waits for its durable end. Throws <see cref="StoreException"/>.</summary>
    public Task<Entry> RunAsync(Func<RecordState?, DateTimeOffset, Ruling> decide)
    {
        var intent = new Intent(decide);
        return _queue.Writer.TryWrite(intent) ? intent.Done.Task : Task.FromException<Entry>(new OperationCanceledException());
    }

    /// <summary>Lets the record do what is due, or catch up with what others appended. Does not wait.</summary>
    public void Nudge()
    {
        if (Interlocked.Exchange(ref _nudged, 1) == 0)
            _queue.Writer.TryWrite(Intent.Nudge());
    }

    /// <summary>Somebody asks for the record.</summary>
    public void Touch() => Volatile.Write(ref _touchedAt, _context.Clock.GetTimestamp());

    /// <summary>How long nobody has asked for it.</summary>
    public TimeSpan Idle => _context.Clock.GetElapsedTime(Volatile.Read(ref _touchedAt));

    /// <summary>Another coordinator appended, so that the record has at least this size. It is read now or, where those are ballots, later.</summary>
    public void Grew(long size)
    {
        lock (_gate)
        {
            if (size <= KnownSize)
                return;
            _heardAt = _context.Clock.GetTimestamp();
            if (_heard <= State.Size)
                _behindSince = _heardAt;
            Volatile.Write(ref _heard, size);
        }

        // With so many more every ballot may be in, and the close with them.
        RecordState state = State;
        if (state.State != ProposalState.Voting || state.Ballots.Count + size - state.Size >= state.Roster.Count)
            Nudge();
    }

    /// <summary>Reads what others appended where that was put off for long enough.</summary>
    public void NudgeIfBehind()
    {
        lock (_gate)
        {
            if (!IsBehind || (_context.Clock.GetElapsedTime(_heardAt) < Rest && _context.Clock.GetElapsedTime(_behindSince) < LongestBehind))
                return;
        }

        Nudge();
    }

    /// <summary>
    /// Reads what others may have appended, before somebody is answered: while ballots come in, what was heard of; in every other state, in which few events
    /// decide what an agent does next, what is there. Where the store cannot be asked the answer is what is known here, a beginning of the
    /// record; <see cref="StoreException"/> where that has not the size that the caller has seen elsewhere.
    /// </summary>
    public async Task CatchUpAsync(long atLeast = 0)
    {
        if (!_context.IsShared)
            return;
        RecordState known = State;
        bool hears = known.State == ProposalState.Voting && Now() < known.Body.CloseAt;
        if (known.Size >= atLeast && (known.IsFinal || (hears && !IsBehind)))
            return;
        var intent = Intent.Nudge();
        if (!_queue.Writer.TryWrite(intent))
            return;
        try
        {
            await intent.Done.Task;
        }
        catch (Exception e) when (e is not StoreException || State.Size >= atLeast)
        {
            // Whoever writes is told; a fault of others that were in the same turn is theirs.
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _stop.CancelAsync();
        await _loop;
        await ReleaseAsync();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var batch = new List<Intent>();
        while (await _queue.Reader.WaitToReadAsync())
        {
            batch.Clear();
            Gather(batch);
            try
            {
                // Before anything is read: what is heard of later may not be in it.
                long heard = Volatile.Read(ref _heard);
                await using IRecordTurn? turn = await TurnAsync(batch);
                Gather(batch);
                await ProcessAsync(batch, turn, heard);
            }
            catch (Exception e) when (e is StoreException or OperationCanceledException)
            {
                _context.Log($"proposal {Id.Short()}: nothing was acknowledged: {e.Message}");
                foreach (Intent intent in batch)
                    intent.Done.TrySetException(e);
            }
            catch (Exception e)
            {
                // A fault of the program ends the callers, not the keeper: the durable state still stands.
                _context.Log($"proposal {Id.Short()}: internal fault: {e}");
                foreach (Intent intent in batch)
                    intent.Done.TrySetException(e);
            }
        }
    }

    private void Gather(List<Intent> batch)
    {
        // Before the queue is read: a nudge that comes now is either among what is read or waits there.
        Volatile.Write(ref _nudged, 0);
        while (batch.Count < MaximumBatch && _queue.Reader.TryRead(out Intent? intent))
            batch.Add(intent);
    }

    // Where others append too, whoever loses the race has hashed and signed for nothing: they take turns, and more gathers meanwhile.
    private async Task<IRecordTurn?> TurnAsync(List<Intent> batch)
    {
        bool crowded = _othersAppendedAt is { } at && _context.Clock.GetElapsedTime(at) < Crowded;
        return crowded && batch.Exists(intent => !intent.IsNudge) ? await _context.Store.TakeTurnAsync(Id, LastKnown, _stop.Token) : null;
    }

    private async Task ProcessAsync(List<Intent> batch, IRecordTurn? first, long heard)
    {
        for (int attempt = 0; attempt < MaximumRetries; attempt++)
        {
            IRecordTurn? held = attempt == 0 ? first : null;
            await AdoptNewsAsync(held?.News, heard);
            // Trustees may be enrolled in the turn that opens the record.
            if (_state is null or { State: ProposalState.Draft })
                await _context.RequireFresh(_stop.Token);
            DateTimeOffset now = Now();
            var turn = new RecordTurn(_state, _context.Signer, now);
            Ruling[] rulings = new Ruling[batch.Count];
            var appended = new RecordEvent?[batch.Count];
            for (int i = 0; i < batch.Count; i++)
                (rulings[i], appended[i]) = turn.Run(batch[i]);
            bool due = IsConfirmed && turn.RunDue(_context, problem => _context.Log($"proposal {Id.Short()}: an event that is due was refused: {problem}"));
            long? token = due ? await LeaseAsync() : null;
            if (due && token is null)
            {
                // Another coordinator looks after what is due here; ballots may still be taken.
                turn = new RecordTurn(_state, _context.Signer, now);
                for (int i = 0; i < batch.Count; i++)
                    (rulings[i], appended[i]) = turn.Run(batch[i]);
            }

            AppendOutcome outcome = turn.Fresh.Count == 0
                ? AppendOutcome.Appended
                : held is null
                    ? await _context.Store.AppendAsync(Id, _events.Count, turn.Fresh, token, _stop.Token)
                    : await held.AppendAsync(_events.Count, turn.Fresh, token, _stop.Token);
            if (outcome == AppendOutcome.Appended)
            {
                bool ends = turn.Fresh.Count > 0 && turn.State is { IsFinal: true };
                Publish(turn);
                for (int i = 0; i < batch.Count; i++)
                    Complete(batch[i], appended[i], rulings[i].Refusal);
                if (ends)
                    await NoteEndAsync();
                return;
            }

            _lease = null;
            _othersAppendedAt = _context.Clock.GetTimestamp();
        }

        throw new StoreException($"record {Id.Short()}: others append faster than this coordinator");
    }

    // What is not noted is only read once more at the next start.
    private async Task NoteEndAsync()
    {
        try
        {
            await _context.Store.EndAsync(Id, State.State, _stop.Token);
        }
        catch (Exception e) when (e is StoreException or OperationCanceledException)
        {
            _context.Log($"proposal {Id.Short()}: its end could not be noted: {e.Message}");
        }
    }

    private void Complete(Intent intent, RecordEvent? appended, Refusal? refusal)
    {
        if (_state is { } state)
            intent.Done.TrySetResult(new Entry(state, appended, refusal));
        else
            intent.Done.TrySetException(new InvalidOperationException(refusal?.Message ?? "the record has no event yet"));
    }

    private void Publish(RecordTurn turn)
    {
        if (turn.Fresh.Count == 0)
            return;
        RecordState? before = _state;
        lock (_gate)
            _events.AddRange(turn.Fresh);
        Volatile.Write(ref _state, turn.State);
        _context.Appended(this, before, turn.Fresh);
        Changed.Raise();
    }

    // Asked for again with what may be new: where it is gone or another, the store went back.
    private long LastKnown => Math.Max(0, _events.Count - 1);

    // With one coordinator there is never anything; with several, others append too. What was heard of before the news were read is in them, or the
    // store went back.
    private async Task AdoptNewsAsync(IReadOnlyList<RecordEvent>? read, long heard)
    {
        if (!_context.IsShared)
            return;
        int known = Math.Min(_events.Count, 1);
        IReadOnlyList<RecordEvent> news = read ?? await _context.Store.ReadAsync(Id, LastKnown, int.MaxValue, _stop.Token);
        if (_events.Count - known + news.Count < heard || (known == 1 && (news.Count == 0 || news[0].Hash != _events[^1].Hash)))
        {
            string damage = $"record {Id.Short()} was at size {Math.Max(_events.Count, heard)} and is not any more: the store was rolled back or replaced";
            _context.Damaged(damage);
            throw new StoreException(damage);
        }

        if (news.Count == known)
            return;
        _othersAppendedAt = _context.Clock.GetTimestamp();
        var turn = new RecordTurn(_state, _context.Signer, Now());
        turn.Adopt(news.Skip(known), Id);
        Publish(turn);
    }

    private async Task<long?> LeaseAsync()
    {
        if (_lease is null || _lease.ExpiresAt - _context.Clock.GetUtcNow() < LeaseTime / 2)
            _lease = await _context.Store.TryLeaseAsync(IRecordStore.LeaseName(Id), _context.Holder, LeaseTime, _stop.Token);
        return _lease?.Token;
    }

    // Another coordinator need not wait for the end of a lease that nobody uses any more.
    private async Task ReleaseAsync()
    {
        if (_lease is not { } lease || !_context.IsShared)
            return;
        try
        {
            await _context.Store.ReleaseAsync(lease, CancellationToken.None);
        }
        catch (StoreException)
        {
            // It ends by itself.
        }
    }

    // The clock may step back; a record never does.
    private DateTimeOffset Now()
    {
        DateTimeOffset now = _context.Clock.GetUtcNow();
        return _state is { } state && now < state.LastAt ? state.LastAt : now;
    }
}
