using System.Collections.Concurrent;
using Witan.Coordinator.Records;
using Witan.Voting;

namespace Witan.Coordinator.Settlement;

/// <summary>
/// Brings decided proposals to their target: the records in state Settling are the outbox, so nothing is forgotten in a crash.
/// </summary>
internal sealed class Settler(ISettlementTarget target, Action<string> log)
{
    private readonly ConcurrentDictionary<Digest, bool> _busy = new();

    /// <summary>Settles a record that stands at Settling, in the background; once at a time.</summary>
    public void Follow(ProposalKeeper keeper, CancellationToken cancellationToken)
    {
        if (keeper.State.State == ProposalState.Settling && _busy.TryAdd(keeper.Id, true))
            _ = SettleAsync(keeper, cancellationToken);
    }

    private async Task SettleAsync(ProposalKeeper keeper, CancellationToken cancellationToken)
    {
        int failures = 0;
        try
        {
            while (keeper.State.State == ProposalState.Settling)
            {
                try
                {
                    if (await target.SettleAsync(keeper.State, cancellationToken) is { } confirmation)
                    {
                        await keeper.RunAsync((state, _) => state!.State == ProposalState.Settling
                            ? Ruling.Append(new Settled(confirmation), ProofChecks.All)
                            : Ruling.Nothing);
                        return;
                    }
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    log($"proposal {keeper.Id.Short()} is decided and not settled yet: {e.Message}");
                }

                failures++;
                await Task.Delay(TimeSpan.FromSeconds(Math.Min(300, Math.Pow(2, Math.Min(failures, 10)))), cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The coordinator ends; the record stays in the outbox.
        }
        finally
        {
            _busy.TryRemove(keeper.Id, out _);
        }
    }
}
