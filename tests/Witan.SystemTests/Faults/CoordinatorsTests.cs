using System.Net;
using Witan.Agent;
using Witan.Faults.Processes;
using Witan.Faults.Servers;
using Witan.Voting;
using Xunit;

namespace Witan.SystemTests.Faults;

/// <summary>What several coordinator processes do together, and what one alone refuses.</summary>
[Collection(FaultTests.Name)]
public sealed class CoordinatorsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-several-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_nonce_that_comes_a_hundred_times_at_once_to_three_coordinators_admits_once()
    {
        Assert.SkipUnless(PostgresServer.Missing is null, PostgresServer.Missing ?? "");
        await using PostgresServer server = await PostgresServer.StartAsync();
        string address = (await server.CreateDatabaseAsync()).Replace("postgres@", "postgres:sesame@", StringComparison.Ordinal);
        await using var council = new CouncilUnderTest(_folder, [address, address, address]);
        await StartCoordinatorsAsync(council);
        foreach (AgentProcess coordinator in council.Coordinators)
        {
            Assert.Contains("store postgres://postgres:***@127.0.0.1", coordinator.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("sesame", coordinator.Output, StringComparison.Ordinal);
        }

        using AgentSecrets secrets = AgentSecrets.FromDirectory(Path.Combine(_folder, "agent"));
        NonceAnswer nonce = (await council.Client(0).GetAsync("v1/nonce", WireJson.Default.NonceAnswer, Cancel))!;
        var request = new AdmissionRequest(AgentRole.Worker, "worker", secrets.Keys, nonce.Nonce, AgentEvidence.None, "", []).Signed(secrets.SigningSeed);
        string[] codes = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => AdmitAsync(council.Client(i % 3), request)));
        Assert.Single(codes, "admitted");
        Assert.Equal(99, codes.Count(code => code == "NONCE_USED"));
        // Who was admitted at one is known to all.
        for (int i = 0; i < 3; i++)
        {
            int coordinator = i;
            await CouncilUnderTest.UntilAsync(
                () => council.Client(coordinator).GetAsync("v1/agents", WireJson.Default.IReadOnlyListAgentSummary, Cancel).GetAwaiter().GetResult() is [{ } agent] && agent.Agent == secrets.Keys.AgentId,
                "it knows the agent", council.Coordinators[i], Cancel);
        }
    }

    [Fact]
    public async Task A_revocation_given_to_one_coordinator_holds_at_the_others_when_it_is_acknowledged()
    {
        Assert.SkipUnless(PostgresServer.Missing is null, PostgresServer.Missing ?? "");
        await using PostgresServer server = await PostgresServer.StartAsync();
        string address = await server.CreateDatabaseAsync();
        await using var council = new CouncilUnderTest(_folder, [address, address, address]);
        await StartCoordinatorsAsync(council);
        for (int round = 0; round < 6; round++)
        {
            using AgentSecrets secrets = AgentSecrets.FromDirectory(Path.Combine(_folder, $"agent-{round}"));
            int at = round % 3, elsewhere = (round + 1) % 3, third = (round + 2) % 3;
            Assert.Equal("admitted", await AdmitAsync(council.Client(elsewhere), await RequestAsync(council.Client(elsewhere), secrets)));
            AdmissionRequest[] prepared = [await RequestAsync(council.Client(elsewhere), secrets), await RequestAsync(council.Client(third), secrets)];
            await council.RevokeAsync(at, secrets.Keys, Cancel);
            Assert.Equal("REVOKED", await AdmitAsync(council.Client(elsewhere), prepared[0]));
            Assert.Equal("REVOKED", await AdmitAsync(council.Client(third), prepared[1]));
        }

        // Another disk, or a coordinator that is started later, changes nothing.
        council.Coordinators[2].Kill();
        await council.Coordinators[2].ExitedAsync(Cancel);
        File.Delete(Path.Combine(council.StateOf("coordinator"), "revocations.sealed"));
        council.Coordinators[2].Start();
        await CouncilUnderTest.UntilAsync(() => council.Coordinators[2].Output.Contains("listens on", StringComparison.Ordinal), "it listens", council.Coordinators[2], Cancel);
        Assert.Equal(6, (await council.Client(2).GetAsync("v1/revocations", WireJson.Default.IReadOnlyListRevocation, Cancel))!.Count);
    }

    [Fact]
    public async Task After_all_coordinators_died_at_once_a_decision_goes_on_wherever_its_trustees_go_first()
    {
        Assert.SkipUnless(PostgresServer.Missing is null, PostgresServer.Missing ?? "");
        await using PostgresServer server = await PostgresServer.StartAsync();
        string address = await server.CreateDatabaseAsync();
        await using var council = new CouncilUnderTest(_folder, [address, address, address]);
        await council.StartAsync(Cancel);
        for (int round = 0; round < 3; round++)
        {
            AgentProcess late = council.Workers[round];
            ProposalBody body = CouncilUnderTest.Body(CouncilUnderTest.Costs[round]);
            await council.ProposeAsync(body, Cancel);
            await CouncilUnderTest.UntilAsync(
                () => council.LookAsync(0, body.Id(), Cancel).GetAwaiter().GetResult() is { Roster: 3 }, "the roster is frozen", council.Coordinators[0], Cancel);
            late.Kill();
            foreach (AgentProcess coordinator in council.Coordinators)
                coordinator.Kill();
            foreach (AgentProcess coordinator in council.Coordinators)
            {
                await coordinator.ExitedAsync(Cancel);
                coordinator.Start();
            }

            late.Start();
            byte[]? decision = await council.DecisionAsync(body.Id(), TimeSpan.FromMinutes(2), Cancel);
            Assert.True(decision is not null, string.Join('\n', council.All.Select(agent => $"{agent.Name}: {agent.Output}")));
            Assert.True(Audit.Run(decision).Valid);
        }
    }

    [Fact]
    public async Task What_one_coordinator_has_opened_or_taken_another_answers_at_once()
    {
        Assert.SkipUnless(PostgresServer.Missing is null, PostgresServer.Missing ?? "");
        await using PostgresServer server = await PostgresServer.StartAsync();
        string address = await server.CreateDatabaseAsync();
        await using var council = new CouncilUnderTest(_folder, [address, address]);
        await council.StartAsync(Cancel);
        ProposalBody body = CouncilUnderTest.Body(CouncilUnderTest.Costs[0]);
        Digest id = body.Id();
        await council.ProposeAsync(body, Cancel);
        // Not a moment later: whoever was told its number may ask anybody.
        Assert.NotNull(await council.LookAsync(1, id, Cancel));
        ProposalState state = ProposalState.Draft;
        for (int i = 0; state is not (ProposalState.Settled or ProposalState.NoQuorum) && i < 4000; i++)
        {
            int one = i % 2;
            Checkpoint seen = (await council.Client(one).GetAsync($"v1/proposals/{id}/checkpoint", WireJson.Default.Checkpoint, Cancel))!;
            IReadOnlyList<RecordEvent> events = (await council.Client(1 - one).GetAsync(
                $"v1/proposals/{id}/events?from={seen.Size - 1}", WireJson.Default.IReadOnlyListRecordEvent, Cancel))!;
            Assert.Equal<Digest?>(seen.Head, events.Count > 0 ? events[0].Hash : null);
            state = (await council.LookAsync(one, id, Cancel))!.State;
        }

        Assert.Equal(ProposalState.Settled, state);
    }

    [Fact]
    public async Task A_second_coordinator_on_one_file_is_refused_and_the_first_goes_on()
    {
        await using var council = new CouncilUnderTest(_folder, [null, null]);
        AgentProcess first = council.Coordinators[0], second = council.Coordinators[1];
        first.Start();
        await CouncilUnderTest.UntilAsync(() => first.Output.Contains("listens on", StringComparison.Ordinal), "it listens", first, Cancel);
        second.Start();
        await second.ExitedAsync(Cancel);
        Assert.Equal(3, second.ExitCode);
        Assert.Contains($"(process {first.Id})", second.Output, StringComparison.Ordinal);
        using HttpResponseMessage ready = await council.Http(0).GetAsync(new Uri("readyz", UriKind.Relative), Cancel);
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
    }

    private static async Task StartCoordinatorsAsync(CouncilUnderTest council)
    {
        foreach (AgentProcess coordinator in council.Coordinators)
        {
            coordinator.Start();
            await CouncilUnderTest.UntilAsync(() => coordinator.Output.Contains("listens on", StringComparison.Ordinal), "it listens", coordinator, Cancel);
        }
    }

    private static async Task<AdmissionRequest> RequestAsync(CoordinatorClient client, AgentSecrets secrets)
    {
        NonceAnswer nonce = (await client.GetAsync("v1/nonce", WireJson.Default.NonceAnswer, Cancel))!;
        return new AdmissionRequest(AgentRole.Worker, "worker", secrets.Keys, nonce.Nonce, AgentEvidence.None, "", []).Signed(secrets.SigningSeed);
    }

    private static async Task<string> AdmitAsync(CoordinatorClient client, AdmissionRequest request)
    {
        try
        {
            await client.PostAsync("v1/admission", request, WireJson.Default.AdmissionRequest, WireJson.Default.AdmissionAnswer, Cancel);
            return "admitted";
        }
        catch (CoordinatorException e)
        {
            return e.Code;
        }
    }
}
