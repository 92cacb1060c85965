namespace Witan.Worker.Models;

/// <summary>
/// A call that gave no usable answer, with the stable reason that goes into an abstention. The message never holds the
/// API key or the prompt.
/// </summary>
public sealed class ModelCallException(AbstentionReason reason, string message, Exception? inner = null)
    : Exception(message, inner)
{
    /// <summary>Why there is no answer.</summary>
    public AbstentionReason Reason { get; } = reason;

    /// <summary>How long a busy service wants to be left alone; null where asking again is of no use.</summary>
    public TimeSpan? TryAgainAfter { get; init; }
}
