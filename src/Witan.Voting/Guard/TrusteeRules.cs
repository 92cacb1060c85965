namespace Witan.Voting;

/// <summary>A trustee's own rules. A record's rules may be stricter, never looser.</summary>
public sealed record TrusteeRules
{
    /// <summary>Fewest ballots in a sum that is opened.</summary>
    public required int MinimumBallots { get; init; }

    /// <summary>Fewest voters on a roster whose sum is opened.</summary>
    public required int MinimumRoster { get; init; }

    /// <summary>
    /// Whether proposals with the same question are linked: then the sums of two of them whose rosters differ by fewer than the
    /// minimum set are not both opened, because their difference would show single votes.
    /// </summary>
    /// <value>The default value is false.</value>
    public bool LinkSameQuestions { get; init; }

    /// <summary>The least trusted mode that is served.</summary>
    /// <value>The default value is <see cref="ExecutionMode.Production"/>.</value>
    public ExecutionMode Mode { get; init; } = ExecutionMode.Production;

    /// <summary>The rules of a trustee that holds to a council's policy.</summary>
    public static TrusteeRules Of(CouncilPolicy policy, ExecutionMode mode) => new()
    {
        MinimumBallots = policy.MinimumAnonymity,
        MinimumRoster = policy.MinimumWorkers,
        LinkSameQuestions = policy.LinkSameQuestions,
        Mode = mode,
    };
}
