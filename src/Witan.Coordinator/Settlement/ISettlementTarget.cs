using Witan.Voting;

namespace Witan.Coordinator.Settlement;

/// <summary>
/// Where a decision takes effect. Called with the proposal's id as idempotency key until it confirms; it may be called again
/// after a crash and must answer the same.
/// </summary>
public interface ISettlementTarget
{
    /// <summary>The target's name; part of what ballots are bound to.</summary>
    string Name { get; }

    /// <summary>The confirmation, one line; null while the target has not confirmed: then it is asked again later.</summary>
    Task<string?> SettleAsync(RecordState decided, CancellationToken cancellationToken);
}

/// <summary>The record itself: settled as soon as it is decided.</summary>
public sealed class LocalRecord : ISettlementTarget
{
    /// <inheritdoc />
    public string Name => "local-record";

    /// <inheritdoc />
    public Task<string?> SettleAsync(RecordState decided, CancellationToken cancellationToken) => Task.FromResult<string?>(Name);
}
