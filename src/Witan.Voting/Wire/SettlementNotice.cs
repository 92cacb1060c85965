using Witan.Crypto;

namespace Witan.Voting;

/// <summary>
/// What a coordinator tells a settlement target: the decision, where it stands in the record, and the coordinator's signature
/// over all of it. The same decision gives the same bytes at every attempt, so a target may compare them.
/// </summary>
/// <param name="Schema"><see cref="SchemaName"/>.</param>
/// <param name="Mark">What the mode obliges every output to say; empty in production. A target refuses anything else.</param>
/// <param name="Target">The target's name as ballots are bound to it: a notice for another target is not for you.</param>
/// <param name="Proposal">The proposal's id: the idempotency key.</param>
/// <param name="Decision">How it was decided.</param>
/// <param name="Winner">Name of the option that won; null where none did.</param>
/// <param name="Options">The options in ballot order.</param>
/// <param name="Counts">Votes by option in ballot order.</param>
/// <param name="Configuration">Hash over rules, policy, trustees and key.</param>
/// <param name="RosterRoot">Hash over the frozen roster.</param>
/// <param name="Size">How many events lead to the decision.</param>
/// <param name="Head">Hash of the last of them: what an audit of the published record must pass through.</param>
/// <param name="DecidedAt">When the sum was counted.</param>
/// <param name="Coordinator">The coordinator's signing key; its evidence binds it.</param>
/// <param name="Signature">Ed25519 over the canonical bytes, 64 bytes.</param>
public sealed record SettlementNotice(
    string Schema,
    string Mark,
    string Target,
    Digest Proposal,
    Decision Decision,
    string? Winner,
    IReadOnlyList<string> Options,
    IReadOnlyList<long> Counts,
    Digest Configuration,
    Digest RosterRoot,
    long Size,
    Digest Head,
    DateTimeOffset DecidedAt,
    Digest Coordinator,
    byte[] Signature)
{
    /// <summary>Name and version of the form.</summary>
    public const string SchemaName = "witan.settlement/1";

    /// <summary>Signs the notice of a decided record. Throws where it is not at Settling: an undecided record settles nothing.</summary>
    public static SettlementNotice Of(RecordState decided, ReadOnlySpan<byte> signingSeed)
    {
        if (decided.State != ProposalState.Settling || decided.Outcome is not { } outcome)
            throw new ArgumentException($"a record in state {decided.State} has nothing to settle", nameof(decided));
        var unsigned = new SettlementNotice(
            SchemaName, decided.Mode.Mark() ?? "", decided.Opening.Target, decided.ProposalId, outcome.Decision,
            outcome.Winner is { } winner ? decided.Body.Options[winner] : null, [.. decided.Body.Options], [.. decided.Counts],
            decided.Configuration, decided.RosterRoot, decided.Size, decided.Head, decided.LastAt, decided.Opening.Coordinator, []);
        return unsigned with { Signature = Ed25519.Sign(signingSeed, unsigned.SignedBytes()) };
    }

    /// <summary>
    /// Whether the coordinator signed it. A target that acts on a notice also checks <see cref="Target"/>, <see cref="Mark"/>, that the
    /// key is one it knows from verified evidence, and recomputes the decision from the counts.
    /// </summary>
    public bool IsSignedBy(Digest coordinator) =>
        Schema == SchemaName && Coordinator == coordinator && Ed25519.Verify(coordinator.Bytes, SignedBytes(), Signature);

    private byte[] SignedBytes() => new CanonicalWriter(DomainTags.Settlement)
        .Text(Mark).Text(Target).Bytes(Proposal.Bytes).Text(Decision.ToString())
        .List<string>(Winner is null ? [] : [Winner], (to, option) => to.Text(option))
        .List(Options, (to, option) => to.Text(option))
        .List(Counts, (to, count) => to.Number(count))
        .Bytes(Configuration.Bytes).Bytes(RosterRoot.Bytes).Number(Size).Bytes(Head.Bytes).Time(DecidedAt).Bytes(Coordinator.Bytes)
        .ToBytes();
}
