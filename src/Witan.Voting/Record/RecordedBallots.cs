namespace Witan.Voting;

/// <summary>
/// Checks the ballots of a record beside its fold, on several cores: the fold with <see cref="ProofChecks.None"/> for them says that each is in its
/// place, this says that each is good.
/// </summary>
internal static class RecordedBallots
{
    /// <summary>The checks that a fold makes of an event when the ballots are checked here.</summary>
    public static ProofChecks InFold(RecordEvent next) => next.Payload is BallotCast ? ProofChecks.None : ProofChecks.All;

    /// <summary>
    /// The first event whose ballot is not good, and why; null where all are. <paramref name="state"/> is what the events lead to,
    /// <paramref name="parallelism"/> how many cores, -1 for all.
    /// </summary>
    public static (RecordEvent Event, Refusal Refusal)? FirstBad(RecordState state, IReadOnlyList<RecordEvent> events, int parallelism)
    {
        if (state.Roster.Count == 0)
            return null;
        BallotContext context = state.BallotContext;
        RecordEvent[] cast = [.. events.Where(next => next.Payload is BallotCast)];
        var refusals = new Refusal?[cast.Length];
        Parallel.For(0, cast.Length, new ParallelOptions { MaxDegreeOfParallelism = parallelism }, i =>
        {
            Ballot ballot = ((BallotCast)cast[i].Payload).Ballot;
            refusals[i] = BallotVerifier.Check(context, state.Roster[ballot.Agent], ballot);
        });
        int first = Array.FindIndex(refusals, refusal => refusal is not null);
        return first < 0 ? null : (cast[first], refusals[first]!);
    }
}
