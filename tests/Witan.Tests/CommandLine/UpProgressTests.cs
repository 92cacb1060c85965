using System.Text.Json;
using Witan.Cli.CommandLine;
using Witan.Cli.Commands.Up;
using Witan.Voting;
using Xunit;

namespace Witan.Tests.CommandLine;

/// <summary>What <c>witan up</c> shows of a decision, over a coordinator of the test's.</summary>
public sealed class UpProgressTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_coordinator_that_is_slow_is_waited_for_and_that_is_said()
    {
        int asked = 0;
        string error = await WatchAsync(
            async (send, cancelled) =>
            {
                if (Interlocked.Increment(ref asked) == 1)
                    await Task.Delay(Timeout.Infinite, cancelled).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                else
                    await send(ProposalState.Settled, "");
            },
            TimeSpan.FromSeconds(1));
        Assert.Equal(2, asked);
        Assert.Contains("] the coordinator does not answer\n", error, StringComparison.Ordinal);
        Assert.EndsWith("] Settled\n", error, StringComparison.Ordinal);
    }

    private static async Task<string> WatchAsync(Func<Func<ProposalState, string, Task>, CancellationToken, Task> answer, TimeSpan timeout)
    {
        var voting = new Witan.Tests.Voting.Council(3);
        voting.Open();
        ProposalSummary summary = FakeCoordinator.Summary(voting.State);
        await using FakeCoordinator coordinator = (await FakeCoordinator.StartAsync()).Answers($"/v1/proposals/{summary.Id}", context => answer(
            (state, waiting) =>
            {
                context.Response.ContentType = "application/json";
                return context.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(summary with { State = state, Waiting = waiting }, WireJson.Default.ProposalSummary)).AsTask();
            },
            context.RequestAborted));
        var settings = new UpSettings(3, 3, false, null, false, "out", coordinator.Address.Port, null, false, "local-record");
        await using var council = new LocalCouncil(settings, "out");
        council.Http.Timeout = timeout;
        var error = new StringWriter();
        await new UpProgress(new Terminal(TextWriter.Null, error, colour: false, interactive: false), settings, council).WaitForDecisionAsync(summary.Id, Cancel);
        return error.ToString();
    }
}
