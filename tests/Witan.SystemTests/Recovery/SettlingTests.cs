using System.Text.Json;
using Witan.Faults.Processes;
using Witan.SystemTests.Faults;
using Witan.SystemTests.Settlement;
using Witan.Voting;
using Xunit;

namespace Witan.SystemTests.Recovery;

/// <summary>A coordinator that is killed while a decision is on its way to the webhook settles it once.</summary>
[Collection(FaultTests.Name)]
public sealed class SettlingTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_decision_is_settled_once_wherever_the_coordinator_is_killed_on_the_way()
    {
        Func<int> next = () => 200;
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync(_ => next());
        await using SimulatedCouncil simulated = await SimulatedCouncil.PrepareAsync(Cancel, $"webhook:{receiver.Address}/settle");
        AgentProcess coordinator = simulated.Coordinator;
        await simulated.Council.StartAsync(Cancel);

        // The notice has come and its answer is lost; it was refused for now; it was taken, and perhaps not yet recorded.
        await SettleAsync(() => { coordinator.Kill(); return 200; });
        await SettleAsync(() => { KillSoon(50); return 503; });
        await SettleAsync(() => { KillSoon(2); return 200; });
        Assert.Equal(3, receiver.Calls.Select(call => call.Key).Distinct().Count());

        async Task SettleAsync(Func<int> first)
        {
            int calls = receiver.Calls.Count, asked = 0;
            next = () => Interlocked.Increment(ref asked) == 1 ? first() : 200;
            ProposalBody body = CouncilUnderTest.Body(300);
            await simulated.Council.ProposeAsync(body, Cancel);
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            patience.CancelAfter(TimeSpan.FromMinutes(2));
            await coordinator.ExitedAsync(patience.Token);
            coordinator.Start();
            byte[]? decision = await simulated.Council.DecisionAsync(body.Id(), TimeSpan.FromMinutes(2), Cancel);
            Assert.True(decision is not null, coordinator.Output);
            AuditReport audit = Audit.Run(decision);
            Assert.True(audit.Valid, audit.Problem);
            Assert.Equal(ProposalState.Settled, audit.State!.State);

            // However often it was brought: one id, the same bytes, the coordinator's word; and the record has it once.
            WebhookReceiver.Call[] mine = [.. receiver.Calls.Skip(calls)];
            Assert.NotEmpty(mine);
            Assert.All(mine, call => Assert.Equal(body.Id().ToString(), call.Key));
            Assert.All(mine, call => Assert.Equal(mine[0].Body, call.Body));
            SettlementNotice notice = JsonSerializer.Deserialize(mine[0].Body, WireJson.Default.SettlementNotice)!;
            Assert.True(notice.IsSignedBy(audit.State.Opening.Coordinator));
            Assert.Equal(1, CountSettled(decision));
        }

        void KillSoon(int milliseconds) => _ = Task.Delay(milliseconds, Cancel).ContinueWith(_ => coordinator.Kill(), TaskScheduler.Default);
    }

    private static int CountSettled(byte[] decision)
    {
        using JsonDocument file = JsonDocument.Parse(decision);
        return file.RootElement.GetProperty("events").EnumerateArray().Count(each => each.GetRawText().Contains("\"settled\"", StringComparison.Ordinal));
    }
}
