using System.Security.Cryptography;
using Witan.Agent;
using Witan.Coordinator.Admission;
using Witan.Coordinator.Api;
using Witan.Coordinator.Dispatch;
using Witan.Coordinator.Records;
using Witan.Coordinator.Settlement;
using Witan.Coordinator.Stores;
using Witan.Dstack;
using Witan.Voting;

namespace Witan.Coordinator;

/// <summary>What a coordinator is made of.</summary>
internal sealed record CoordinatorParts(
    AgentSecrets Secrets, DstackClient? Dstack, EvidenceJudge? Judge, ExecutionMode Mode, CouncilPolicy Policy, IRecordStore Store, bool IsShared,
    ISettlementTarget Target, IReadOnlyList<string> Requesters, TimeSpan Lease, Action<string> Log, TimeProvider Clock);

/// <summary>A coordinator without its HTTP: admission, records, dispatch, settlement, and how they hang together.</summary>
internal sealed class CoordinatorCore : IAsyncDisposable
{
    private readonly SemaphoreSlim _proofs = new(Environment.ProcessorCount);
    private readonly CancellationTokenSource _stop = new();
    private readonly CoordinatorParts _parts;
    private readonly KeeperContext _context;
    private readonly Settler _settler;

    public CoordinatorCore(CoordinatorParts parts)
    {
        _parts = parts;
        var nonces = new NonceIssuer(parts.Secrets.SigningSeed, parts.Secrets.Keys.Signing, parts.Clock);
        Desk = new AdmissionDesk(parts.Store, parts.Secrets, parts.Mode, parts.Judge, parts.Policy, nonces, parts.Clock);
        Authentication = new RequestAuthentication(Desk, parts.Clock);
        Requesters = new Requesters(parts.Requesters, parts.Mode, parts.Clock);
        Tasks = new TaskBoard(parts.Lease, parts.Clock);
        _settler = new Settler(parts.Target, parts.Log);
        _context = new KeeperContext
        {
            Store = parts.Store,
            SigningSeed = [.. parts.Secrets.SigningSeed],
            Clock = parts.Clock,
            Log = parts.Log,
            // The embedded store is locked to one process, so its next process is the same holder.
            Node = parts.IsShared ? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)) : "embedded",
            IsShared = parts.IsShared,
            Admitted = Admitted,
            Trustees = Trustees,
            Appended = Appended,
        };
        Book = new ProposalBook(_context);
        TrusteeBoard = new TrusteeBoard(Book, parts.Clock);
        Recovery = new RecoveryDesk(Book, parts.Secrets.Keys.Signing, Stop);
    }

    public AgentSecrets Secrets => _parts.Secrets;

    public DstackClient? Dstack => _parts.Dstack;

    public CouncilPolicy Policy => _parts.Policy;

    public IRecordStore Store => _parts.Store;

    public TimeProvider Clock => _parts.Clock;

    public ExecutionMode Mode => _parts.Mode;

    public string Mark => Mode.Mark() ?? "";

    public Action<string> Log => _parts.Log;

    public AdmissionDesk Desk { get; }

    public RequestAuthentication Authentication { get; }

    public Requesters Requesters { get; }

    public TaskBoard Tasks { get; }

    public TrusteeBoard TrusteeBoard { get; }

    public ProposalBook Book { get; }

    public RecoveryDesk Recovery { get; }

    /// <summary>Why the coordinator must not go on; null while it may.</summary>
    public string? Damage { get; private set; }

    /// <summary>Cancelled where it must not go on.</summary>
    public CancellationToken Stopped => _stop.Token;

    /// <summary>Replays everything that the store holds.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await Desk.LoadAsync(cancellationToken);
        await Book.ReplayAsync(Secrets.Keys.Signing, Recovery.Found, cancellationToken);
        foreach (ProposalKeeper keeper in Book.All)
            Follow(keeper);
    }

    /// <summary>Opens a proposal, or finds the one that is open under the same id.</summary>
    public Task<ProposalKeeper> OpenAsync(ProposalBody body) =>
        Book.OpenAsync(new ProposalOpened(body, Mode, _parts.Target.Name, Policy.Name, Policy.Hash(), Secrets.Keys.Signing));

    /// <summary>Refuses to go on with a record whose trustees have not yet shown what they saw last.</summary>
    public static void RequireConfirmed(ProposalKeeper keeper)
    {
        if (!keeper.IsConfirmed)
            throw new RequestRefusedException(Problems.Recovering);
    }

    /// <summary>Takes a ballot: proofs are checked beside the queue, on at most as many threads as there are cores.</summary>
    public async Task<CastAnswer> CastAsync(ProposalKeeper keeper, Ballot ballot, CancellationToken cancellationToken)
    {
        RequireConfirmed(keeper);
        bool attested = Desk.Find(ballot.Agent) is not null;
        BallotVerdict verdict;
        await _proofs.WaitAsync(cancellationToken);
        try
        {
            verdict = await Task.Run(() => BallotIntake.Judge(keeper.State, ballot, Clock.GetUtcNow(), attested), cancellationToken);
        }
        finally
        {
            _proofs.Release();
        }

        if (verdict is BallotVerdict.Append or BallotVerdict.Refuse { Evidence: not null })
        {
            Entry entry = await keeper.RunAsync((state, now) => Rule(state!, ballot, verdict, now, attested));
            // On the durable state: a race with the same ballot ends in its receipt, as it should.
            verdict = entry.Refusal is { } refusal
                ? new BallotVerdict.Refuse(refusal, null)
                : new BallotVerdict.Repeat(entry.State.Positions[ballot.Nullifier]);
        }

        RecordState state = keeper.State;
        Checkpoint checkpoint = Checkpoint.Of(state, Secrets.SigningSeed);
        return verdict switch
        {
            BallotVerdict.Repeat repeat => new CastAnswer(Receipt.For(keeper.Id, repeat.Position, ballot, Secrets.SigningSeed), null, "", checkpoint),
            BallotVerdict.Refuse refuse => new CastAnswer(
                null, SignedRefusal.Of(state, ballot, refuse.Refusal.Code, Clock.GetUtcNow(), Secrets.SigningSeed), refuse.Refusal.Message, checkpoint),
            _ => throw new InvalidOperationException("a ballot was neither taken nor refused"),
        };
    }

    /// <summary>What is public of a proposal.</summary>
    public ProposalSummary Summary(ProposalKeeper keeper)
    {
        RecordState state = keeper.State;
        return new ProposalSummary(
            state.ProposalId, state.Body.Title, state.State, state.Size, state.Roster.Count, state.Ballots.Count, state.Partials.Count, state.Outcome?.Decision,
            state.Body.CloseAt, Waiting(keeper), Mark);
    }

    /// <summary>What is public of an agent.</summary>
    public AgentSummary Summary(Enrolment agent) => new(
        agent.Entry.Keys.AgentId, agent.Entry.Keys.Did(), agent.Role, agent.Name, agent.Entry.ConfidenceLevel, agent.ExpiresAt,
        Desk.Presence.IsHere(agent.Entry.Keys.AgentId), agent.IsRevoked);

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Book.DisposeAsync();
        CryptographicOperations.ZeroMemory(_context.SigningSeed);
        _proofs.Dispose();
        _stop.Dispose();
    }

    // The proofs hold already; only where the record went on since is the whole ballot judged again.
    private static Ruling Rule(RecordState state, Ballot ballot, BallotVerdict judged, DateTimeOffset now, bool attested)
    {
        bool same = judged is BallotVerdict.Append && state.State == ProposalState.Voting && now < state.Body.CloseAt
            && !state.Ballots.ContainsKey(ballot.Nullifier);
        if (same)
            return Ruling.Append(new BallotCast(ballot), ProofChecks.None);
        return BallotIntake.Judge(state, ballot, now, attested) switch
        {
            BallotVerdict.Append append => Ruling.Append(append.Event, ProofChecks.None),
            BallotVerdict.Refuse refuse => new Ruling(refuse.Evidence, ProofChecks.All, refuse.Refusal),
            _ => Ruling.Nothing,
        };
    }

    private string Waiting(ProposalKeeper keeper)
    {
        RecordState state = keeper.State;
        if (state.IsFinal)
            return "";
        if (!keeper.IsConfirmed)
            return $"for {state.Body.Threshold} trustees to show, after a restart, that nothing was rolled back";
        return state.State switch
        {
            ProposalState.Draft when state.Trustees.Count == 0 => $"for {state.Body.Trustees} trustees ({Desk.Ready(AgentRole.Trustee).Count} are here)",
            ProposalState.Draft when state.ElectionKey is null => "for the trustees to make the key",
            ProposalState.Draft => $"for {state.Body.MinimumRoster} workers ({Desk.Ready(AgentRole.Worker).Count} are here)",
            ProposalState.Voting => $"for {state.Roster.Count - state.Ballots.Count} ballots, at most until {state.Body.CloseAt:HH:mm:ss} UTC",
            ProposalState.Tallying => $"for {state.Body.Threshold} trustees to open the sum ({state.Partials.Count} have)",
            ProposalState.Settling => "for the settlement to be confirmed",
            _ => "",
        };
    }

    private IReadOnlyList<RosterEntry> Admitted() =>
        [.. Desk.Ready(AgentRole.Worker).Take(Policy.MaximumWorkers).Select(agent => agent.Entry)];

    private IReadOnlyList<Trustee> Trustees() =>
        [.. Desk.Ready(AgentRole.Trustee).Select((agent, i) => new Trustee(i + 1, agent.Entry.Keys, agent.Entry.ConfidenceLevel, agent.Entry.Evidence))];

    private void Appended(ProposalKeeper keeper, RecordState? before, IReadOnlyList<RecordEvent> events)
    {
        if (before?.State != keeper.State.State)
        {
            Log($"proposal {keeper.Id.Short()}: event {keeper.State.Size - 1}, {keeper.State.State}");
            Follow(keeper);
        }

        if (events.Any(next => next.Payload is not BallotCast))
            TrusteeBoard.Follow();
    }

    private void Follow(ProposalKeeper keeper)
    {
        Tasks.Follow(keeper);
        _settler.Follow(keeper, _stop.Token);
    }

    private void Stop(string damage)
    {
        Damage ??= damage;
        _stop.Cancel();
    }
}
