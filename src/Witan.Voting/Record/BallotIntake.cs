namespace Witan.Voting;

/// <summary>Where a counted ballot stands in the record.</summary>
/// <param name="Sequence">Sequence number of the event.</param>
/// <param name="Head">Hash of the event.</param>
/// <param name="At">When it was appended.</param>
public sealed record BallotPosition(long Sequence, Digest Head, DateTimeOffset At);

/// <summary>What the keeper of a record does with a ballot that came in. Exactly one of the members says it.</summary>
public abstract record BallotVerdict
{
    private BallotVerdict()
    {
    }

    /// <summary>New and good: append the event, make it durable, then answer with its receipt.</summary>
    public sealed record Append(BallotCast Event) : BallotVerdict;

    /// <summary>The same bytes again: answer with the receipt of that position; nothing is appended.</summary>
    public sealed record Repeat(BallotPosition Position) : BallotVerdict;

    /// <summary>
    /// Refused. Where <paramref name="Evidence"/> is not null it is appended: the agent signed two different ballots for one slot.
    /// </summary>
    public sealed record Refuse(Refusal Refusal, EquivocationNoted? Evidence) : BallotVerdict;
}

/// <summary>A ballot that came in.</summary>
/// <param name="Ballot">The ballot.</param>
/// <param name="Hint">What came beside it; never believed.</param>
/// <param name="Attested">Whether the agent's attestation is valid now (always true in LOCAL_MODE).</param>
public sealed record IncomingBallot(Ballot Ballot, BallotCommitments Hint, bool Attested);

/// <summary>Judges incoming ballots: pure, so that a retry, a double execution and a crash all come out the same.</summary>
public static class BallotIntake
{
    /// <summary>
    /// Judges a ballot. <paramref name="now"/> is the server's clock; <paramref name="attested"/> whether the agent's attestation is
    /// valid now (always true in LOCAL_MODE). The ballot's proofs are checked here.
    /// </summary>
    public static BallotVerdict Judge(RecordState state, Ballot ballot, DateTimeOffset now, bool attested) =>
        Before(state, ballot, now, out RosterEntry? voter)
        ?? After(state, ballot, BallotVerifier.Check(state.BallotContext, voter!, ballot), attested);

    /// <summary>
    /// Judges several ballots on one state, in the order given, each exactly as <see cref="Judge"/> does; their proofs are checked
    /// together. Two for one slot are both judged on the state before them: whoever appends the first judges the second again.
    /// </summary>
    public static IReadOnlyList<BallotVerdict> JudgeTogether(RecordState state, IReadOnlyList<IncomingBallot> ballots, DateTimeOffset now, ByteSource random)
    {
        var verdicts = new BallotVerdict[ballots.Count];
        var batch = new List<BatchedBallot>(ballots.Count);
        var places = new List<int>(ballots.Count);
        for (int i = 0; i < ballots.Count; i++)
        {
            if (Before(state, ballots[i].Ballot, now, out RosterEntry? voter) is { } verdict)
            {
                verdicts[i] = verdict;
                continue;
            }

            batch.Add(new BatchedBallot(voter!, ballots[i].Ballot, ballots[i].Hint));
            places.Add(i);
        }

        if (batch.Count == 0)
            return verdicts;
        IReadOnlyList<Refusal?> refusals = BallotBatch.Check(state.BallotContext, batch, random);
        for (int i = 0; i < batch.Count; i++)
            verdicts[places[i]] = After(state, batch[i].Ballot, refusals[i], ballots[places[i]].Attested);
        return verdicts;
    }

    // What can be said without looking at a proof; null where the proofs must be looked at.
    private static BallotVerdict? Before(RecordState state, Ballot ballot, DateTimeOffset now, out RosterEntry? voter)
    {
        if (!state.Roster.TryGetValue(ballot.Agent, out voter))
            return No(RefusalCode.NotOnRoster, "the agent is not on the roster");
        if (state.Ballots.TryGetValue(ballot.Nullifier, out Ballot? first) && first.Hash() == ballot.Hash())
            return new BallotVerdict.Repeat(state.Positions[ballot.Nullifier]);
        if (state.State != ProposalState.Voting)
        {
            return state.ClosedHead == Digest.Zero && !state.IsFinal
                ? No(RefusalCode.WrongState, $"ballots are not taken in state {state.State}")
                : No(RefusalCode.Late, "the proposal takes no ballots any more");
        }

        return now >= state.Body.CloseAt ? No(RefusalCode.Late, "the ballot came after the close") : null;
    }

    private static BallotVerdict After(RecordState state, Ballot ballot, Refusal? refusal, bool attested)
    {
        if (refusal is not null)
            return new BallotVerdict.Refuse(refusal, null);
        if (state.Ballots.ContainsKey(ballot.Nullifier))
        {
            EquivocationNoted? evidence = state.Equivocators.Contains(ballot.Agent) ? null : new EquivocationNoted(ballot);
            return new BallotVerdict.Refuse(
                new Refusal(RefusalCode.Equivocation, "the slot holds another ballot of yours; both are kept as evidence"), evidence);
        }

        return attested
            ? new BallotVerdict.Append(new BallotCast(ballot))
            : No(RefusalCode.AttestationExpired, "the agent's attestation has expired: attest again, then cast again");
    }

    private static BallotVerdict.Refuse No(RefusalCode code, string message) => new(new Refusal(code, message), null);
}
