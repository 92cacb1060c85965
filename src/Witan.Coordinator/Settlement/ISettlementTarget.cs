using Witan.Voting;

namespace Witan.Coordinator.Settlement;

/// <summary>
/// Where a decision takes effect. Called with the proposal's id as idempotency key until it confirms; it may be called again
/// after a crash and must answer the same. A chain adapter is one more implementation: it reads what its contract holds for the
/// id before it writes, and confirms only what the contract confirms.
/// </summary>
public interface ISettlementTarget
{
    /// <summary>The target's name; part of what ballots are bound to. Public, so it carries no secret.</summary>
    string Name { get; }

    /// <summary>
    /// The confirmation, one line of at most 200 characters. Throws <see cref="SettlementException"/> while the target has not
    /// confirmed: then it is asked again later.
    /// </summary>
    Task<string> SettleAsync(RecordState decided, CancellationToken cancellationToken);
}

/// <summary>The target did not confirm. The decision stands, and is brought again.</summary>
public sealed class SettlementException(string message, TimeSpan? retryAfter = null, Exception? inner = null) : IOException(message, inner)
{
    /// <summary>How long the target asks to be left alone; null where it does not say.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;
}
