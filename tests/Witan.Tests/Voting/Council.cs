using System.Security.Cryptography;
using Witan.Crypto;
using Witan.Voting;

namespace Witan.Tests.Voting;

/// <summary>Agents, trustees and a coordinator in one process: what the real programs do, without a wire between them.</summary>
internal sealed class Council
{
    public static readonly DateTimeOffset Start = new(2026, 11, 24, 9, 0, 0, TimeSpan.Zero);
    private readonly P256Scalar _secret;

    public Council(int workers, int trustees = 3, int threshold = 2, Func<ProposalBody, ProposalBody>? change = null, int[]? weights = null)
        : this(Enumerable.Range(0, workers).Select(_ => new Agent()), trustees, threshold, change, weights)
    {
    }

    public Council(
        IEnumerable<Agent> agents, int trustees = 3, int threshold = 2, Func<ProposalBody, ProposalBody>? change = null, int[]? weights = null)
    {
        (_secret, Encryption) = Hpke.DeriveKeyPair(RandomNumberGenerator.GetBytes(32));
        Workers = [.. agents];
        int workers = Workers.Count;
        Trustees = [.. Enumerable.Range(1, trustees).Select(_ => new Agent())];
        Weights = weights ?? [.. Enumerable.Repeat(1, workers)];
        Body = new ProposalBody
        {
            Title = "Fund the library",
            Text = "Shall the library get 12,000?",
            Facts = [new ProposalFact("amount", "12000")],
            Options = ["Approve", "Reject", "Abstain"],
            MinimumTurnout = 1,
            MinimumAnonymity = 1,
            PassNumerator = 1,
            PassDenominator = 2,
            MinimumRoster = workers,
            Trustees = trustees,
            Threshold = threshold,
            CreatedAt = Start,
            OpenBy = Start.AddMinutes(5),
            CloseAt = Start.AddMinutes(10),
            SettleBy = Start.AddMinutes(20),
            Nonce = new Digest(RandomNumberGenerator.GetBytes(32)),
        };
        Body = change?.Invoke(Body) ?? Body;
    }

    private Council(Council from, int size)
    {
        (_secret, Encryption) = (from._secret, from.Encryption);
        (CoordinatorSeed, Workers, Trustees, Weights, Body, Now) = (from.CoordinatorSeed, from.Workers, from.Trustees, from.Weights, from.Body, from.Now);
        foreach (RecordEvent next in from.Events.Take(size))
        {
            State = RecordFold.Apply(State, next, ProofChecks.None, out _)!;
            Events.Add(next);
        }
    }

    public ProposalBody Body { get; }

    public IReadOnlyList<Agent> Workers { get; }

    public IReadOnlyList<Agent> Trustees { get; init; }

    public int[] Weights { get; }

    public List<RecordEvent> Events { get; } = [];

    public RecordState State { get; private set; } = null!;

    public DateTimeOffset Now { get; set; } = Start;

    /// <summary>The coordinator's encryption key.</summary>
    public P256Point Encryption { get; }

    /// <summary>What the coordinator signs with.</summary>
    public byte[] CoordinatorSeed { get; init; } = RandomNumberGenerator.GetBytes(32);

    public Digest CoordinatorKey => new(Ed25519.PublicKey(CoordinatorSeed));

    /// <summary>What the trustees show, by their index; null in LOCAL_MODE.</summary>
    public Func<int, AgentEvidence>? Evidence { get; init; }

    /// <summary>The confidence level of all.</summary>
    public int Level { get; init; }

    public IReadOnlyList<RosterEntry> Admitted =>
        [.. Workers.Select((worker, i) => new RosterEntry(worker.Keys, Weights[i], Level, Shown))];

    public IReadOnlyList<Witan.Voting.Trustee> Enrolled => [.. Trustees.Select((trustee, i) => new Witan.Voting.Trustee(i + 1, trustee.Keys, Level, Shown))];

    // Of what evidence is no matter: nothing but its hash is in the record.
    private Digest Shown => Evidence is null ? Digest.Zero : CoordinatorKey;

    /// <summary>Signs and applies an event; returns the refusal where it is refused.</summary>
    public Refusal? Try(RecordPayload payload)
    {
        RecordEvent next = RecordEvent.Next(Events.Count, State?.Head ?? Digest.Zero, Now, payload, CoordinatorSeed);
        if (RecordFold.Apply(State, next, ProofChecks.All, out Refusal? refusal) is not { } state)
            return refusal;
        State = state;
        Events.Add(next);
        return null;
    }

    public void Append(RecordPayload payload)
    {
        if (Try(payload) is { } refusal)
            throw new InvalidOperationException($"{payload.Name}: {refusal.Message}");
    }

    /// <summary>The same council with a record of which only the first events are left.</summary>
    public Council Fork(int size) => new(this, size);

    public Checkpoint Checkpoint() => Witan.Voting.Checkpoint.Of(State, CoordinatorSeed);

    public Receipt Receipt(Ballot ballot) => Witan.Voting.Receipt.For(State.ProposalId, State.Positions[ballot.Nullifier], ballot, CoordinatorSeed);

    public SignedRefusal Refuse(Ballot ballot, RefusalCode code) => SignedRefusal.Of(State, ballot, code, Now, CoordinatorSeed);

    /// <summary>What a coordinator can sign with its own key alone: any payloads, chained, checked by nobody.</summary>
    public List<RecordEvent> Rechain(IEnumerable<RecordPayload> payloads, DateTimeOffset[]? times = null)
    {
        var events = new List<RecordEvent>();
        foreach (RecordPayload payload in payloads)
            events.Add(RecordEvent.Next(events.Count, events.Count == 0 ? Digest.Zero : events[^1].Hash, times?[events.Count] ?? Now, payload, CoordinatorSeed));
        return events;
    }

    /// <summary>The next event after a state, signed.</summary>
    public RecordEvent Sign(RecordState? state, RecordPayload payload) =>
        RecordEvent.Next(state?.Size ?? 0, state?.Head ?? Digest.Zero, Now, payload, CoordinatorSeed);

    /// <summary>Appends an event whose proofs were checked before.</summary>
    public void AppendUnchecked(RecordPayload payload)
    {
        RecordEvent next = RecordEvent.Next(Events.Count, State.Head, Now, payload, CoordinatorSeed);
        State = RecordFold.Apply(State, next, ProofChecks.None, out Refusal? refusal) ?? throw new InvalidOperationException(refusal!.Message);
        Events.Add(next);
    }

    /// <summary>Hash of the policy that the record names.</summary>
    public Digest Policy { get; init; } = Digest.Zero;

    /// <summary>The mode of a record that is opened without another.</summary>
    public ExecutionMode Mode { get; init; } = ExecutionMode.Local;

    public void Open(ExecutionMode? mode = null) =>
        Append(new ProposalOpened(Body, mode ?? Mode, "local-record", "phala", Policy, CoordinatorKey));

    public void Advance()
    {
        while (Lifecycle.Next(State, Admitted, Enrolled, Now, Show) is { } due)
            Append(due);
    }

    public RecordPayload Show(RecordState state) => Lifecycle.ShowArguments(state, _secret);

    /// <summary>From nothing to the first ballot.</summary>
    public void OpenVoting()
    {
        OpenRound();
        for (int i = 0; State.State == ProposalState.Deliberating && i < Workers.Count; i++)
            Append(new ArgumentSealed(Argue(i, $"argument {i}")));
        Advance();
    }

    /// <summary>From nothing to the first argument, or to the first ballot where there is no round.</summary>
    public void OpenRound()
    {
        Open();
        Advance();
        GenerateKey();
        Advance();
    }

    public SealedArgument Argue(int worker, string text) => SealedArgument.Create(
        State, Workers[worker].Keys.AgentId, Argument.Of(text, new Digest(RandomNumberGenerator.GetBytes(32))), Encryption, Workers[worker].Seed);

    public void GenerateKey()
    {
        KeyGenerationContext context = State.KeyGeneration;
        for (int i = 0; i < Trustees.Count; i++)
        {
            Trustees[i].Secret ??= TrusteeSecret.Create(i + 1, Body.Threshold, P256Scalar.Random);
            (Trustees[i].Commitment, Trustees[i].Contribution) = Trustees[i].Secret.Contribute(context, Trustees[i].Seed);
        }

        foreach (Agent trustee in Trustees)
            Append(new ContributionCommitted(trustee.Commitment, Evidence?.Invoke(trustee.Commitment.Index)));
        foreach (Agent trustee in Trustees)
            Append(new KeyContributed(trustee.Contribution));
        for (int to = 1; to <= Trustees.Count; to++)
        {
            P256Scalar share = P256Scalar.Zero;
            foreach (Agent from in Trustees)
            {
                SealedShare message = from.Secret.Seal(context, State.Trustees[to - 1], from.Seed);
                if (!TrusteeSecret.TryOpen(context, from.Contribution, message, to, Trustees[to - 1].EncryptionSecret, out P256Scalar? part))
                    throw new InvalidOperationException($"share {from.Secret.Index} to {to}");
                share += part;
            }

            Trustees[to - 1].Share = share;
            Append(new SharesJudged(TrusteeSecret.Judge(context, to, [], Trustees[to - 1].Seed)));
        }
    }

    public Ballot Ballot(int worker, int choice) => BallotBuilder.Create(
        State.BallotContext, Workers[worker].Keys, Workers[worker].Seed, choice, Digest.Zero, P256Scalar.Random);

    public PartialDecryption Decrypt(int trustee) => Decryption.Decrypt(
        State.BallotContext, State.Sums(), trustee, Trustees[trustee - 1].Share, State.ClosedHead, Trustees[trustee - 1].Seed, P256Scalar.Random);

    /// <summary>A whole decision.</summary>
    public RecordState Decide(params int[] choices)
    {
        OpenVoting();
        for (int i = 0; i < choices.Length; i++)
        {
            if (choices[i] >= 0)
                Append(new BallotCast(Ballot(i, choices[i])));
        }

        if (choices.Contains(-1))
            Now = Body.CloseAt;
        Advance();
        for (int trustee = 1; State.State == ProposalState.Tallying && trustee <= Body.Threshold; trustee++)
            Append(new PartiallyDecrypted(Decrypt(trustee)));
        Advance();
        if (State.State == ProposalState.Settling)
            Append(new Settled("local-record"));
        return State;
    }
}

/// <summary>One agent with its secrets.</summary>
internal sealed class Agent
{
    public Agent()
    {
        (EncryptionSecret, P256Point encryption) = Hpke.DeriveKeyPair(RandomNumberGenerator.GetBytes(32));
        Keys = new AgentKeys(new Digest(Ed25519.PublicKey(Seed)), encryption);
    }

    /// <summary>The agent that a program is whose secrets the test knows.</summary>
    public Agent(byte[] seed, P256Scalar encryptionSecret, AgentKeys keys) => (Seed, EncryptionSecret, Keys) = (seed, encryptionSecret, keys);

    public byte[] Seed { get; } = RandomNumberGenerator.GetBytes(32);

    public P256Scalar EncryptionSecret { get; }

    public AgentKeys Keys { get; }

    /// <summary>Drawn at the key generation where the test has not set it.</summary>
    public TrusteeSecret Secret { get; set; } = null!;

    public ContributionCommitment Commitment { get; set; } = null!;

    public KeyContribution Contribution { get; set; } = null!;

    public P256Scalar Share { get; set; } = null!;
}
