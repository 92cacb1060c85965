using System.Security.Cryptography;
using Witan.Crypto;
using Witan.Voting;

namespace Witan.Benchmarks.Ballots;

/// <summary>An election in one process: voters, three trustees and a record, ready for ballots.</summary>
internal sealed class BenchmarkElection
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly byte[] _coordinator = RandomNumberGenerator.GetBytes(32);
    private readonly List<RecordEvent> _events = [];
    private readonly List<(byte[] Seed, AgentKeys Keys)> _voters = [];
    private readonly List<(byte[] Seed, P256Scalar Share)> _trustees = [];

    public BenchmarkElection(int voters)
    {
        P256Point encryption = Hpke.DeriveKeyPair(RandomNumberGenerator.GetBytes(32)).Public;
        for (int i = 0; i < voters; i++)
        {
            byte[] seed = RandomNumberGenerator.GetBytes(32);
            _voters.Add((seed, new AgentKeys(new Digest(Ed25519.PublicKey(seed)), encryption)));
        }

        Open(voters);
        GenerateKey();
        RosterEntry[] admitted = [.. _voters.Select(voter => new RosterEntry(voter.Keys, 1, 0, Digest.Zero))];
        while (Lifecycle.Next(State, admitted, [], Start) is { } due)
            Append(due);
    }

    public RecordState State { get; private set; } = null!;

    public BatchedBallot Prove(int voter)
    {
        (byte[] seed, AgentKeys keys) = _voters[voter];
        Ballot ballot = BallotBuilder.Create(State.BallotContext, keys, seed, voter % 3, Digest.Zero, P256Scalar.Random, out BallotCommitments commitments);
        return new BatchedBallot(State.Roster[keys.AgentId], ballot, commitments);
    }

    /// <summary>Casts the ballots, opens the sum, and gives the published file.</summary>
    public byte[] Decide(IEnumerable<BatchedBallot> ballots)
    {
        foreach (BatchedBallot next in ballots)
            Append(new BallotCast(next.Ballot));
        Append(new RecordClosed(CloseReason.Complete));
        for (int index = 1; index <= 2; index++)
        {
            (byte[] seed, P256Scalar share) = _trustees[index - 1];
            Append(new PartiallyDecrypted(Decryption.Decrypt(
                State.BallotContext, State.Sums(), index, share, State.ClosedHead, seed, P256Scalar.Random)));
        }

        Append(Lifecycle.Next(State, [], [], Start)!);
        Append(new Settled("local-record"));
        return DecisionFile.Of(State, _events).ToBytes();
    }

    private void Open(int voters)
    {
        var body = new ProposalBody
        {
            Title = "Benchmark",
            Text = "How fast?",
            Options = ["Approve", "Reject", "Abstain"],
            MinimumTurnout = 1,
            MinimumAnonymity = 1,
            PassNumerator = 1,
            PassDenominator = 2,
            MinimumRoster = voters,
            Trustees = 3,
            Threshold = 2,
            CreatedAt = Start,
            OpenBy = Start.AddHours(1),
            CloseAt = Start.AddHours(2),
            SettleBy = Start.AddHours(3),
            Nonce = new Digest(RandomNumberGenerator.GetBytes(32)),
        };
        Append(new ProposalOpened(body, ExecutionMode.Local, "local-record", "benchmark", Digest.Zero, new Digest(Ed25519.PublicKey(_coordinator))));
    }

    private void GenerateKey()
    {
        byte[][] seeds = [.. Enumerable.Range(0, 3).Select(_ => RandomNumberGenerator.GetBytes(32))];
        P256Point encryption = _voters[0].Keys.Encryption;
        Append(new TrusteesEnrolled([.. seeds.Select((seed, i) =>
            new Witan.Voting.Trustee(i + 1, new AgentKeys(new Digest(Ed25519.PublicKey(seed)), encryption), 0, Digest.Zero))]));
        TrusteeSecret[] secrets = [.. Enumerable.Range(1, 3).Select(i => TrusteeSecret.Create(i, 2, P256Scalar.Random))];
        var said = secrets.Select((secret, i) => secret.Contribute(State.KeyGeneration, seeds[i])).ToArray();
        foreach ((ContributionCommitment commitment, _) in said)
            Append(new ContributionCommitted(commitment));
        foreach ((_, KeyContribution contribution) in said)
            Append(new KeyContributed(contribution));
        for (int i = 1; i <= 3; i++)
        {
            Append(new SharesJudged(TrusteeSecret.Judge(State.KeyGeneration, i, [], seeds[i - 1])));
            _trustees.Add((seeds[i - 1], secrets.Select(secret => secret.Share(i)).Aggregate((sum, next) => sum + next)));
        }
    }

    // The ballots' proofs are checked by the benchmark itself.
    private void Append(RecordPayload payload)
    {
        RecordEvent next = RecordEvent.Next(_events.Count, State?.Head ?? Digest.Zero, Start, payload, _coordinator);
        State = RecordFold.Apply(State, next, ProofChecks.None, out Refusal? refusal)
            ?? throw new InvalidOperationException(refusal!.Message);
        _events.Add(next);
    }
}
