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

    [Fact]
    public async Task What_is_awaited_is_said_in_every_state()
    {
        var states = new Queue<ProposalState>([ProposalState.Draft, ProposalState.Deliberating, ProposalState.Voting, ProposalState.Tallying, ProposalState.Settled]);
        string error = await WatchAsync((send, _) => send(states.Peek(), states.Dequeue() == ProposalState.Settled ? "" : "for somebody\e[2J"), TimeSpan.FromSeconds(30));
        string[] lines = [.. error.TrimEnd('\n').Split('\n').Select(line => line[(line.IndexOf("] ", StringComparison.Ordinal) + 2)..])];
        Assert.Equal(
            ["preparing, waits for somebody\uFFFD[2J", "arguing, waits for somebody\uFFFD[2J", "deliberating: 0 of 0 ballots cast, waits for somebody\uFFFD[2J", "tallying, waits for somebody\uFFFD[2J", "Settled"],
            lines);
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
