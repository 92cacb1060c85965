using Witan.Voting;

namespace Witan.Coordinator.Settlement;

/// <summary>The record itself: settled as soon as it is decided.</summary>
internal sealed class LocalRecord : ISettlementTarget
{
    public const string TargetName = "local-record";

    /// <inheritdoc />
    public string Name => TargetName;

    /// <inheritdoc />
    public Task<string> SettleAsync(RecordState decided, CancellationToken cancellationToken) => Task.FromResult(Name);
}
