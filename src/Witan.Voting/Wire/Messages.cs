using System.Text.Json.Serialization;

namespace Witan.Voting;

/// <summary>A one-use nonce, with who issued it and under which policy evidence will be judged.</summary>
/// <param name="Nonce">Opaque text; send it back as it is.</param>
/// <param name="ExpiresAt">At most 60 s from now.</param>
/// <param name="Coordinator">The coordinator's signing key: the audience of the evidence.</param>
/// <param name="Policy">Hash of the admission policy.</param>
/// <param name="Mode">What stands behind the agents here.</param>
/// <param name="Mark">What the mode obliges every answer to say; empty in production.</param>
public sealed record NonceAnswer(string Nonce, DateTimeOffset ExpiresAt, Digest Coordinator, Digest Policy, ExecutionMode Mode, string Mark)
{
    /// <summary>The nonce as it goes into report data.</summary>
    public Digest NonceHash() => new CanonicalWriter(DomainTags.Nonce).Text(Nonce).Hash();
}

/// <summary>An agent asks to be admitted.</summary>
/// <param name="Role">Worker or trustee.</param>
/// <param name="Name">For people; at most 80 characters.</param>
/// <param name="Keys">Its public keys.</param>
/// <param name="Nonce">The nonce it was given.</param>
/// <param name="Evidence">Its evidence, over report data of purpose <c>admission</c>; <see cref="AgentEvidence.None"/> in LOCAL_MODE.</param>
/// <param name="Callback">Loopback address for direct dispatch; LOCAL_MODE only, empty elsewhere.</param>
/// <param name="Signature">Ed25519 signature of the signing key over all of it: possession is proven, not claimed. 64 bytes.</param>
public sealed record AdmissionRequest(
    AgentRole Role, string Name, AgentKeys Keys, string Nonce, AgentEvidence Evidence, string Callback, byte[] Signature)
{
    /// <summary>Signs a request.</summary>
    public AdmissionRequest Signed(ReadOnlySpan<byte> seed) => this with { Signature = Witan.Crypto.Ed25519.Sign(seed, SignedBytes()) };

    /// <summary>Whether the owner of the signing key made it.</summary>
    public bool IsSigned() => Witan.Crypto.Ed25519.Verify(Keys.Signing.Bytes, SignedBytes(), Signature);

    private byte[] SignedBytes() => new CanonicalWriter(DomainTags.Admission)
        .Text(Role.ToString()).Text(Name).Bytes(Keys.Signing.Bytes).Point(Keys.Encryption).Text(Nonce).Bytes(Evidence.Hash().Bytes).Text(Callback)
        .ToBytes();
}

/// <summary>An agent was admitted.</summary>
/// <param name="Agent">Its id.</param>
/// <param name="ConfidenceLevel">1 to 5, or 0 where there is no evidence (LOCAL_MODE).</param>
/// <param name="ExpiresAt">When it must attest again.</param>
/// <param name="Mark">What the mode obliges every answer to say; empty in production.</param>
public sealed record AdmissionAnswer(Digest Agent, int ConfidenceLevel, DateTimeOffset ExpiresAt, string Mark);

/// <summary>The coordinator's own evidence over a nonce of the asker.</summary>
/// <param name="Keys">Its public keys.</param>
/// <param name="Evidence">Over report data of purpose <c>evidence</c>; <see cref="AgentEvidence.None"/> in LOCAL_MODE.</param>
/// <param name="Mark">What the mode obliges every answer to say; empty in production.</param>
public sealed record CoordinatorEvidence(AgentKeys Keys, AgentEvidence Evidence, string Mark)
{
    /// <summary>What the evidence must bind where it answers a nonce.</summary>
    public static ReportData ReportData(Digest nonce, AgentKeys keys, string instance) =>
        new("evidence", nonce, Digest.Zero, AgentRole.Coordinator, keys, instance, Digest.Zero);
}

/// <summary>A requester's proposal, signed by its key.</summary>
/// <param name="Body">The proposal.</param>
/// <param name="Requester">Ed25519 key of the requester.</param>
/// <param name="Signature">Signature over the proposal's id, 64 bytes.</param>
public sealed record ProposeRequest(ProposalBody Body, Digest Requester, byte[] Signature);

/// <summary>A proposal in a list.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Title">Its title.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Size">How many events.</param>
/// <param name="Roster">How many voters; 0 before the roster is frozen.</param>
/// <param name="Ballots">How many ballots.</param>
/// <param name="Partials">How many trustees have decrypted.</param>
/// <param name="Decision">How it was decided; null where it was not.</param>
/// <param name="CloseAt">When it closes.</param>
/// <param name="Waiting">What it waits for, one phrase; empty where nothing is awaited.</param>
/// <param name="Mark">What the mode obliges every answer to say; empty in production.</param>
public sealed record ProposalSummary(
    Digest Id, string Title, ProposalState State, long Size, int Roster, int Ballots, int Partials, Decision? Decision, DateTimeOffset CloseAt, string Waiting, string Mark);

/// <summary>Work for a worker, under a lease. What it is, to argue or to vote, says the record.</summary>
/// <param name="Proposal">The proposal to take part in.</param>
/// <param name="Attempt">1, 2, …</param>
/// <param name="LeaseEnds">When it is given to the worker again.</param>
public sealed record TaskAssignment(Digest Proposal, int Attempt, DateTimeOffset LeaseEnds);

/// <summary>The answer to a ballot: a receipt or a signed refusal, and how far the record has come.</summary>
/// <param name="Receipt">Where the ballot stands; null where it was refused.</param>
/// <param name="Refusal">The coordinator's signed word that it did not take it; null where it did.</param>
/// <param name="Message">Why it was refused, one sentence; empty where it was taken.</param>
/// <param name="Checkpoint">The record's head after it; kept by the worker.</param>
public sealed record CastAnswer(Receipt? Receipt, SignedRefusal? Refusal, string Message, Checkpoint Checkpoint)
{
    /// <summary>
    /// Whether it is the coordinator's word on this ballot: either a receipt for its slot, at a position that the checkpoint covers, or a refusal of it. That
    /// the checkpoint is signed is checked by whoever keeps it.
    /// </summary>
    public bool IsFor(Digest proposal, Ballot ballot, Digest coordinator) => Checkpoint.Proposal == proposal && (Receipt, Refusal) switch
    {
        ({ } receipt, null) => receipt.Proposal == proposal && receipt.Nullifier == ballot.Nullifier && receipt.Ballot == ballot.Hash()
            && receipt.Sequence >= 0 && receipt.Sequence < Checkpoint.Size && receipt.IsSignedBy(coordinator),
        (null, { } refusal) => refusal.Proposal == proposal && refusal.Nullifier == ballot.Nullifier && refusal.Ballot == ballot.Hash()
            && refusal.IsSignedBy(coordinator),
        _ => false,
    };
}

/// <summary>A trustee's first word in a key generation.</summary>
/// <param name="Commitment">The commitment.</param>
/// <param name="Evidence">Its evidence for this proposal (<see cref="ReportData.ForKeyGeneration"/>); <see cref="AgentEvidence.None"/> in LOCAL_MODE.</param>
public sealed record TrusteeCommitment(ContributionCommitment Commitment, AgentEvidence Evidence);

/// <summary>The newest checkpoints that an agent keeps, shown to a coordinator after a restart.</summary>
public sealed record CheckpointPage(IReadOnlyList<Checkpoint> Checkpoints);

/// <summary>A proposal in which a trustee has a part.</summary>
/// <param name="Proposal">The proposal.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Size">How many events its record has.</param>
public sealed record TrusteeTask(Digest Proposal, ProposalState State, long Size);

/// <summary>The unfinished proposals that a trustee looks after.</summary>
/// <param name="Version">Sent with the next question, which is answered when something has changed.</param>
/// <param name="Tasks">The proposals.</param>
public sealed record TrusteeTaskPage(long Version, IReadOnlyList<TrusteeTask> Tasks);

/// <summary>An admitted agent in a list.</summary>
/// <param name="Agent">Its id.</param>
/// <param name="Did">Outward name of its signing key.</param>
/// <param name="Role">Worker or trustee.</param>
/// <param name="Name">For people.</param>
/// <param name="ConfidenceLevel">1 to 5, or 0 where there is no evidence.</param>
/// <param name="ExpiresAt">When its attestation expires.</param>
/// <param name="IsPresent">Whether it was heard of in the last seconds.</param>
/// <param name="IsRevoked">Whether its admission was withdrawn.</param>
public sealed record AgentSummary(
    Digest Agent, string Did, AgentRole Role, string Name, int ConfidenceLevel, DateTimeOffset ExpiresAt, bool IsPresent, bool IsRevoked);

/// <summary>A word of the requester on something that is there: to cancel a proposal, to revoke an agent.</summary>
/// <param name="Action"><c>cancel</c> or <c>revoke</c>.</param>
/// <param name="Subject">Id of the proposal or agent.</param>
/// <param name="At">When; at most five minutes off.</param>
/// <param name="Requester">Ed25519 key of the requester.</param>
/// <param name="Signature">The requester's signature, 64 bytes.</param>
public sealed record RequesterOrder(string Action, Digest Subject, DateTimeOffset At, Digest Requester, byte[] Signature)
{
    /// <summary>Signs an order.</summary>
    public static RequesterOrder Create(string action, Digest subject, DateTimeOffset now, ReadOnlySpan<byte> seed)
    {
        DateTimeOffset at = DateTimeOffset.FromUnixTimeMilliseconds(now.ToUnixTimeMilliseconds());
        var unsigned = new RequesterOrder(action, subject, at, new Digest(Witan.Crypto.Ed25519.PublicKey(seed)), []);
        return unsigned with { Signature = Witan.Crypto.Ed25519.Sign(seed, unsigned.SignedBytes()) };
    }

    /// <summary>Whether it is the requester's, for this subject, and recent.</summary>
    public bool IsGood(string action, Digest subject, DateTimeOffset now) =>
        Action == action && Subject == subject && now - At < CouncilPolicy.ClockTolerance && At - now < CouncilPolicy.ClockTolerance
        && Witan.Crypto.Ed25519.Verify(Requester.Bytes, SignedBytes(), Signature);

    private byte[] SignedBytes() =>
        new CanonicalWriter(DomainTags.RequesterOrder).Text(Action).Bytes(Subject.Bytes).Time(At).Bytes(Requester.Bytes).ToBytes();
}

/// <summary>How a coordinator is.</summary>
/// <param name="Status"><c>live</c>, <c>ready</c> or <c>draining</c>.</param>
/// <param name="Mark">What the mode obliges every answer to say; empty in production.</param>
public sealed record HealthAnswer(string Status, string Mark);

/// <summary>An error answer (problem+json) with a stable code.</summary>
/// <param name="Type">Always <c>about:blank</c>.</param>
/// <param name="Title">One sentence.</param>
/// <param name="Status">HTTP status.</param>
/// <param name="Code">Stable code, for example <c>Late</c> or <c>NONCE_USED</c>.</param>
/// <param name="Hint">What to do about it; empty where the title says so.</param>
public sealed record Problem(string Type, string Title, int Status, string Code, string Hint);

/// <summary>JSON of the wire; the same strictness as <see cref="RecordJson"/>.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false,
    UseStringEnumConverter = true,
    MaxDepth = 16,
    Converters = [typeof(HexConverter), typeof(PointConverter), typeof(ScalarConverter), typeof(TimeConverter)])]
[JsonSerializable(typeof(NonceAnswer))]
[JsonSerializable(typeof(AdmissionRequest))]
[JsonSerializable(typeof(AdmissionAnswer))]
[JsonSerializable(typeof(CoordinatorEvidence))]
[JsonSerializable(typeof(ProposeRequest))]
[JsonSerializable(typeof(ProposalSummary))]
[JsonSerializable(typeof(IReadOnlyList<ProposalSummary>))]
[JsonSerializable(typeof(TaskAssignment))]
[JsonSerializable(typeof(Ballot))]
[JsonSerializable(typeof(CastRequest))]
[JsonSerializable(typeof(CastAnswer))]
[JsonSerializable(typeof(SealedArgument))]
[JsonSerializable(typeof(Checkpoint))]
[JsonSerializable(typeof(CheckpointPage))]
[JsonSerializable(typeof(TrusteeTaskPage))]
[JsonSerializable(typeof(RequesterOrder))]
[JsonSerializable(typeof(Revocation))]
[JsonSerializable(typeof(IReadOnlyList<Revocation>))]
[JsonSerializable(typeof(IReadOnlyList<AgentSummary>))]
[JsonSerializable(typeof(IReadOnlyList<RecordEvent>))]
[JsonSerializable(typeof(RecordEvent))]
[JsonSerializable(typeof(TrusteeCommitment))]
[JsonSerializable(typeof(KeyContribution))]
[JsonSerializable(typeof(IReadOnlyList<SealedShare>))]
[JsonSerializable(typeof(ShareVerdict))]
[JsonSerializable(typeof(ShareDisclosure))]
[JsonSerializable(typeof(PartialDecryption))]
[JsonSerializable(typeof(TrusteeMemory))]
[JsonSerializable(typeof(HealthAnswer))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(RosterEntry))]
[JsonSerializable(typeof(SettlementNotice))]
public sealed partial class WireJson : JsonSerializerContext;
