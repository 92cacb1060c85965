using System.Collections.Immutable;
using Witan.Crypto;

namespace Witan.Voting;

/// <summary>Which proofs a fold checks. Everything else is always checked.</summary>
public enum ProofChecks
{
    /// <summary>Every proof and every agent's signature.</summary>
    All,

    /// <summary>
    /// None: for replaying a record of one's own whose proofs were checked before they were appended, and for an audit that
    /// checks them beside the fold.
    /// </summary>
    None,
}

/// <summary>
/// The state machine. Each event either leads to the next state or is refused with a reason; there is no third way, and no
/// event that is refused leaves a trace.
/// </summary>
public static class RecordFold
{
    /// <summary>Applies one event. <paramref name="state"/> is null for the first.</summary>
    public static RecordState? Apply(RecordState? state, RecordEvent next, ProofChecks checks, out Refusal? refusal)
    {
        refusal = Chain(state, next, null);
        return refusal is null ? Follow(state, next, checks, out refusal) : null;
    }

    /// <summary>
    /// Applies an event that <paramref name="signer"/>'s own key signed and whose proofs were checked before that: by an earlier run, or by another
    /// coordinator with the same key. Ed25519 gives one signature for a key and a message, so it is made again and compared, which costs half of what
    /// verifying does.
    /// </summary>
    public static RecordState? Adopt(RecordState? state, RecordEvent next, Ed25519Signer signer, out Refusal? refusal)
    {
        refusal = Chain(state, next, signer);
        return refusal is null ? Follow(state, next, ProofChecks.None, out refusal) : null;
    }

    /// <summary>
    /// Makes the event that comes next and applies it, as <see cref="Apply"/> would, without hashing and verifying again what was hashed and
    /// signed here. <paramref name="appended"/> is null where it is refused. <paramref name="signer"/> is the coordinator's.
    /// </summary>
    public static RecordState? Append(
        RecordState? state, DateTimeOffset at, RecordPayload payload, Ed25519Signer signer, ProofChecks checks, out RecordEvent? appended, out Refusal? refusal)
    {
        RecordEvent next = RecordEvent.Next(state?.Size ?? 0, state?.Head ?? Digest.Zero, at, payload, signer);
        bool isOurs = Coordinator(state, next) is { } key && key.Bytes.SequenceEqual(signer.PublicKey.Span);
        refusal = Order(state, next) ?? (isOurs ? null : No(RefusalCode.SignatureInvalid, "it is signed by another key than the coordinator's"));
        RecordState? result = refusal is null ? Follow(state, next, checks, out refusal) : null;
        appended = result is null ? null : next;
        return result;
    }

    private static RecordState? Follow(RecordState? state, RecordEvent next, ProofChecks checks, out Refusal? refusal)
    {
        (RecordState? result, refusal) = state is null ? Open(next) : Step(state, next, checks == ProofChecks.All);
        return result is null ? null : result with { Size = next.Sequence + 1, Head = next.Hash, LastAt = next.At };
    }

    private static Digest? Coordinator(RecordState? state, RecordEvent next) =>
        state?.Opening.Coordinator ?? (next.Payload as ProposalOpened)?.Coordinator;

    private static Refusal? Order(RecordState? state, RecordEvent next) => next.At < (state?.LastAt ?? DateTimeOffset.MinValue)
        ? No(RefusalCode.Contradiction, "it is earlier than the event before")
        : null;

    private static Refusal? Chain(RecordState? state, RecordEvent next, Ed25519Signer? signer)
    {
        if (next.Sequence != (state?.Size ?? 0))
            return No(RefusalCode.Contradiction, $"event {next.Sequence} stands where event {state?.Size ?? 0} belongs");
        if (next.Previous != (state?.Head ?? Digest.Zero))
            return No(RefusalCode.Contradiction, "it is not chained to the event before");
        if (next.ComputeHash() != next.Hash)
            return No(RefusalCode.Contradiction, "its hash is not that of its content");
        if (Order(state, next) is { } early)
            return early;
        return Coordinator(state, next) is { } key && IsSigned(next, key, signer)
            ? null
            : No(RefusalCode.SignatureInvalid, "the coordinator's signature on it does not verify");
    }

    private static bool IsSigned(RecordEvent next, Digest key, Ed25519Signer? signer) => signer is not null && key.Bytes.SequenceEqual(signer.PublicKey.Span)
        ? signer.Sign(next.Hash.Bytes).AsSpan().SequenceEqual(next.Signature)
        : Ed25519.Verify(key.Bytes, next.Hash.Bytes, next.Signature);

    private static (RecordState?, Refusal?) Open(RecordEvent next)
    {
        if (next.Payload is not ProposalOpened opening)
            return (null, No(RefusalCode.WrongState, "a record begins with its proposal"));
        if (opening.Body.Problem() is { } problem)
            return (null, No(RefusalCode.Contradiction, $"the rules do not hold together: {problem}"));
        if (!Enum.IsDefined(opening.Mode))
            return (null, No(RefusalCode.Contradiction, "there is no such mode"));
        if (opening.Target.Length is 0 or > 200 || opening.PolicyName.Length is 0 or > 200)
            return (null, No(RefusalCode.Contradiction, "target and policy have names of 1 to 200 characters"));
        return (new RecordState
        {
            Size = 0,
            Head = Digest.Zero,
            LastAt = next.At,
            State = ProposalState.Draft,
            Opening = opening,
            ProposalId = opening.Body.Id(),
        }, null);
    }

    private static (RecordState?, Refusal?) Step(RecordState state, RecordEvent next, bool proofs) => next.Payload switch
    {
        TrusteesEnrolled payload => KeyFold.Enrol(state, payload, next.Hash),
        ContributionCommitted payload => KeyFold.Commit(state, payload, proofs),
        KeyContributed payload => KeyFold.Contribute(state, payload.Contribution, proofs),
        SharesJudged payload => KeyFold.Judge(state, payload.Judgement, next.At, proofs),
        ShareDisclosed payload => KeyFold.Disclose(state, payload.Disclosure, proofs),
        KeyAgreed payload => KeyFold.Agree(state, payload, next.At),
        RosterFrozen payload => Freeze(state, payload, next.At),
        VotingOpened => state.State == ProposalState.Open && state.Body.Rounds == 0
            ? (state with { State = ProposalState.Voting }, null)
            : Wrong(state, next.Payload),
        DeliberationOpened payload => DeliberationFold.Open(state, payload),
        ArgumentSealed payload => DeliberationFold.Argue(state, payload.Argument, next.At, proofs),
        ArgumentsOpened payload => DeliberationFold.Show(state, payload, next.At),
        BallotCast payload => Cast(state, payload.Ballot, next, proofs),
        EquivocationNoted payload => Equivocate(state, payload.Second, proofs),
        RecordClosed payload => Close(state, payload, next),
        PartiallyDecrypted payload => Decrypt(state, payload.Partial, proofs),
        Tallied payload => Tally(state, payload),
        Settled => state.State == ProposalState.Settling
            ? (state with { State = ProposalState.Settled }, null)
            : Wrong(state, next.Payload),
        Ended payload => End(state, payload, next.At),
        _ => Wrong(state, next.Payload),
    };

    private static (RecordState?, Refusal?) Freeze(RecordState state, RosterFrozen payload, DateTimeOffset at)
    {
        if (state.State != ProposalState.Draft || state.ElectionKey is not { } key)
            return Wrong(state, payload);
        if (at > state.Body.OpenBy)
            return (null, No(RefusalCode.Late, "the roster came after the last moment to open"));
        if (payload.Entries.Count < state.Body.MinimumRoster)
            return (null, No(RefusalCode.Contradiction, $"{payload.Entries.Count} voters, fewer than {state.Body.MinimumRoster}"));
        if (payload.Entries.Any(entry => entry.Weight is < 1 or > 1_000_000 || entry.ConfidenceLevel is < 0 or > 5))
            return (null, No(RefusalCode.Contradiction, "a weight or a confidence level is out of range"));
        if (state.Mode != ExecutionMode.Local && payload.Entries.Any(entry => entry.Evidence == Digest.Zero))
            return (null, No(RefusalCode.Contradiction, "a voter was admitted without evidence"));
        Digest[] ids = [.. payload.Entries.Select(entry => entry.Keys.AgentId)];
        if (!ids.Zip(ids.Skip(1)).All(pair => pair.First < pair.Second))
            return (null, No(RefusalCode.Contradiction, "the voters do not stand in the order of their ids, or one stands there twice"));
        if (payload.Configuration != state.ComputeConfiguration(key) || payload.Root != Roster.Root(state.ProposalId, payload.Entries))
            return (null, No(RefusalCode.Contradiction, "configuration hash or roster root is not what follows from the record"));
        return (state with
        {
            State = ProposalState.Open,
            Configuration = payload.Configuration,
            RosterRoot = payload.Root,
            Roster = payload.Entries.ToImmutableDictionary(entry => entry.Keys.AgentId),
        }, null);
    }

    private static (RecordState?, Refusal?) Cast(RecordState state, Ballot ballot, RecordEvent next, bool proofs)
    {
        if (state.State != ProposalState.Voting)
            return Wrong(state, new BallotCast(ballot));
        if (next.At >= state.Body.CloseAt)
            return (null, No(RefusalCode.Late, "the ballot came after the close"));
        if (!state.Roster.TryGetValue(ballot.Agent, out RosterEntry? voter))
            return (null, No(RefusalCode.NotOnRoster, "the agent is not on the roster"));
        if (state.Ballots.ContainsKey(ballot.Nullifier))
            return (null, No(RefusalCode.Equivocation, "the slot holds a ballot already"));
        if (ballot.Nullifier != Roster.Nullifier(state.ProposalId, state.Configuration, ballot.Agent))
            return (null, No(RefusalCode.WrongContext, "the nullifier is not this agent's slot in this proposal"));
        // Also where the proofs are checked elsewhere: the sums go over all options of each ballot.
        if (ballot.Options.Count != state.Body.Options.Count)
            return (null, No(RefusalCode.ProofInvalid, $"{ballot.Options.Count} options instead of {state.Body.Options.Count}"));
        if (proofs && BallotVerifier.Check(state.BallotContext, voter, ballot) is { } refusal)
            return (null, refusal);
        return (state with
        {
            Ballots = state.Ballots.Add(ballot.Nullifier, ballot),
            Positions = state.Positions.Add(ballot.Nullifier, new BallotPosition(next.Sequence, next.Hash, next.At)),
        }, null);
    }

    private static (RecordState?, Refusal?) Equivocate(RecordState state, Ballot second, bool proofs)
    {
        if (state.State != ProposalState.Voting)
            return Wrong(state, new EquivocationNoted(second));
        if (!state.Ballots.TryGetValue(second.Nullifier, out Ballot? first) || first.Agent != second.Agent || first.Hash() == second.Hash())
            return (null, No(RefusalCode.Contradiction, "there is no other ballot in that slot"));
        if (proofs && !Ed25519.Verify(state.Roster[second.Agent].Keys.Signing.Bytes, second.SignedBytes(state.BallotContext), second.Signature))
            return (null, No(RefusalCode.SignatureInvalid, "the second ballot is not signed by the agent"));
        return state.Equivocators.Contains(second.Agent)
            ? (null, No(RefusalCode.Contradiction, "the equivocation is noted already"))
            : (state with { Equivocators = state.Equivocators.Add(second.Agent) }, null);
    }

    private static (RecordState?, Refusal?) Close(RecordState state, RecordClosed payload, RecordEvent next)
    {
        if (state.State != ProposalState.Voting)
            return Wrong(state, payload);
        bool due = payload.Reason == CloseReason.Complete ? state.Ballots.Count == state.Roster.Count : next.At >= state.Body.CloseAt;
        if (!due)
            return (null, No(RefusalCode.Contradiction, "neither has everybody cast nor has the time come"));
        bool enough = state.Ballots.Count >= Math.Max(state.Body.MinimumTurnout, state.Body.MinimumAnonymity);
        return (state with
        {
            State = enough ? ProposalState.Tallying : ProposalState.NoQuorum,
            ClosedHead = next.Hash,
            Outcome = enough ? null : new Outcome(Decision.NoQuorum, null),
        }, null);
    }

    private static (RecordState?, Refusal?) Decrypt(RecordState state, PartialDecryption partial, bool proofs)
    {
        if (state.State != ProposalState.Tallying)
            return Wrong(state, new PartiallyDecrypted(partial));
        if (!state.Qualified.Contains(partial.Index))
            return (null, No(RefusalCode.NotOnRoster, $"trustee {partial.Index} is not in the key"));
        if (state.Partials.ContainsKey(partial.Index))
            return (null, No(RefusalCode.Contradiction, $"trustee {partial.Index} has decrypted already"));
        if (partial.ClosedHead != state.ClosedHead)
            return (null, No(RefusalCode.WrongContext, "the trustee decrypted another record"));
        if (proofs && Check(state, partial) is { } refusal)
            return (null, refusal);
        return (state with { Partials = state.Partials.Add(partial.Index, partial) }, null);
    }

    internal static Refusal? Check(RecordState state, PartialDecryption partial) => Decryption.Check(
        state.BallotContext,
        state.Sums(),
        state.Trustees[partial.Index - 1],
        JointKey.VerificationKey(state.QualifiedContributions, partial.Index),
        partial);

    private static (RecordState?, Refusal?) Tally(RecordState state, Tallied payload)
    {
        if (state.State != ProposalState.Tallying || state.Partials.Count < state.Body.Threshold)
            return Wrong(state, payload);
        if (Count(state) is not { } counts)
            return (null, No(RefusalCode.Contradiction, "the partial decryptions do not open the sum"));
        if (!counts.SequenceEqual(payload.Counts))
            return (null, No(RefusalCode.Contradiction, "the counts are not what the trustees decrypted"));
        Outcome outcome = Outcome.Decide(state.Body, counts);
        if (payload.Decision != outcome.Decision || payload.Winner != outcome.Winner)
            return (null, No(RefusalCode.Contradiction, "the verdict does not follow from the counts"));
        return (state with { State = ProposalState.Settling, Counts = [.. counts], Outcome = outcome }, null);
    }

    /// <summary>
    /// The counts, from the first t partial decryptions. Null where there are too few, where they do not open the sum, or where the
    /// counts do not add up to the weight of the ballots counted: no vote is lost or made up between closing and counting.
    /// </summary>
    public static IReadOnlyList<long>? Count(RecordState state)
    {
        if (state.Partials.Count < state.Body.Threshold)
            return null;
        long total = state.TotalWeight;
        IReadOnlyList<long>? counts = Decryption.Combine(state.Sums(), [.. state.Partials.Values.Take(state.Body.Threshold)], total);
        return counts is not null && counts.Sum() == total ? counts : null;
    }

    // An end has its reason in the record: a coordinator that knows the counts must not be able to let a decision expire.
    private static (RecordState?, Refusal?) End(RecordState state, Ended payload, DateTimeOffset at)
    {
        bool enough = state.Partials.Count >= state.Body.Threshold;
        bool allowed = payload.Reason switch
        {
            EndReason.Cancelled => state.State is ProposalState.Draft or ProposalState.Open or ProposalState.Deliberating or ProposalState.Voting,
            EndReason.Expired => (state.State == ProposalState.Draft && at > state.Body.OpenBy) || (state.State == ProposalState.Tallying && at > state.Body.SettleBy && !enough),
            _ => (state.State == ProposalState.Deliberating && (state.SealedArguments.Count == state.Roster.Count || at >= state.Body.ArgueBy))
                || (state.State == ProposalState.Draft && state.ElectionKey is null && Lifecycle.NextKey(state, at) is Ended)
                || (state.State == ProposalState.Tallying && enough && Count(state) is null),
        };
        if (!allowed || payload.Explanation.Length > 1000)
            return Wrong(state, payload);
        ProposalState ended = payload.Reason switch
        {
            EndReason.Cancelled => ProposalState.Cancelled,
            EndReason.Expired => ProposalState.Expired,
            _ => ProposalState.Failed,
        };
        return (state with { State = ended, Explanation = payload.Explanation }, null);
    }

    internal static (RecordState?, Refusal?) Wrong(RecordState state, RecordPayload payload) =>
        (null, No(RefusalCode.WrongState, $"{payload.Name} is not possible in state {state.State}"));

    internal static Refusal No(RefusalCode code, string message) => new(code, message);
}
