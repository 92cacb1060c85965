using System.Text.Json;
using System.Text.Json.Serialization;
using Witan.Crypto;

namespace Witan.Voting;

/// <summary>What an event of the record says. A closed set: each kind has one name, one JSON form and one byte form.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type", UnknownDerivedTypeHandling = JsonUnknownDerivedTypeHandling.FailSerialization)]
[JsonDerivedType(typeof(ProposalOpened), "proposal-opened")]
[JsonDerivedType(typeof(TrusteesEnrolled), "trustees-enrolled")]
[JsonDerivedType(typeof(ContributionCommitted), "contribution-committed")]
[JsonDerivedType(typeof(KeyContributed), "key-contributed")]
[JsonDerivedType(typeof(SharesJudged), "shares-judged")]
[JsonDerivedType(typeof(ShareDisclosed), "share-disclosed")]
[JsonDerivedType(typeof(KeyAgreed), "key-agreed")]
[JsonDerivedType(typeof(RosterFrozen), "roster-frozen")]
[JsonDerivedType(typeof(VotingOpened), "voting-opened")]
[JsonDerivedType(typeof(DeliberationOpened), "deliberation-opened")]
[JsonDerivedType(typeof(ArgumentSealed), "argument-sealed")]
[JsonDerivedType(typeof(ArgumentsOpened), "arguments-opened")]
[JsonDerivedType(typeof(BallotCast), "ballot-cast")]
[JsonDerivedType(typeof(EquivocationNoted), "equivocation-noted")]
[JsonDerivedType(typeof(RecordClosed), "closed")]
[JsonDerivedType(typeof(PartiallyDecrypted), "partially-decrypted")]
[JsonDerivedType(typeof(Tallied), "tallied")]
[JsonDerivedType(typeof(Settled), "settled")]
[JsonDerivedType(typeof(Ended), "ended")]
public abstract record RecordPayload
{
    private protected RecordPayload()
    {
    }

    /// <summary>The event's stable name.</summary>
    [JsonIgnore]
    public abstract string Name { get; }

    // Files of before say the name a second time, where no hash covers it: it is read, compared, and written no more.
    [JsonInclude]
    [JsonPropertyName("name")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    internal string WrittenName
    {
        get => null!;
        set
        {
            if (value != Name)
                throw new JsonException($"the name of the event is not {Name}");
        }
    }

    /// <summary>Writes name and fields in their one byte form.</summary>
    internal void Write(CanonicalWriter writer)
    {
        writer.Text(Name);
        WriteFields(writer);
    }

    private protected abstract void WriteFields(CanonicalWriter writer);
}

/// <summary>A proposal begins: its body, the policy that admits, and the coordinator that keeps the record.</summary>
/// <param name="Body">The question with its rules.</param>
/// <param name="Mode">What stands behind the agents.</param>
/// <param name="Target">Where the decision is settled.</param>
/// <param name="PolicyName">Name of the admission policy.</param>
/// <param name="Policy">Hash of the admission policy, pinned for this proposal.</param>
/// <param name="Coordinator">The coordinator's Ed25519 key: it signs every event.</param>
public sealed record ProposalOpened(
    ProposalBody Body, ExecutionMode Mode, string Target, string PolicyName, Digest Policy, Digest Coordinator) : RecordPayload
{
    /// <inheritdoc />
    [JsonIgnore]
    public override string Name => "proposal-opened";

    private protected override void WriteFields(CanonicalWriter writer) => writer
        .Bytes(Body.Id().Bytes).Text(Mode.ToString()).Text(Target).Text(PolicyName).Bytes(Policy.Bytes).Bytes(Coordinator.Bytes);
}

/// <summary>The trustees of this proposal.</summary>
/// <param name="Trustees">With indices 1 to n in order.</param>
public sealed record TrusteesEnrolled(IReadOnlyList<Trustee> Trustees) : RecordPayload
{
    /// <inheritdoc />
    [JsonIgnore]
    public override string Name => "trustees-enrolled";

    private protected override void WriteFields(CanonicalWriter writer) => writer.List(Trustees, (to, trustee) => to
        .Number(trustee.Index).Bytes(trustee.Keys.Signing.Bytes).Point(trustee.Keys.Encryption)
        .Number(trustee.ConfidenceLevel).Bytes(trustee.Evidence.Bytes));
}

/// <summary>A trustee committed to its contribution, and showed what it runs on.</summary>
/// <param name="Commitment">The commitment.</param>
/// <param name="Evidence">Its evidence for this proposal; null in LOCAL_MODE and nowhere else.</param>
public sealed record ContributionCommitted(
    ContributionCommitment Commitment,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] AgentEvidence? Evidence = null) : RecordPayload
{
    /// <inheritdoc />
    [JsonIgnore]
    public override string Name => "contribution-committed";

    private protected override void WriteFields(CanonicalWriter writer)
    {
        writer.Number(Commitment.Index).Bytes(Commitment.Hash.Bytes).Bytes(Commitment.Signature);
        if (Evidence is not null)
            writer.Bytes(Evidence.Hash().Bytes);
    }
}

/// <summary>A trustee published its contribution.</summary>
public sealed record KeyContributed(KeyContribution Contribution) : RecordPayload
{
    /// <inheritdoc />
    [JsonIgnore]
    public override string Name => "key-contributed";

    private protected override void WriteFields(CanonicalWriter writer) => writer
        .Number(Contribution.Index).List(Contribution.Coefficients, (to, point) => to.Point(point))
        .Scalar(Contribution.PossessionChallenge).Scalar(Contribution.PossessionResponse).Bytes(Contribution.Signature);
}

/// <summary>A trustee judged the shares it received.</summary>
public sealed record SharesJudged(ShareVerdict Judgement) : RecordPayload
{
    /// <inheritdoc />
    [JsonIgnore]
    public override string Name => "shares-judged";

    private protected override void WriteFields(CanonicalWriter writer) => writer
        .Number(Judgement.Index).List(Judgement.Against, (to, index) => to.Number(index)).Bytes(Judgement.Signature);
}

/// <summary>A trustee answered a complaint by disclosing the share.</summary>
public sealed record ShareDisclosed(ShareDisclosure Disclosure) : RecordPayload
{
    /// <inheritdoc />
    [JsonIgnore]
    public override string Name => "share-disclosed";

    private protected override void WriteFields(CanonicalWriter writer) => writer
        .Number(Disclosure.From).Number(Disclosure.To).Scalar(Disclosure.Share).Bytes(Disclosure.Signature);
}

/// <summary>The joint key stands.</summary>
/// <param name="Qualified">Indices of the trustees whose contributions are in it, ascending.</param>
/// <param name="Key">K.</param>
public sealed record KeyAgreed(IReadOnlyList<int> Qualified, P256Point Key) : RecordPayload
{
    /// <inheritdoc />
    [JsonIgnore]
    public override string Name => "key-agreed";

    private protected override void WriteFields(CanonicalWriter writer) =>
        writer.List(Qualified, (to, index) => to.Number(index)).Point(Key);
}

/// <summary>The voters are fixed.</summary>
/// <param name="Entries">The voters, in the order of their ids.</param>
/// <param name="Configuration">The configuration hash, as anyone computes it from the events before.</param>
/// <param name="Root">The roster root, as anyone computes it.</param>
public sealed record RosterFrozen(IReadOnlyList<RosterEntry> Entries, Digest Configuration, Digest Root) : RecordPayload
{
    /// <inheritdoc />
    [JsonIgnore]
    public override string Name => "roster-frozen";

    private protected override void WriteFields(CanonicalWriter writer) => writer.Bytes(Configuration.Bytes).Bytes(Root.Bytes);
}

/// <summary>Ballots are taken from now on.</summary>
public sealed record VotingOpened : RecordPayload
{
    /// <inheritdoc />
    [JsonIgnore]
    public override string Name => "voting-opened";

    private protected override void WriteFields(CanonicalWriter writer)
    {
    }
}

/// <summary>Sealed arguments are taken from now on.</summary>
public sealed record DeliberationOpened : RecordPayload
{
    /// <inheritdoc />
    [JsonIgnore]
    public override string Name => "deliberation-opened";

    private protected override void WriteFields(CanonicalWriter writer)
    {
    }
}

/// <summary>A voter argued. Nobody but the coordinator's program can read it before all are shown.</summary>
public sealed record ArgumentSealed(SealedArgument Argument) : RecordPayload
{
    /// <inheritdoc />
    [JsonIgnore]
    public override string Name => "argument-sealed";

    private protected override void WriteFields(CanonicalWriter writer) => writer.Bytes(Argument.Agent.Bytes).Bytes(Argument.Sealed).Bytes(Argument.Signature);
}

/// <summary>All arguments at once, without names; ballots are taken from now on.</summary>
/// <param name="Arguments">In the order of <see cref="Argument.InOrder"/>; none where so few argued that their names would be known.</param>
public sealed record ArgumentsOpened(IReadOnlyList<Argument> Arguments) : RecordPayload
{
    /// <inheritdoc />
    [JsonIgnore]
    public override string Name => "arguments-opened";

    private protected override void WriteFields(CanonicalWriter writer) =>
        writer.List(Arguments, (to, argument) => to.Text(argument.Text).Bytes(argument.Salt.Bytes));
}

/// <summary>A ballot was accepted.</summary>
public sealed record BallotCast(Ballot Ballot) : RecordPayload
{
    /// <inheritdoc />
    [JsonIgnore]
    public override string Name => "ballot-cast";

    private protected override void WriteFields(CanonicalWriter writer) => Ballot.Write(writer).Bytes(Ballot.Signature);
}

/// <summary>An agent signed a second, different ballot. It was refused; both are evidence against the agent.</summary>
public sealed record EquivocationNoted(Ballot Second) : RecordPayload
{
    /// <inheritdoc />
    [JsonIgnore]
    public override string Name => "equivocation-noted";

    private protected override void WriteFields(CanonicalWriter writer) => Second.Write(writer).Bytes(Second.Signature);
}

/// <summary>Why a record was closed.</summary>
[JsonConverter(typeof(NamedConverter<CloseReason>))]
public enum CloseReason
{
    /// <summary>Everybody on the roster has cast.</summary>
    Complete,

    /// <summary>The time came.</summary>
    Deadline,
}

/// <summary>No ballot is accepted any more.</summary>
public sealed record RecordClosed(CloseReason Reason) : RecordPayload
{
    /// <inheritdoc />
    [JsonIgnore]
    public override string Name => "closed";

    private protected override void WriteFields(CanonicalWriter writer) => writer.Text(Reason.ToString());
}

/// <summary>A trustee decrypted its part of the sum.</summary>
public sealed record PartiallyDecrypted(PartialDecryption Partial) : RecordPayload
{
    /// <inheritdoc />
    [JsonIgnore]
    public override string Name => "partially-decrypted";

    private protected override void WriteFields(CanonicalWriter writer) => writer
        .Number(Partial.Index).Bytes(Partial.ClosedHead.Bytes)
        .List(Partial.Parts, (to, part) => to.Point(part.D).Scalar(part.Challenge).Scalar(part.Response))
        .Bytes(Partial.Signature);
}

/// <summary>The counts, and what they decide.</summary>
public sealed record Tallied(IReadOnlyList<long> Counts, Decision Decision, int? Winner) : RecordPayload
{
    /// <inheritdoc />
    [JsonIgnore]
    public override string Name => "tallied";

    private protected override void WriteFields(CanonicalWriter writer) =>
        writer.List(Counts, (to, count) => to.Number(count)).Text(Decision.ToString()).Number(Winner ?? -1);
}

/// <summary>The target confirmed the decision.</summary>
/// <param name="Confirmation">What the target answered; the local record confirms itself.</param>
public sealed record Settled(string Confirmation) : RecordPayload
{
    /// <inheritdoc />
    [JsonIgnore]
    public override string Name => "settled";

    private protected override void WriteFields(CanonicalWriter writer) => writer.Text(Confirmation);
}

/// <summary>How a proposal ended without a decision.</summary>
[JsonConverter(typeof(NamedConverter<EndReason>))]
public enum EndReason
{
    /// <summary>By the authority that the policy names, before the close.</summary>
    Cancelled,

    /// <summary>A deadline passed that the state cannot outlive.</summary>
    Expired,

    /// <summary>It cannot continue.</summary>
    Failed,
}

/// <summary>The proposal ended without a decision. Never an approval.</summary>
public sealed record Ended(EndReason Reason, string Explanation) : RecordPayload
{
    /// <inheritdoc />
    [JsonIgnore]
    public override string Name => "ended";

    private protected override void WriteFields(CanonicalWriter writer) => writer.Text(Reason.ToString()).Text(Explanation);
}
