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
/// <param name="Instance">Its instance; at most 80 characters.</param>
/// <param name="Nonce">The nonce it was given.</param>
/// <param name="Quote">The quote in hexadecimal; empty in LOCAL_MODE.</param>
/// <param name="EventLog">JSON text of the event log; empty in LOCAL_MODE.</param>
/// <param name="Callback">Loopback address for direct dispatch; LOCAL_MODE only, empty elsewhere.</param>
public sealed record AdmissionRequest(
    AgentRole Role, string Name, AgentKeys Keys, string Instance, string Nonce, string Quote, string EventLog, string Callback);

/// <summary>An agent was admitted.</summary>
/// <param name="Agent">Its id.</param>
/// <param name="ConfidenceLevel">1 to 5, or 0 where there is no evidence (LOCAL_MODE).</param>
/// <param name="ExpiresAt">When it must attest again.</param>
/// <param name="Mark">What the mode obliges every answer to say; empty in production.</param>
public sealed record AdmissionAnswer(Digest Agent, int ConfidenceLevel, DateTimeOffset ExpiresAt, string Mark);

/// <summary>The coordinator's own evidence over a nonce of the asker.</summary>
/// <param name="Keys">Its public keys.</param>
/// <param name="Instance">Its instance.</param>
/// <param name="Quote">The quote in hexadecimal; empty in LOCAL_MODE.</param>
/// <param name="EventLog">JSON text of the event log; empty in LOCAL_MODE.</param>
/// <param name="Mark">What the mode obliges every answer to say; empty in production.</param>
public sealed record CoordinatorEvidence(AgentKeys Keys, string Instance, string Quote, string EventLog, string Mark);

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
/// <param name="Mark">What the mode obliges every answer to say; empty in production.</param>
public sealed record ProposalSummary(
    Digest Id, string Title, ProposalState State, long Size, int Roster, int Ballots, int Partials, Decision? Decision, string Mark);

/// <summary>Work for a worker, under a lease.</summary>
/// <param name="Proposal">The proposal to vote on.</param>
/// <param name="Attempt">1, 2, …</param>
/// <param name="LeaseEnds">When it is given to the worker again.</param>
public sealed record TaskAssignment(Digest Proposal, int Attempt, DateTimeOffset LeaseEnds);

/// <summary>A ballot was taken.</summary>
/// <param name="Receipt">The coordinator's word on its place.</param>
/// <param name="Checkpoint">The record's head after it.</param>
public sealed record CastAnswer(Receipt Receipt, Checkpoint Checkpoint);

/// <summary>An admitted agent in a list.</summary>
/// <param name="Agent">Its id.</param>
/// <param name="Did">Outward name of its signing key.</param>
/// <param name="Role">Worker or trustee.</param>
/// <param name="Name">For people.</param>
/// <param name="ConfidenceLevel">1 to 5, or 0 where there is no evidence.</param>
/// <param name="ExpiresAt">When its attestation expires.</param>
public sealed record AgentSummary(Digest Agent, string Did, AgentRole Role, string Name, int ConfidenceLevel, DateTimeOffset ExpiresAt);

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
[JsonSerializable(typeof(CastAnswer))]
[JsonSerializable(typeof(Checkpoint))]
[JsonSerializable(typeof(IReadOnlyList<AgentSummary>))]
[JsonSerializable(typeof(IReadOnlyList<RecordEvent>))]
[JsonSerializable(typeof(RecordEvent))]
[JsonSerializable(typeof(ContributionCommitment))]
[JsonSerializable(typeof(KeyContribution))]
[JsonSerializable(typeof(IReadOnlyList<SealedShare>))]
[JsonSerializable(typeof(ShareVerdict))]
[JsonSerializable(typeof(ShareDisclosure))]
[JsonSerializable(typeof(PartialDecryption))]
[JsonSerializable(typeof(TrusteeMemory))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(RosterEntry))]
public sealed partial class WireJson : JsonSerializerContext;
