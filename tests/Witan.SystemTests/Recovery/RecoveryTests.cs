using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Witan.Faults.Processes;
using Witan.SystemTests.Council;
using Witan.SystemTests.Faults;
using Witan.Tests.Harness;
using Witan.Voting;
using Xunit;

namespace Witan.SystemTests.Recovery;

/// <summary>What restarts of a container must not change, with real processes: it waits, comes back as the same, and stops in order.</summary>
[Collection(FaultTests.Name)]
public sealed partial class RecoveryTests
{
    // stop_grace_period of deploy/*.yml: after it an engine kills.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Agents_that_come_before_their_coordinator_wait_for_it_and_everybody_is_the_same_after_a_kill()
    {
        await using SimulatedCouncil simulated = await SimulatedCouncil.PrepareAsync(Cancel);
        AgentProcess[] agents = [simulated.Council.Workers[0], simulated.Council.Trustees[0]];
        foreach (AgentProcess agent in agents)
            agent.Start();
        foreach (AgentProcess agent in agents)
            await CouncilUnderTest.UntilAsync(() => agent.Output.Contains("Connection refused", StringComparison.Ordinal), "it misses its coordinator", agent, Cancel);
        simulated.Coordinator.Start();
        foreach (AgentProcess agent in agents)
            await CouncilUnderTest.AdmittedAsync(agent, Cancel);
        Assert.All(agents, agent => Assert.Equal(1, agent.Starts));
        string coordinator = Identity(simulated.Coordinator);
        string[] dids = await DidsAsync(simulated.Council);
        Assert.Equal(2, dids.Length);

        foreach (AgentProcess victim in (AgentProcess[])[.. agents, simulated.Coordinator])
        {
            string before = Identity(victim);
            victim.Kill();
            await victim.ExitedAsync(Cancel);
            victim.Start();
            await CouncilUnderTest.UntilAsync(() => Identity(victim).Length > 0, "it is back", victim, Cancel);
            Assert.Equal(before, Identity(victim));
        }

        Assert.Equal(coordinator, Identity(simulated.Coordinator));
        Assert.Equal(dids, await DidsAsync(simulated.Council));
    }

    [Fact]
    public async Task A_coordinator_that_does_not_answer_is_asked_with_growing_pauses_and_not_in_a_loop()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        string folder = Directory.CreateTempSubdirectory("witan-backoff-").FullName;
        using var worker = AgentProcess.Local("worker", [
            "worker", "--state", folder, "--port", $"{WitanProgram.Ports(1)}", "--coordinator", $"http://{silent.LocalEndpoint}",
            "--profile", Path.Combine(SharedData.Repository, "examples", "profiles", "01-treasurer.json")]);
        worker.Start();
        int calls = 0;
        var first = new Stopwatch();
        while (calls == 0 || first.Elapsed < TimeSpan.FromSeconds(8))
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            patience.CancelAfter(TimeSpan.FromSeconds(60));
            (await silent.AcceptTcpClientAsync(patience.Token)).Dispose();
            calls++;
            first.Start();
        }

        // Pauses of 0.1 s that grow to 2 s, with jitter: about ten questions in eight seconds, for each of which the HTTP client connects four
        // times. Without growth there would be three hundred.
        Assert.InRange(calls, 3, 100);
        worker.Terminate();
        await worker.ExitedAsync(Cancel);
        Assert.Equal(0, worker.ExitCode);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Told_to_stop_in_the_middle_of_a_decision_everybody_ends_with_zero_in_the_grace_period_and_the_decision_goes_on()
    {
        await using SimulatedCouncil simulated = await SimulatedCouncil.PrepareAsync(Cancel);
        await simulated.Council.StartAsync(Cancel);
        ProposalBody body = CouncilUnderTest.Body(300);
        await simulated.Council.ProposeAsync(body, Cancel);
        await CouncilUnderTest.UntilAsync(
            () => simulated.Council.LookAsync(0, body.Id(), Cancel).GetAwaiter().GetResult() is { Roster: 3 }, "the roster is frozen", simulated.Coordinator, Cancel);
        foreach (AgentProcess agent in simulated.Council.All)
        {
            long start = Stopwatch.GetTimestamp();
            agent.Terminate();
            await agent.ExitedAsync(Cancel);
            Assert.True(agent.ExitCode == 0, $"{agent.Name} ended with {agent.ExitCode}: {agent.Output}");
            Assert.True(Stopwatch.GetElapsedTime(start) < Grace, $"{agent.Name} took longer than an engine waits");
        }

        foreach (AgentProcess agent in simulated.Council.All)
            agent.Start();
        byte[]? decision = await simulated.Council.DecisionAsync(body.Id(), TimeSpan.FromMinutes(2), Cancel);
        Assert.NotNull(decision);
        AuditReport audit = Audit.Run(decision);
        Assert.True(audit.Valid, audit.Problem);
        Assert.Equal((ProposalState.Settled, Decision.Approved, 3), (audit.State!.State, audit.State.Outcome!.Decision, audit.State.Ballots.Count));
    }

    private static string Identity(AgentProcess agent) => Said().Match(agent.Output) is { Success: true } said ? said.Groups[1].Value : "";

    private static async Task<string[]> DidsAsync(CouncilUnderTest council)
    {
        IReadOnlyList<AgentSummary>? agents = await council.Client(0).GetAsync("v1/agents", WireJson.Default.IReadOnlyListAgentSummary, Cancel);
        return [.. agents!.Select(agent => agent.Did).Order(StringComparer.Ordinal)];
    }

    [GeneratedRegex(@"(?:admitted as|^coordinator) ([0-9a-f]{8})", RegexOptions.Multiline)]
    private static partial Regex Said();
}
