using System.Security.Cryptography;
using Witan.Agent;
using Witan.Voting;

namespace Witan.Worker;

/// <summary>
/// Holds a receipt against the record when that has ended: once, in the background, with the one event that the receipt names. A coordinator that took a ballot
/// and publishes a record without it has signed the proof itself.
/// </summary>
internal sealed class EndedRecord(CoordinatorClient client, Func<string, Task> log, TimeProvider clock)
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(10), Longest = TimeSpan.FromMinutes(10);

    /// <summary>Waits for the end with growing pauses, and logs where the ballot does not stand where the coordinator said. Throws nothing.</summary>
    public async Task HoldAsync(Receipt receipt, CancellationToken cancellationToken)
    {
        TimeSpan pause = First;
        while (true)
        {
            try
            {
                // With jitter: all who voted wait for the same moment.
                await Task.Delay(pause * (0.75 + (RandomNumberGenerator.GetInt32(500) / 1000.0)), clock, cancellationToken);
                pause = pause * 2 < Longest ? pause * 2 : Longest;
                if (await LookAsync(receipt, cancellationToken))
                    return;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is HttpRequestException or CoordinatorException or OperationCanceledException)
            {
                // It is asked again.
            }
        }
    }

    private async Task<bool> LookAsync(Receipt receipt, CancellationToken cancellationToken)
    {
        ProposalSummary? now = await client.GetAsync($"v1/proposals/{receipt.Proposal}", WireJson.Default.ProposalSummary, cancellationToken);
        if (now?.State is ProposalState.Draft or ProposalState.Open or ProposalState.Deliberating or ProposalState.Voting or ProposalState.Tallying)
            return false;
        IReadOnlyList<RecordEvent> events = await client.GetAsync(
            $"v1/proposals/{receipt.Proposal}/events?from={receipt.Sequence}&limit=1", WireJson.Default.IReadOnlyListRecordEvent, cancellationToken) ?? [];
        if (events.Count == 0 || !receipt.IsOf(events[0]))
        {
            await log($"proposal {receipt.Proposal.Short()}: the record holds another event at position {receipt.Sequence}, for which this worker has the coordinator's receipt: "
                + $"ballots/{receipt.Proposal}.answer.json proves it (witan audit FILE --receipt)");
        }

        return true;
    }
}
