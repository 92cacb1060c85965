using Witan.Crypto;

namespace Witan.Voting.Wire;

/// <summary>
/// One task for one worker: deliberate on this proposal and cast. It carries its own payload, so tasks of two proposals
/// cannot be mixed, and is signed with an end, so an old one does nothing. Executing it twice is harmless.
/// </summary>
/// <param name="Agent">Whose task.</param>
/// <param name="Attempt">1, 2, …</param>
/// <param name="Nonce">32 random bytes.</param>
/// <param name="LeaseUntil">When it may be given again.</param>
/// <param name="Body">The question with its rules.</param>
/// <param name="Target">Where the decision is settled.</param>
/// <param name="Configuration">Configuration hash.</param>
/// <param name="RosterRoot">Roster root.</param>
/// <param name="ElectionKey">The trustees' joint key.</param>
/// <param name="Signature">The coordinator's Ed25519 signature, 64 bytes.</param>
public sealed record Assignment(
    Digest Agent,
    int Attempt,
    Digest Nonce,
    DateTimeOffset LeaseUntil,
    ProposalBody Body,
    string Target,
    Digest Configuration,
    Digest RosterRoot,
    P256Point ElectionKey,
    byte[] Signature)
{
    /// <summary>What the ballot is bound to. A worker that replays the record compares it with its own.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public BallotContext Context => new(Target, Body.Id(), Configuration, RosterRoot, ElectionKey, Body.Options.Count);

    /// <summary>Signs an assignment for a voter of an open record. <paramref name="nonce"/> has 32 random bytes.</summary>
    public static Assignment Create(
        RecordState state, Digest agent, int attempt, DateTimeOffset leaseUntil, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> signingSeed)
    {
        BallotContext context = state.BallotContext;
        DateTimeOffset until = DateTimeOffset.FromUnixTimeMilliseconds(leaseUntil.ToUnixTimeMilliseconds());
        var unsigned = new Assignment(
            agent, attempt, new Digest(nonce), until, state.Body, context.Target, context.Configuration, context.RosterRoot, context.ElectionKey, []);
        return unsigned with { Signature = Ed25519.Sign(signingSeed, unsigned.SignedBytes()) };
    }

    /// <summary>What speaks against executing it now; null where nothing does.</summary>
    public Refusal? Check(Digest coordinator, Digest agent, DateTimeOffset now)
    {
        if (!Ed25519.Verify(coordinator.Bytes, SignedBytes(), Signature))
            return new Refusal(RefusalCode.SignatureInvalid, "the assignment is not signed by the coordinator");
        if (Agent != agent || Body.Problem() is not null)
            return new Refusal(RefusalCode.WrongContext, "the assignment is not for this agent, or its rules do not hold together");
        return now < LeaseUntil && now < Body.CloseAt ? null : new Refusal(RefusalCode.Late, "the assignment has expired");
    }

    private byte[] SignedBytes() => new CanonicalWriter(DomainTags.Assignment)
        .Bytes(Agent.Bytes).Number(Attempt).Bytes(Nonce.Bytes).Time(LeaseUntil)
        .Bytes(Body.Id().Bytes).Text(Target).Bytes(Configuration.Bytes).Bytes(RosterRoot.Bytes).Point(ElectionKey).ToBytes();
}

/// <summary>What a worker has to do now; empty where nothing is due.</summary>
/// <param name="Assignments">One for each proposal at most.</param>
public sealed record AssignmentPage(IReadOnlyList<Assignment> Assignments);
