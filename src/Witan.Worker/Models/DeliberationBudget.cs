namespace Witan.Worker.Models;

/// <summary>What one proposal may cost a worker. The time must lie below the ballot deadline.</summary>
public sealed record DeliberationBudget
{
    /// <summary>Seconds for everything, repairs included.</summary>
    /// <value>The default value is 120 seconds.</value>
    public TimeSpan Time { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>Tokens for everything, as the service counts them.</summary>
    /// <value>The default value is 32,000.</value>
    public long Tokens { get; init; } = 32_000;

    /// <summary>Tokens of one answer.</summary>
    /// <value>The default value is 4,000.</value>
    public int AnswerTokens { get; init; } = 4_000;

    /// <summary>How often a malformed answer is sent back with what is wrong with it.</summary>
    /// <value>The default value is 2.</value>
    public int Repairs { get; init; } = 2;

    /// <summary>Longest proposal put before a model, in characters.</summary>
    /// <value>The default value is 20,000.</value>
    public int ProposalCharacters { get; init; } = 20_000;
}
