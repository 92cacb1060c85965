using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Witan.Crypto;

namespace Witan.Voting;

/// <summary>
/// What a record says, as a fold over its events. Immutable; <see cref="RecordFold.Apply"/> makes the next one. Recovery is
/// this fold over the stored events, and an audit is this fold over the published ones.
/// </summary>
public sealed record RecordState
{
    /// <summary>How many events there are.</summary>
    public required long Size { get; init; }

    /// <summary>Hash of the last event.</summary>
    public required Digest Head { get; init; }

    /// <summary>When the last event was appended.</summary>
    public required DateTimeOffset LastAt { get; init; }

    /// <summary>Where the proposal stands.</summary>
    public required ProposalState State { get; init; }

    /// <summary>The first event.</summary>
    public required ProposalOpened Opening { get; init; }

    /// <summary>The proposal's id.</summary>
    public required Digest ProposalId { get; init; }

    /// <summary>The trustees; empty until they are enrolled.</summary>
    public ImmutableList<Trustee> Trustees { get; init; } = [];

    /// <summary>Hash of the event that enrolled the trustees; zero until then.</summary>
    public Digest EnrolledHead { get; init; }

    /// <summary>The trustees' evidence for this proposal; empty in LOCAL_MODE.</summary>
    public ImmutableSortedDictionary<int, AgentEvidence> Evidence { get; init; } = ImmutableSortedDictionary<int, AgentEvidence>.Empty;

    /// <summary>Commitments by trustee.</summary>
    public ImmutableSortedDictionary<int, ContributionCommitment> Commitments { get; init; } =
        ImmutableSortedDictionary<int, ContributionCommitment>.Empty;

    /// <summary>Contributions by trustee.</summary>
    public ImmutableSortedDictionary<int, KeyContribution> Contributions { get; init; } =
        ImmutableSortedDictionary<int, KeyContribution>.Empty;

    /// <summary>Verdicts on shares by trustee.</summary>
    public ImmutableSortedDictionary<int, ShareVerdict> ShareVerdicts { get; init; } =
        ImmutableSortedDictionary<int, ShareVerdict>.Empty;

    /// <summary>When the last verdict on shares came.</summary>
    public DateTimeOffset JudgedAt { get; init; }

    /// <summary>Disclosed shares by (from, to).</summary>
    public ImmutableDictionary<(int From, int To), P256Scalar> Disclosures { get; init; } =
        ImmutableDictionary<(int From, int To), P256Scalar>.Empty;

    /// <summary>Indices of the trustees in the key; empty until it is agreed.</summary>
    public ImmutableSortedSet<int> Qualified { get; init; } = [];

    /// <summary>The joint key; null until it is agreed.</summary>
    public P256Point? ElectionKey { get; init; }

    /// <summary>Hash over rules, policy, trustees and key; zero until the roster is frozen.</summary>
    public Digest Configuration { get; init; }

    /// <summary>Hash over the frozen roster; zero until then.</summary>
    public Digest RosterRoot { get; init; }

    /// <summary>The voters by id; empty until the roster is frozen.</summary>
    public ImmutableDictionary<Digest, RosterEntry> Roster { get; init; } = ImmutableDictionary<Digest, RosterEntry>.Empty;

    /// <summary>Sealed arguments by agent; empty without a sealed round.</summary>
    public ImmutableDictionary<Digest, SealedArgument> SealedArguments { get; init; } = ImmutableDictionary<Digest, SealedArgument>.Empty;

    /// <summary>The arguments as shown to all; empty until then.</summary>
    public ImmutableList<Argument> Arguments { get; init; } = [];

    /// <summary>
    /// How many arguments the round shows: all, or none where fewer argued than the anonymity set asks for. That a voter argued is public,
    /// so that one argument alone would have a name.
    /// </summary>
    [JsonIgnore]
    public int ArgumentsToShow => SealedArguments.Count >= Math.Max(2, Body.MinimumAnonymity) ? SealedArguments.Count : 0;

    /// <summary>Accepted ballots by nullifier.</summary>
    public ImmutableDictionary<Digest, Ballot> Ballots { get; init; } = ImmutableDictionary<Digest, Ballot>.Empty;

    /// <summary>Where the accepted ballots stand, by nullifier: what a receipt says.</summary>
    public ImmutableDictionary<Digest, BallotPosition> Positions { get; init; } = ImmutableDictionary<Digest, BallotPosition>.Empty;

    /// <summary>Agents of which two different ballots are kept.</summary>
    public ImmutableHashSet<Digest> Equivocators { get; init; } = [];

    /// <summary>Hash of the event that closed the record; zero until then.</summary>
    public Digest ClosedHead { get; init; }

    /// <summary>Partial decryptions by trustee.</summary>
    public ImmutableSortedDictionary<int, PartialDecryption> Partials { get; init; } =
        ImmutableSortedDictionary<int, PartialDecryption>.Empty;

    /// <summary>Votes by option; empty until they are tallied.</summary>
    public ImmutableList<long> Counts { get; init; } = [];

    /// <summary>The decision; null until there is one. A proposal that ended otherwise has none.</summary>
    public Outcome? Outcome { get; init; }

    /// <summary>Why it ended without a decision; null elsewhere.</summary>
    public string? Explanation { get; init; }

    /// <summary>The question with its rules.</summary>
    [JsonIgnore]
    public ProposalBody Body => Opening.Body;

    /// <summary>What stands behind the agents.</summary>
    [JsonIgnore]
    public ExecutionMode Mode => Opening.Mode;

    /// <summary>Whether nothing can be appended any more.</summary>
    public bool IsFinal => State is ProposalState.Settled or ProposalState.NoQuorum or ProposalState.Cancelled
        or ProposalState.Expired or ProposalState.Failed;

    /// <summary>What the key generation's messages are bound to.</summary>
    public KeyGenerationContext KeyGeneration => new(Opening.Target, ProposalId, Opening.Policy, Body.Threshold, Trustees);

    /// <summary>What ballots and decryptions are bound to. Throws before the roster is frozen.</summary>
    public BallotContext BallotContext => ElectionKey is { } key && Roster.Count > 0
        ? new BallotContext(Opening.Target, ProposalId, Configuration, RosterRoot, key, Body.Options.Count)
        : throw new InvalidOperationException("there is no ballot context before the roster is frozen");

    /// <summary>The contributions of the qualified trustees.</summary>
    public IReadOnlyCollection<KeyContribution> QualifiedContributions =>
        [.. Contributions.Where(pair => Qualified.Contains(pair.Key)).Select(pair => pair.Value)];

    /// <summary>The encrypted sums over exactly the counted ballots, by option.</summary>
    public IReadOnlyList<EncryptedSum> Sums() =>
        Decryption.Sum(Body.Options.Count, [.. Ballots.Values.Select(ballot => (ballot, Roster[ballot.Agent].Weight))]);

    /// <summary>The sum of the weights of the counted ballots.</summary>
    public long TotalWeight => Ballots.Values.Sum(ballot => (long)Roster[ballot.Agent].Weight);

    /// <summary>The configuration hash that follows from what is fixed before the roster.</summary>
    public Digest ComputeConfiguration(P256Point key) => new CanonicalWriter(DomainTags.Configuration)
        .Bytes(ProposalId.Bytes).Text(Opening.Mode.ToString()).Text(Opening.Target).Bytes(Opening.Policy.Bytes)
        .Bytes(Opening.Coordinator.Bytes)
        .Time(Body.OpenBy).Time(Body.CloseAt).Time(Body.SettleBy)
        .Number(Body.Threshold)
        .List(Trustees, (writer, trustee) => writer.Number(trustee.Index).Bytes(trustee.Keys.AgentId.Bytes))
        .List(Qualified, (writer, index) => writer.Number(index))
        .Point(key)
        .Hash();
}
