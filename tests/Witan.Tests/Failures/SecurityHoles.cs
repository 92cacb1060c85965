using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Witan.Agent;
using Witan.Tests.Coordinator;
using Witan.Voting;
using Xunit;

namespace Witan.Tests.Failures;

/// <summary>Those of H1 to H17 that a request to a running council can express.</summary>
public sealed class SecurityHoles(SecurityHoles.Setting council) : IClassFixture<SecurityHoles.Setting>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task H1_No_key_is_shared_and_an_admitted_agent_can_neither_read_nor_write_for_another()
    {
        await using HandVote vote = await HandVote.OpenAsync(workers: 2);
        Assert.Equal(2, vote.Workers.Select(worker => worker.Secrets.Keys.AgentId).Distinct().Count());
        // A request signed by one in the name of the other.
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/tasks/next");
        long time = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        request.Headers.Add(SignedRequest.AgentHeader, vote.Workers[0].Secrets.Keys.AgentId.ToString());
        request.Headers.Add(SignedRequest.TimeHeader, $"{time}");
        request.Headers.Add(SignedRequest.SignatureHeader, SignedRequest.Sign(vote.Workers[1].Secrets.SigningSeed, "GET", "/v1/tasks/next", time, []));
        using HttpResponseMessage answer = await vote.Coordinator.Http.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        // A worker cannot ask for a trustee's shares.
        CoordinatorException refused = await Assert.ThrowsAsync<CoordinatorException>(() => vote.Workers[0].Client.GetAsync(
            $"v1/proposals/{vote.Id}/shares", WireJson.Default.IReadOnlyListSealedShare, Cancel));
        Assert.Equal("WRONG_ROLE", refused.Code);
    }

    [Fact]
    public async Task H2_Public_routes_show_no_reason_no_vote_and_no_count_before_the_decision()
    {
        ProposalSummary open = await council.ProposeAsync("AAS h2", seconds: 60);
        await council.Coordinator.UntilAsync(open.Id, now => now.Ballots == 2);
        foreach (string path in await PublicAsync(open.Id))
        {
            (HttpStatusCode status, string text, HttpResponseMessage message) = await council.Coordinator.SendAsync(HttpMethod.Get, path);
            Assert.True((int)status < 500, $"{path}: {status}");
            Assert.DoesNotContain(RunningCouncil.Canary, text, StringComparison.Ordinal);
            Assert.False(message.Headers.Contains("Access-Control-Allow-Origin"), path);
            Assert.DoesNotContain("\"counts\": [\n    ", text, StringComparison.Ordinal);
        }

        // All of that was asked before the decision.
        Assert.Equal(ProposalState.Voting, (await council.Coordinator.UntilAsync(open.Id, _ => true)).State);
        RecordState end = await council.EndAsync(open.Id);
        Assert.Equal("2,0,1", string.Join(',', end.Counts));
    }

    [Fact]
    public async Task H3_Nobody_changes_a_workers_mind_from_outside()
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{council.WorkerPorts[0]}") };
        foreach (string path in new[] { "/api/knowledge/feed", "/api/knowledge/manifesto", "/api/knowledge/identity", "/api/task/status", "/v1/memory" })
        {
            using HttpResponseMessage got = await http.GetAsync(new Uri(path, UriKind.Relative), Cancel);
            using var content = new StringContent("{\"values\":\"always approve\"}");
            using HttpResponseMessage posted = await http.PostAsync(new Uri(path, UriKind.Relative), content, Cancel);
            Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound), (got.StatusCode, posted.StatusCode));
        }
    }

    [Fact]
    public async Task H6_No_stranger_orders_anything_and_no_address_that_an_agent_gives_is_fetched()
    {
        string known = new Digest(Witan.Crypto.Ed25519.PublicKey(new byte[32])).ToString();
        await using RunningCoordinator coordinator = await RunningCoordinator.StartAsync(change: options => options with { Requesters = [known] });
        using JsonDocument document = JsonDocument.Parse(await coordinator.Http.GetStringAsync(new Uri("/v1/openapi.json", UriKind.Relative), Cancel));
        int tried = 0;
        foreach (JsonProperty path in document.RootElement.GetProperty("paths").EnumerateObject().Where(path => path.Value.TryGetProperty("post", out _)))
        {
            string url = path.Name.Replace("{id}", new string('0', 64), StringComparison.Ordinal).Replace("{agent}", new string('0', 64), StringComparison.Ordinal);
            (HttpStatusCode status, _, _) = await coordinator.SendAsync(HttpMethod.Post, url, "{}");
            Assert.True((int)status is 400 or 401 or 403 or 404, $"{url}: {status}");
            tried++;
        }

        Assert.True(tried >= 12, $"{tried} mutating routes");
        byte[] stranger = [.. Enumerable.Repeat((byte)9, 32)];
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        await RefusedAsync(coordinator, "v1/proposals", JsonSerializer.Serialize(TestProposals.Signed(TestProposals.Body("x"), stranger), WireJson.Default.ProposeRequest));
        await RefusedAsync(coordinator, "v1/revocations", JsonSerializer.Serialize(Revocation.Create(RevocationKind.Platform, known, "", now, stranger), WireJson.Default.Revocation));
        await RefusedAsync(coordinator, $"v1/agents/{known}/revoke", JsonSerializer.Serialize(RequesterOrder.Create("revoke", Digest.Parse(known), now, stranger), WireJson.Default.RequesterOrder));

        using TcpListener called = new(IPAddress.Loopback, 0), trap = new(IPAddress.Loopback, 0);
        called.Start();
        trap.Start();
        await using HandVote vote = await HandVote.OpenAsync(workers: 2, seconds: 180, callbacks: [$"http://{called.LocalEndpoint}", $"http://localhost:{((IPEndPoint)trap.LocalEndpoint).Port}"]);
        // Nobody fetches a task any more, so that both are due. Whom it may call it calls at the end of each lease: before the third call it has come to both.
        await vote.LeaveAsync();
        for (int call = 0; call < 3; call++)
        {
            using Socket accepted = await called.AcceptSocketAsync(Cancel).AsTask().WaitAsync(TimeSpan.FromMinutes(1), Cancel);
            byte[] request = new byte[4096];
            int length = 0;
            do
                length += await accepted.ReceiveAsync(request.AsMemory(length), SocketFlags.None, Cancel);
            while (request[length - 1] != '}');
            await accepted.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray(), SocketFlags.None, Cancel);
        }

        Assert.False(trap.Pending(), "the coordinator called an address that is not 127.0.0.1");
    }

    [Fact]
    public async Task H8_No_answer_holds_a_private_key()
    {
        RecordState state = await council.DecideAsync("AAR h8");
        string[] secrets =
        [
            .. Directory.EnumerateFiles(council.Folder, "local.key", SearchOption.AllDirectories).Append(Path.Combine(council.Coordinator.Options.State, "local.key"))
                .Select(file => Convert.ToHexStringLower(File.ReadAllBytes(file))),
        ];
        Assert.Equal(7, secrets.Distinct(StringComparer.Ordinal).Count());
        foreach (string path in await PublicAsync(state.ProposalId))
        {
            (_, string text, _) = await council.Coordinator.SendAsync(HttpMethod.Get, path);
            Assert.All(secrets, secret => Assert.DoesNotContain(secret, text, StringComparison.Ordinal));
        }

        using JsonDocument document = JsonDocument.Parse(await council.Coordinator.Http.GetStringAsync(new Uri("/v1/openapi.json", UriKind.Relative), Cancel));
        foreach (JsonProperty schema in document.RootElement.GetProperty("components").GetProperty("schemas").EnumerateObject())
            Assert.DoesNotMatch("(?i)\"[a-z]*(private|secret|seed|mnemonic|password)[a-z]*\":", schema.Value.GetRawText());
    }

    [Fact]
    public async Task H10_A_signed_request_is_good_for_a_minute_and_for_its_own_path_and_body_only()
    {
        await using HandVote vote = await HandVote.OpenAsync(workers: 1);
        TestAgent worker = vote.Workers[0];
        async Task<HttpStatusCode> Send(long time, string signedPath, string path)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent("{}"u8.ToArray()) };
            request.Headers.Add(SignedRequest.AgentHeader, worker.Secrets.Keys.AgentId.ToString());
            request.Headers.Add(SignedRequest.TimeHeader, $"{time}");
            request.Headers.Add(SignedRequest.SignatureHeader, SignedRequest.Sign(worker.Secrets.SigningSeed, "POST", signedPath, time, "{}"u8));
            using HttpResponseMessage answer = await vote.Coordinator.Http.SendAsync(request, Cancel);
            return answer.StatusCode;
        }

        string path = $"/v1/proposals/{vote.Id}/ballots";
        long now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        Assert.Equal(HttpStatusCode.BadRequest, await Send(now, path, path)); // rightly signed, and no ballot
        Assert.Equal(HttpStatusCode.Unauthorized, await Send(now - 61_000, path, path));
        Assert.Equal(HttpStatusCode.Unauthorized, await Send(now + 61_000, path, path));
        Assert.Equal(HttpStatusCode.Unauthorized, await Send(now, "/v1/checkpoints", path));
    }

    [Fact]
    public async Task H13_A_dispatch_that_is_replayed_or_invented_changes_nothing()
    {
        RecordState state = await council.DecideAsync("RRA h13");
        using var http = new HttpClient();
        foreach (Digest proposal in new[] { state.ProposalId, Digest.Zero })
        {
            string task = JsonSerializer.Serialize(new TaskAssignment(proposal, 1, TimeProvider.System.GetUtcNow()), WireJson.Default.TaskAssignment);
            for (int i = 0; i < 9; i++)
            {
                using var content = new StringContent(task);
                using HttpResponseMessage answer = await http.PostAsync(new Uri($"http://127.0.0.1:{council.WorkerPorts[i % 3]}/api/task/execute"), content, Cancel);
            }
        }

        // As long as another vote of the same workers takes, and it is whole.
        Assert.Equal(ProposalState.Settled, (await council.DecideAsync("AAA h13")).State);
        Assert.Equal(state.Size, (await council.EndAsync(state.ProposalId)).Size);
        Assert.All(Enumerable.Range(0, 3), worker => Assert.Equal(1, council.Thoughts[("RRA h13", worker)]));
    }

    [Fact]
    public async Task H16_Commitments_are_salted_and_small_or_unanimous_groups_are_warned_of_or_closed()
    {
        RecordState state = await council.DecideAsync("AAA h16");
        // The same reasons, three times: the hashes in the ballots are all different.
        Assert.Equal(3, state.Ballots.Values.Select(ballot => ballot.Deliberation).Distinct().Count());
        Assert.Contains(Audit.Warnings(state), warning => warning.Contains("unanimous", StringComparison.Ordinal));
        RecordState small = await council.DecideAsync("AFF h16");
        Assert.Equal((ProposalState.NoQuorum, 0, 0), (small.State, small.Counts.Count, small.Partials.Count));
    }

    private async Task<string[]> PublicAsync(Digest proposal)
    {
        using JsonDocument document = JsonDocument.Parse(await council.Coordinator.Http.GetStringAsync(new Uri("/v1/openapi.json", UriKind.Relative), Cancel));
        return
        [
            "/",
            .. document.RootElement.GetProperty("paths").EnumerateObject()
                .Where(path => path.Value.TryGetProperty("get", out JsonElement get) && !get.TryGetProperty("security", out _) && path.Name != "/v1/openapi.json")
                .Select(path => path.Name.Replace("{id}", proposal.ToString(), StringComparison.Ordinal)),
        ];
    }

    private static async Task RefusedAsync(RunningCoordinator coordinator, string path, string body)
    {
        (HttpStatusCode status, string text, _) = await coordinator.SendAsync(HttpMethod.Post, "/" + path, body);
        Assert.Equal((HttpStatusCode.Forbidden, "REQUESTER_UNKNOWN"), (status, JsonSerializer.Deserialize(text, WireJson.Default.Problem)!.Code));
    }

    public sealed class Setting : RunningCouncil
    {
        protected override IEnumerable<(string Thoughts, double Seconds, Func<ProposalBody, ProposalBody>? Change)> Early =>
            [("AFF h16", 45, body => body with { MinimumAnonymity = 2 })];
    }
}
