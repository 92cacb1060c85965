using System.Collections.Concurrent;
using Witan.Coordinator.Records;
using Witan.Voting;

namespace Witan.Coordinator.Settlement;

/// <summary>
/// Brings decided proposals to their target: the records in state Settling are the outbox, so nothing is forgotten in a crash.
/// Decided and settled are two facts: without a confirmation a proposal stays Settling, however long that takes.
/// </summary>
internal sealed class Settler(ISettlementTarget target, TimeProvider clock, Action<string> log)
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Confirmation = TimeSpan.FromMilliseconds(200);
    private readonly ConcurrentDictionary<Digest, bool> _busy = new();

    /// <summary>Settles a record that stands at Settling, in the background; once at a time.</summary>
    public void Follow(ProposalKeeper keeper, CancellationToken cancellationToken)
    {
        if (keeper.State.State == ProposalState.Settling && _busy.TryAdd(keeper.Id, true))
            _ = SettleAsync(keeper, cancellationToken);
    }

    private async Task SettleAsync(ProposalKeeper keeper, CancellationToken cancellationToken)
    {
        try
        {
            // Ballots are bound to the target's name; a coordinator that was given another one settles nothing there.
            if (keeper.State.Opening.Target != target.Name)
            {
                log($"proposal {keeper.Id.Short()} is decided and settles on {keeper.State.Opening.Target}, not on {target.Name}: start with that target to settle it");
                return;
            }

            // What was found at start may be an older record, of which another decision is known elsewhere.
            while (!keeper.IsConfirmed)
                await Task.Delay(Confirmation, clock, cancellationToken);
            for (int failures = 0; keeper.State.State == ProposalState.Settling; failures++)
            {
                TimeSpan? asked = null;
                try
                {
                    string confirmation = await target.SettleAsync(keeper.State, cancellationToken);
                    await keeper.RunAsync((state, _) => state!.State == ProposalState.Settling
                        ? Ruling.Append(new Settled(confirmation), ProofChecks.All)
                        : Ruling.Nothing);
                    return;
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    asked = (e as SettlementException)?.RetryAfter;
                    log($"proposal {keeper.Id.Short()} is decided and not settled yet: {e.Message}");
                }

                await Task.Delay(Pause(failures, asked), clock, cancellationToken);
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

    private static TimeSpan Pause(int failures, TimeSpan? asked)
    {
        TimeSpan own = TimeSpan.FromSeconds(Math.Min(LongestPause.TotalSeconds, Math.Pow(2, Math.Min(failures, 10))));
        return asked is { } wish && wish > own ? (wish < LongestPause ? wish : LongestPause) : own;
    }
}
