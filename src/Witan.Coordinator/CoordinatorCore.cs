using System.Security.Cryptography;
using System.Threading.RateLimiting;
using Witan.Agent;
using Witan.Coordinator.Admission;
using Witan.Coordinator.Api;
using Witan.Coordinator.Dispatch;
using Witan.Coordinator.Limits;
using Witan.Coordinator.Records;
using Witan.Coordinator.Settlement;
using Witan.Coordinator.Stores;
using Witan.Coordinator.Telemetry;
using Witan.Crypto;
using Witan.Voting;

namespace Witan.Coordinator;

/// <summary>What a coordinator is made of.</summary>
internal sealed record CoordinatorParts(
    AgentSecrets Secrets, Attester Attester, EvidenceJudge? Judge, ExecutionMode Mode, CouncilPolicy Policy, IRecordStore Store, bool IsShared, string Node, string State,
    ISettlementTarget Target, IReadOnlyList<string> Requesters, TimeSpan Lease, Action<string> Log, TimeProvider Clock);

/// <summary>A coordinator without its HTTP: admission, records, dispatch, settlement, and how they hang together.</summary>
internal sealed class CoordinatorCore : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _drain = new();
    private readonly CoordinatorParts _parts;
    private readonly KeeperContext _context;
    private readonly Settler _settler;
    private readonly OtherCoordinators _others;

    public CoordinatorCore(CoordinatorParts parts)
    {
        _parts = parts;
        var nonces = new NonceIssuer(parts.Secrets.SigningSeed, parts.Clock);
        var signer = new Ed25519Signer(parts.Secrets.SigningSeed);
        Desk = new AdmissionDesk(
            parts.Store, parts.Secrets, signer, parts.Mode, parts.Judge, parts.Policy, nonces, new RevocationBook(parts.Store, parts.Secrets, parts.State), parts.IsShared, parts.Clock);
        Authentication = new RequestAuthentication(Desk, parts.Clock);
        Requesters = new Requesters(parts.Requesters, parts.Mode, parts.Clock);
        Tasks = new TaskBoard(parts.Lease, parts.Clock);
        _settler = new Settler(parts.Target, parts.Clock, parts.Log);
        _context = new KeeperContext
        {
            Store = parts.Store,
            SigningSeed = [.. parts.Secrets.SigningSeed],
            Signer = signer,
            Cores = new SemaphoreSlim(Environment.ProcessorCount),
            Clock = parts.Clock,
            Log = parts.Log,
            Holder = new LeaseHolder(parts.Node, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16))),
            IsShared = parts.IsShared,
            Admitted = Admitted,
            Trustees = Trustees,
            RequireFresh = Desk.RequireFreshAsync,
            ShowArguments = state => Lifecycle.ShowArguments(state, parts.Secrets.EncryptionSecret),
            Appended = Appended,
            Damaged = Stop,
        };
        Book = new ProposalBook(_context, parts.Secrets.Keys.Signing, state => Summary(state, ""));
        TrusteeBoard = new TrusteeBoard(Book, parts.Clock);
        // Trustees that were refused because a record was held back are told that it is not any more.
        Recovery = new RecoveryDesk(Book, parts.Secrets.Keys.Signing, CatchUpAsync, TrusteeBoard.Follow, Stop);
        Telemetry.Observe(() => Desk.Presence.Here().Count, Book.CountByState);
        _others = new OtherCoordinators(_context, Book, Recovery, Desk, parts.Secrets.Keys.Signing, Found);
    }

    public AgentSecrets Secrets => _parts.Secrets;

    public Attester Attester => _parts.Attester;

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

    public CoordinatorTelemetry Telemetry { get; } = new();

    public ConcurrencyLimiter Judging { get; } = RequestLimits.Judging();

    public ConcurrencyLimiter Attesting { get; } = RequestLimits.Attesting();

    /// <summary>Why the coordinator must not go on; null while it may.</summary>
    public string? Damage { get; private set; }

    /// <summary>Cancelled where it must not go on.</summary>
    public CancellationToken Stopped => _stop.Token;

    /// <summary>Cancelled when the coordinator begins to end: whoever waits is answered.</summary>
    public CancellationToken Draining => _drain.Token;

    /// <summary>Whether it is ending.</summary>
    public bool IsDraining => _drain.IsCancellationRequested;

    /// <summary>Begins to end: no longer ready, and nobody is kept waiting. What is in work is finished.</summary>
    public Task DrainAsync() => _drain.CancelAsync();

    /// <summary>Replays everything that the store holds.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await Desk.LoadAsync(cancellationToken);
        await Book.ReplayAsync(Recovery.Found, cancellationToken);
        foreach (ProposalKeeper keeper in Book.All)
            Follow(keeper);
    }

    /// <summary>Follows what other coordinators of the same store do, until cancelled; nothing where there can be none.</summary>
    public Task FollowOthersAsync(CancellationToken cancellationToken) => _parts.IsShared ? _others.RunAsync(cancellationToken) : Task.CompletedTask;

    /// <summary>Opens a proposal, or finds the one that is open under the same id.</summary>
    public Task<ProposalKeeper> OpenAsync(ProposalBody body) =>
        Book.OpenAsync(new ProposalOpened(body, Mode, _parts.Target.Name, Policy.Name, Policy.Hash(), Secrets.Keys.Signing));

    /// <summary>The keeper of a record, also of one that another coordinator of the store opened a moment ago; null for an unknown one. Throws <see cref="StoreException"/>.</summary>
    public async Task<ProposalKeeper?> FindAsync(Digest proposal, CancellationToken cancellationToken)
    {
        if (await Book.FindAsync(proposal, cancellationToken) is { } known)
            return known;
        await CatchUpAsync(proposal);
        return Book.Find(proposal);
    }

    /// <summary>Refuses to go on with a record whose trustees have not yet shown what they saw last.</summary>
    public static void RequireConfirmed(ProposalKeeper keeper)
    {
        if (!keeper.IsConfirmed)
            throw new RequestRefusedException(Problems.Recovering);
    }

    /// <summary>Takes a ballot, and answers when it is durable or refused.</summary>
    public async Task<CastAnswer> CastAsync(ProposalKeeper keeper, Ballot ballot, BallotCommitments hint)
    {
        RequireConfirmed(keeper);
        BallotVerdict verdict = await keeper.Ballots.TakeAsync(new IncomingBallot(ballot, hint, Desk.FindVoter(ballot.Agent) is not null));
        Telemetry.Ballot(verdict is BallotVerdict.Refuse refused ? refused.Refusal.Code.ToString() : "taken");
        Checkpoint checkpoint = keeper.Checkpoint;
        return verdict switch
        {
            BallotVerdict.Repeat repeat => new CastAnswer(Receipt.For(keeper.Id, repeat.Position, ballot, _context.Signer), null, "", checkpoint),
            BallotVerdict.Refuse refuse => new CastAnswer(
                null, SignedRefusal.Of(keeper.State, ballot, refuse.Refusal.Code, Clock.GetUtcNow(), Secrets.SigningSeed), refuse.Refusal.Message, checkpoint),
            _ => throw new InvalidOperationException("a ballot was neither taken nor refused"),
        };
    }

    /// <summary>Takes a sealed argument; gives the record's head once it is durable.</summary>
    public async Task<Checkpoint> ArgueAsync(ProposalKeeper keeper, SealedArgument argument, CancellationToken cancellationToken)
    {
        RequireConfirmed(keeper);
        RecordState known = keeper.State;
        bool attested = Desk.FindVoter(argument.Agent) is not null, opens = false;
        // Nothing is opened that would not be taken.
        if (ArgumentIntake.Judge(known, argument, Clock.GetUtcNow(), attested, opens: true).Event is not null)
        {
            await _context.Cores.WaitAsync(cancellationToken);
            try
            {
                opens = await Task.Run(() => argument.TryOpen(known, Secrets.EncryptionSecret, out _), cancellationToken);
            }
            finally
            {
                _context.Cores.Release();
            }
        }

        Entry entry = await keeper.RunAsync((state, now) => ArgumentIntake.Judge(state!, argument, now, attested, opens) switch
        {
            { Event: { } next } => Ruling.Append(next, ProofChecks.All),
            { Refusal: { } refusal } => Ruling.Refuse(refusal),
            _ => Ruling.Nothing,
        });
        return entry.Refusal is { } refused ? throw RequestRefusedException.Of(refused) : keeper.Checkpoint;
    }

    /// <summary>What is public of a proposal.</summary>
    public ProposalSummary Summary(ProposalKeeper keeper) => Summary(keeper.State, Waiting(keeper));

    private ProposalSummary Summary(RecordState state, string waiting) => new(
        state.ProposalId, state.Body.Title, state.State, state.Size, state.Roster.Count, state.Ballots.Count, state.Partials.Count, state.Outcome?.Decision,
        state.Body.CloseAt, waiting, Mark);

    /// <summary>What is public of an agent.</summary>
    public AgentSummary Summary(Enrolment agent) => new(
        agent.Entry.Keys.AgentId, agent.Entry.Keys.Did(), agent.Role, agent.Name, agent.Entry.ConfidenceLevel, agent.ExpiresAt,
        Desk.Presence.IsHere(agent.Entry.Keys.AgentId), Desk.IsRevoked(agent));

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Book.DisposeAsync();
        CryptographicOperations.ZeroMemory(_context.SigningSeed);
        Desk.Revocations.Dispose();
        Telemetry.Dispose();
        await Judging.DisposeAsync();
        await Attesting.DisposeAsync();
        _context.Signer.Dispose();
        _context.Cores.Dispose();
        _drain.Dispose();
        _stop.Dispose();
    }

    private string Waiting(ProposalKeeper keeper)
    {
        RecordState state = keeper.State;
        if (state.IsFinal)
            return "";
        if (!keeper.IsConfirmed)
            return $"for {state.Body.Threshold} trustees to show, after a restart, that nothing was rolled back";
        if (state.State == ProposalState.Draft && state.Opening.Policy != Policy.Hash())
            return "for the coordinator to run under the policy that it was opened under";
        return state.State switch
        {
            ProposalState.Draft when state.Trustees.Count == 0 => $"for {state.Body.Trustees} trustees ({Desk.Ready(AgentRole.Trustee).Count} are here)",
            ProposalState.Draft when state.ElectionKey is null => "for the trustees to make the key",
            ProposalState.Draft => $"for {state.Body.MinimumRoster} workers ({Desk.Ready(AgentRole.Worker).Count} are here)",
            ProposalState.Deliberating => $"for {Count(state.Roster.Count - state.SealedArguments.Count, "argument")}, at most until {state.Body.ArgueBy:HH:mm:ss} UTC",
            ProposalState.Voting => $"for {Count(state.Roster.Count - state.Ballots.Count, "ballot")}, at most until {state.Body.CloseAt:HH:mm:ss} UTC",
            ProposalState.Tallying => $"for {state.Body.Threshold} trustees to open the sum ({state.Partials.Count} have)",
            ProposalState.Settling => "for the settlement to be confirmed",
            _ => "",
        };
    }

    private static string Count(int number, string what) => number == 1 ? $"1 {what}" : $"{number} {what}s";

    private IEnumerable<RosterEntry> Admitted(RecordState state)
    {
        foreach (Enrolment agent in Desk.Ready(AgentRole.Worker, state.Opening.Policy).Take(Policy.MaximumWorkers))
            yield return agent.Entry;
    }

    private IEnumerable<Trustee> Trustees(RecordState state)
    {
        int index = 0;
        foreach (Enrolment agent in Desk.Ready(AgentRole.Trustee, state.Opening.Policy))
            yield return new Trustee(++index, agent.Entry.Keys, agent.Entry.ConfidenceLevel, agent.Entry.Evidence);
    }

    private void Appended(ProposalKeeper keeper, RecordState? before, IReadOnlyList<RecordEvent> events)
    {
        // Of a record that has ended nothing is left to hold back.
        if (keeper.State.IsFinal)
            Recovery.Vouched(keeper);
        if (before?.State != keeper.State.State)
        {
            Log($"proposal {keeper.Id.Short()}: event {keeper.State.Size - 1}, {keeper.State.State}");
            Follow(keeper);
        }

        if (events.Any(next => next.Payload is not (BallotCast or ArgumentSealed)))
            TrusteeBoard.Follow();
    }

    private Task CatchUpAsync(Digest proposal) => Book.CatchUpAsync(proposal, Found, _stop.Token);

    private void Found(ProposalKeeper keeper)
    {
        Recovery.Found(keeper);
        Follow(keeper);
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
