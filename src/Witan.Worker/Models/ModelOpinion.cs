namespace Witan.Worker.Models;

/// <summary>What came out of asking a model: a vote with its reasons, or an explicit abstention with a reason code.</summary>
public sealed record ModelOpinion
{
    /// <summary>Index into the proposal's options.</summary>
    public required int Option { get; init; }

    /// <summary>The model's reasons, or the sentence that says why there is no vote. Private to the worker.</summary>
    public required string Reasoning { get; init; }

    /// <summary>Why the worker abstains. Null where <see cref="Option"/> is the model's own choice of a side.</summary>
    public AbstentionReason? Abstention { get; init; }

    /// <summary>Every call made, in order. Private to the worker.</summary>
    public IReadOnlyList<ModelExchange> Exchanges { get; init; } = [];

    /// <summary>How often a malformed answer was sent back.</summary>
    public int Repairs { get; init; }

    /// <summary>Tokens used: as the service counted them, or by the bytes where that is more.</summary>
    public long Tokens { get; init; }

    /// <summary>What is left of the time for this proposal.</summary>
    public TimeSpan TimeLeft { get; init; }
}
