namespace Witan.Worker.Models;

/// <summary>What one proposal may cost a worker. The time must lie below the ballot deadline.</summary>
public sealed record DeliberationBudget
{
    /// <summary>Seconds for everything: repairs, a busy service's pauses and the provider's signatures.</summary>
    /// <value>The default value is 120 seconds.</value>
    public TimeSpan Time { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>
    /// Tokens for everything: as the service counts them, or a token for four bytes on the wire where that is more. A call that may not
    /// fit into the rest is not made.
    /// </summary>
    /// <value>The default value is 256,000: the longest proposal with the most arguments fits in any script.</value>
    public long Tokens { get; init; } = 256_000;

    /// <summary>Tokens of one answer.</summary>
    /// <value>The default value is 4,000.</value>
    public int AnswerTokens { get; init; } = 4_000;

    /// <summary>How often a malformed answer is sent back with what is wrong with it.</summary>
    /// <value>The default value is 2.</value>
    public int Repairs { get; init; } = 2;

    /// <summary>Longest proposal put before a model, in characters.</summary>
    /// <value>The default value is 60,000: every proposal that a coordinator takes fits.</value>
    public int ProposalCharacters { get; init; } = 60_000;

    /// <summary>What so many bytes count as, in tokens.</summary>
    internal static long Estimate(long bytes) => (bytes + 3) / 4;
}
