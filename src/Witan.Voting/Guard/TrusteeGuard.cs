using Witan.Crypto;

namespace Witan.Voting;

/// <summary>Why a trustee does not open a sum. Stable names.</summary>
[System.Text.Json.Serialization.JsonConverter(typeof(NamedConverter<TrusteeRefusalCode>))]
public enum TrusteeRefusalCode
{
    /// <summary>The record does not replay, or is not closed, or is of another mode.</summary>
    RecordInvalid,

    /// <summary>A sum over the counted ballots of that record is the identity.</summary>
    NotTheSum,

    /// <summary>Too few ballots or voters.</summary>
    TooFew,

    /// <summary>The proposal was opened before, over other bytes.</summary>
    OpenedBefore,

    /// <summary>The close is not reached by the trustee's own clock.</summary>
    TooEarly,

    /// <summary>The record is older than, or differs from, a checkpoint that the trustee has seen.</summary>
    RolledBack,

    /// <summary>The coordinator's evidence does not satisfy the proposal's policy any more.</summary>
    CoordinatorNotTrusted,

    /// <summary>A linked proposal with nearly the same voters was opened before.</summary>
    Linked,

    /// <summary>The trustee's share is not part of the record's key.</summary>
    NotQualified,
}

/// <summary>What the guard decided: an answer with the memory to store first, or a refusal.</summary>
/// <param name="Memory">To be stored durably before <paramref name="Answer"/> leaves; the memory given where nothing changed.</param>
/// <param name="Answer">The partial decryption; null where refused.</param>
/// <param name="Refusal">Why not; null where answered.</param>
/// <param name="Message">One sentence; empty where answered.</param>
public sealed record TrusteeDecision(TrusteeMemory Memory, PartialDecryption? Answer, TrusteeRefusalCode? Refusal, string Message);

/// <summary>
/// When a trustee opens a sum. It decides on its own replay of the record, never on a ciphertext that a coordinator hands
/// it. Pure: memory in, memory out.
/// </summary>
public static class TrusteeGuard
{
    /// <summary>
    /// Decides on a request. <paramref name="events"/> is the whole record as fetched; <paramref name="coordinatorTrusted"/> whether the
    /// coordinator's evidence satisfies the proposal's policy now; <paramref name="index"/>, <paramref name="share"/> and
    /// <paramref name="signingSeed"/> are this trustee's; <paramref name="now"/> is its own clock.
    /// </summary>
    public static TrusteeDecision Decide(
        TrusteeMemory memory,
        TrusteeRules rules,
        DecryptionRequest request,
        IReadOnlyList<RecordEvent> events,
        bool coordinatorTrusted,
        int index,
        P256Scalar share,
        ReadOnlySpan<byte> signingSeed,
        ScalarSource random,
        DateTimeOffset now)
    {
        TrusteeDecision No(TrusteeRefusalCode code, string message) => new(memory, null, code, message);

        if (!coordinatorTrusted)
            return No(TrusteeRefusalCode.CoordinatorNotTrusted, "the coordinator's evidence does not satisfy the proposal's policy");
        if (Replay(events, out string problem) is not { } state)
            return No(TrusteeRefusalCode.RecordInvalid, problem);
        if (state.ProposalId != request.Proposal || state.ClosedHead == Digest.Zero || state.ClosedHead != request.ClosedHead)
            return No(TrusteeRefusalCode.RecordInvalid, "the record is another one, or is not closed where the request says");
        if (state.Mode < rules.Mode)
            return No(TrusteeRefusalCode.RecordInvalid, $"the record is of mode {state.Mode}; this trustee serves {rules.Mode} or better");
        if (memory.Find(request.Proposal) is { } seen && !seen.IsIn(events))
            return No(TrusteeRefusalCode.RolledBack, $"the record does not contain the checkpoint at size {seen.Size} that was seen before");

        // A record can be closed and still not be for opening: NoQuorum.
        int least = Math.Max(rules.MinimumBallots, Math.Max(state.Body.MinimumTurnout, state.Body.MinimumAnonymity));
        if (state.Ballots.Count < least || state.Roster.Count < rules.MinimumRoster || state.State == ProposalState.NoQuorum)
            return No(TrusteeRefusalCode.TooFew, $"{state.Ballots.Count} ballots of {state.Roster.Count} voters are too few to be opened");
        if (now < state.Body.CloseAt && state.Ballots.Count < state.Roster.Count)
            return No(TrusteeRefusalCode.TooEarly, "the proposal has not closed by this trustee's clock");

        IReadOnlyList<EncryptedSum> sums = state.Sums();
        if (!sums.All(sum => sum.IsProper))
            return No(TrusteeRefusalCode.NotTheSum, "a sum is the identity and cannot be opened");
        Digest sumHash = Decryption.Hash(sums);
        if (memory.Opened.FirstOrDefault(opened => opened.Proposal == request.Proposal) is { } before)
        {
            return before.ClosedHead == request.ClosedHead && before.Sums == sumHash
                ? new TrusteeDecision(memory, before.Answer, null, "")
                : No(TrusteeRefusalCode.OpenedBefore, "another sum of this proposal was opened before");
        }

        Digest question = Question(state.Body);
        Digest[] voters = [.. state.Roster.Keys.Order()];
        // Of a sum that was opened before this rule was set nobody knows the voters: they may have been nearly the same.
        if (rules.LinkSameQuestions && memory.Opened.Any(opened => opened.Question == question && (opened.Voters.Count == 0 || Differ(opened.Voters, voters) < least)))
            return No(TrusteeRefusalCode.Linked, "the same question was opened before for nearly the same voters");
        if (!state.Qualified.Contains(index)
            || !P256Point.MultiplyBase(share).Equals(JointKey.VerificationKey(state.QualifiedContributions, index)))
        {
            return No(TrusteeRefusalCode.NotQualified, $"the share of trustee {index} is not part of this record's key");
        }

        PartialDecryption answer = Decryption.Decrypt(state.BallotContext, sums, index, share, state.ClosedHead, signingSeed, random);
        return new TrusteeDecision(
            memory.With(new OpenedSum(state.ProposalId, state.ClosedHead, sumHash, question, rules.LinkSameQuestions ? voters : [], answer)), answer, null, "");
    }

    /// <summary>
    /// Takes note of a checkpoint. Null where it is not the coordinator's, or is older than the newest seen; the same size with
    /// another head is proof against the coordinator, told by <paramref name="contradiction"/>.
    /// </summary>
    public static TrusteeMemory? Observe(TrusteeMemory memory, Checkpoint checkpoint, Digest coordinator, out Checkpoint? contradiction)
    {
        contradiction = null;
        if (!checkpoint.IsSignedBy(coordinator))
            return null;
        Checkpoint? newest = memory.Find(checkpoint.Proposal);
        if (newest is null || checkpoint.Size > newest.Size)
            return memory.With(checkpoint);
        if (checkpoint.Size == newest.Size && checkpoint.Head == newest.Head)
            return memory;
        if (checkpoint.Size == newest.Size)
            contradiction = newest;
        return null;
    }

    private static RecordState? Replay(IReadOnlyList<RecordEvent> events, out string problem)
    {
        RecordState? state = null;
        problem = "the record is empty";
        foreach (RecordEvent next in events)
        {
            state = RecordFold.Apply(state, next, RecordedBallots.InFold(next), out Refusal? refusal);
            if (state is null)
            {
                problem = $"event {next.Sequence} ({next.Payload.Name}): {refusal!.Message}";
                return null;
            }
        }

        if (state is null || RecordedBallots.FirstBad(state, events, parallelism: -1) is not var (failed, reason))
            return state;
        problem = $"event {failed.Sequence} ({failed.Payload.Name}): {reason.Message}";
        return null;
    }

    private static Digest Question(ProposalBody body) => new CanonicalWriter(DomainTags.Question)
        .Text(body.Title).Text(body.Text)
        .List(body.Facts, (writer, fact) => writer.Text(fact.Name).Text(fact.Value))
        .List(body.Options, (writer, option) => writer.Text(option)).Hash();

    private static int Differ(IReadOnlyList<Digest> one, IReadOnlyList<Digest> two) => one.Except(two).Count() + two.Except(one).Count();
}
