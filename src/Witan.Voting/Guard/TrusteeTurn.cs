namespace Witan.Voting;

/// <summary>
/// When a trustee begins to check a closed record. Each checks every ballot before it opens the sum; where there are many, only as many as are needed
/// begin at once, and the others step in where one of those is missing.
/// </summary>
public static class TrusteeTurn
{
    // Checking a few ballots is no work worth waiting for.
    private const int ManyBallots = 500;
    private static readonly TimeSpan ForEachBallot = TimeSpan.FromMilliseconds(3);

    /// <summary>
    /// Whether it is the turn of the trustee with this index, so long after it saw the close. The first t of the key begin at once, each other waits for as
    /// long as the checking may take.
    /// </summary>
    public static bool IsDue(RecordState state, int index, TimeSpan sinceClose)
    {
        int before = state.Qualified.Count(other => other < index);
        return state.Ballots.Count < ManyBallots || before < state.Body.Threshold || sinceClose >= ForEachBallot * state.Ballots.Count;
    }
}
