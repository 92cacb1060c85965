using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Witan.Crypto;
using Witan.Tests.Harness;
using Witan.Voting;
using Xunit;

namespace Witan.Tests.Coordinator;

/// <summary>The HTTP of a coordinator as anyone can use it: what it says it has, how it refuses, how it ends.</summary>
public sealed partial class ApiTests : IAsyncLifetime
{
    private static readonly byte[] Seed = RandomNumberGenerator.GetBytes(32);
    private RunningCoordinator _coordinator = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _coordinator = await RunningCoordinator.StartAsync();

    public ValueTask DisposeAsync() => _coordinator.DisposeAsync();

    [Fact]
    public async Task The_document_is_the_committed_one_and_names_every_route()
    {
        string served = await _coordinator.Http.GetStringAsync(new Uri("/v1/openapi.json", UriKind.Relative), Cancel);
        string file = Path.Combine(SharedData.Repository, "docs", "reference", "openapi.json");
        if (Environment.GetEnvironmentVariable("WITAN_SNAPSHOTS") == "write")
            await File.WriteAllTextAsync(file, served + "\n", Cancel);
        Assert.Equal((await File.ReadAllTextAsync(file, Cancel)).TrimEnd(), served);

        using JsonDocument document = JsonDocument.Parse(served);
        JsonElement paths = document.RootElement.GetProperty("paths");
        string folder = Path.Combine(SharedData.Repository, "src", "Witan.Coordinator", "Api");
        foreach (string source in Directory.EnumerateFiles(folder, "*Routes.cs").Select(File.ReadAllText))
        {
            foreach (Match route in Route().Matches(source))
            {
                if (route.Groups["path"].Value is not ("/" or "/v1/proposals/{{id}}/{name}"))
                    Assert.True(paths.GetProperty(route.Groups["path"].Value).TryGetProperty(route.Groups["method"].Value.ToLowerInvariant(), out _), route.Value);
            }
        }

        // Every reference leads somewhere, and every operation has a name of its own.
        string[] references = [.. Reference().Matches(served).Select(match => match.Groups["name"].Value).Distinct()];
        Assert.All(references, name => Assert.True(document.RootElement.GetProperty("components").GetProperty("schemas").TryGetProperty(name, out _), name));
        string[] ids = [.. OperationId().Matches(served).Select(match => match.Groups["id"].Value)];
        Assert.Equal(ids.Length, ids.Distinct(StringComparer.Ordinal).Count());
        Assert.True(ids.Length >= 27, $"{ids.Length} operations");
    }

    [Fact]
    public void Every_code_of_a_problem_is_documented()
    {
        string documented = File.ReadAllText(Path.Combine(SharedData.Repository, "docs", "reference", "api.md"));
        // These name environment variables, which look the same.
        string[] settings = ["Program.cs", "CoordinatorSettings.cs", "EnvironmentOrigins.cs", "OtlpExport.cs"];
        foreach (string file in Directory.EnumerateFiles(Path.Combine(SharedData.Repository, "src", "Witan.Coordinator"), "*.cs", SearchOption.AllDirectories).Where(file => !settings.Contains(Path.GetFileName(file), StringComparer.Ordinal)))
        {
            foreach (Match code in ProblemCode().Matches(File.ReadAllText(file)))
                Assert.True(documented.Contains($"`{code.Groups["code"].Value}`", StringComparison.Ordinal), $"{code.Groups["code"].Value} of {Path.GetFileName(file)} is not in docs/reference/api.md");
        }

        Assert.All(Enum.GetNames<RefusalCode>(), name => Assert.Contains($"`{name}`", documented, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("GET", "/v1/nothing", null, 404, "NO_ROUTE")]
    [InlineData("DELETE", "/v1/proposals", null, 405, "NO_ROUTE")]
    [InlineData("GET", "/v1/proposals/zz", null, 404, "NOT_FOUND")]
    [InlineData("GET", "/v1/evidence?nonce=1", null, 400, "NONCE_INVALID")]
    [InlineData("POST", "/v1/proposals", "", 400, "JSON_INVALID")]
    [InlineData("POST", "/v1/proposals", "{\"body\":", 400, "JSON_INVALID")]
    [InlineData("POST", "/v1/admission", "{}", 400, "JSON_INVALID")]
    [InlineData("GET", "/v1/tasks/next", null, 401, "UNSIGNED")]
    [InlineData("GET", "/v1/trustee-tasks", null, 401, "UNSIGNED")]
    [InlineData("POST", "/v1/checkpoints", "{}", 401, "UNSIGNED")]
    public async Task A_wrong_request_is_a_problem_with_a_stable_code(string method, string path, string? body, int status, string code)
    {
        (HttpStatusCode got, string text, HttpResponseMessage message) = await _coordinator.SendAsync(new HttpMethod(method), path, body);
        Assert.Equal((status, "application/problem+json"), ((int)got, message.Content.Headers.ContentType?.MediaType));
        Problem problem = JsonSerializer.Deserialize(text, WireJson.Default.Problem)!;
        Assert.Equal((code, status), (problem.Code, problem.Status));
        Assert.DoesNotContain("   at ", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_is_too_long_is_refused_before_it_is_parsed()
    {
        // Said to be long: refused by its length alone. Not said: refused when it is read.
        (HttpStatusCode status, string text, _) = await _coordinator.SendAsync(HttpMethod.Post, "/v1/proposals", new string(' ', (256 << 10) + 1));
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "TOO_LARGE"), (status, Code(text)));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/revocations") { Content = new StreamContent(new MemoryStream(new byte[200_000])) };
        request.Headers.TransferEncodingChunked = true;
        using HttpResponseMessage response = await _coordinator.Http.SendAsync(request, Cancel);
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "TOO_LARGE"), (response.StatusCode, Code(await response.Content.ReadAsStringAsync(Cancel))));
    }

    [Fact]
    public async Task The_same_key_gets_the_first_answer_and_another_body_is_refused()
    {
        string one = Proposal("one"), two = Proposal("two");
        (HttpStatusCode status, string first, HttpResponseMessage message) = await _coordinator.SendAsync(HttpMethod.Post, "/v1/proposals", one, ("Idempotency-Key", "k-1"));
        Assert.Equal(HttpStatusCode.Created, status);
        Assert.False(message.Headers.Contains("Idempotency-Replayed"));
        (status, string again, message) = await _coordinator.SendAsync(HttpMethod.Post, "/v1/proposals", one, ("Idempotency-Key", "k-1"));
        Assert.Equal((HttpStatusCode.Created, first, true), (status, again, message.Headers.Contains("Idempotency-Replayed")));
        (status, string refused, _) = await _coordinator.SendAsync(HttpMethod.Post, "/v1/proposals", two, ("Idempotency-Key", "k-1"));
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "IDEMPOTENCY_KEY_REUSED"), (status, Code(refused)));
        (status, refused, _) = await _coordinator.SendAsync(HttpMethod.Post, "/v1/proposals", two, ("Idempotency-Key", new string('k', 129)));
        Assert.Equal((HttpStatusCode.BadRequest, "IDEMPOTENCY_KEY_INVALID"), (status, Code(refused)));
        // A refusal is not kept: what was wrong can be mended under the same key.
        (status, _, _) = await _coordinator.SendAsync(HttpMethod.Post, "/v1/proposals", "{}", ("Idempotency-Key", "k-2"));
        Assert.Equal(HttpStatusCode.BadRequest, status);
        (status, _, _) = await _coordinator.SendAsync(HttpMethod.Post, "/v1/proposals", two, ("Idempotency-Key", "k-2"));
        Assert.Equal(HttpStatusCode.Created, status);
        Assert.Equal(2, (await _coordinator.Client.GetAsync("v1/proposals", WireJson.Default.IReadOnlyListProposalSummary, Cancel))!.Count);
    }

    [Fact]
    public async Task It_answers_whoever_waits_before_it_ends()
    {
        await using RunningCoordinator coordinator = await RunningCoordinator.StartAsync(change: options => options with { DrainTime = TimeSpan.FromSeconds(60) });
        using var agent = new TestAgent(coordinator);
        await agent.AdmitAsync(AgentRole.Worker);
        Task<TaskAssignment?> waiting = agent.Client.GetAsync("v1/tasks/next", WireJson.Default.TaskAssignment, Cancel);
        // For five seconds an agent is here because it was admitted; after them because it waits.
        await Task.Delay(TimeSpan.FromSeconds(6), Cancel);
        for (int i = 0; i < 600 && !await IsPresentAsync(); i++)
            await Task.Delay(50, Cancel);
        Assert.False(waiting.IsCompleted);
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        await coordinator.StopAsync();
        Assert.Null(await waiting);
        Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(30), "the drain waited for its own limit");

        async Task<bool> IsPresentAsync() =>
            (await coordinator.Client.GetAsync("v1/agents", WireJson.Default.IReadOnlyListAgentSummary, Cancel))!.Single().IsPresent;
    }

    [Fact]
    public async Task Tls_shows_the_certificate_that_is_in_the_files_now()
    {
        string folder = Directory.CreateTempSubdirectory("witan-tls").FullName;
        try
        {
            string chain = Path.Combine(folder, "chain.pem"), key = Path.Combine(folder, "key.pem"), authority = Path.Combine(folder, "ca.pem");
            using var first = new TestAuthority(chain, key, authority);
            await using RunningCoordinator plain = await RunningCoordinator.StartAsync();
            CoordinatorOptionsOf(plain, out string state);
            await plain.StopAsync();
            int port = RunningCoordinator.FreePort();
            using var stop = new CancellationTokenSource();
            Task run = Witan.Coordinator.CoordinatorHost.RunAsync(
                plain.Options with { Port = port, State = state, TlsCertificate = chain, TlsKey = key }, TextWriter.Null, TimeProvider.System, stop.Token);
            using (HttpClient client = Witan.Agent.CoordinatorHttp.Create(new Uri($"https://127.0.0.1:{port}"), authority, TimeSpan.FromSeconds(10)))
                await UntilAsync(client, run);
            using (var stranger = new HttpClient { BaseAddress = new Uri($"https://127.0.0.1:{port}") })
                await Assert.ThrowsAsync<HttpRequestException>(() => stranger.GetAsync(new Uri("/healthz", UriKind.Relative), Cancel));
            File.SetLastWriteTimeUtc(chain, File.GetLastWriteTimeUtc(chain).AddSeconds(-5));
            using var second = new TestAuthority(chain, key, authority);
            using (HttpClient client = Witan.Agent.CoordinatorHttp.Create(new Uri($"https://127.0.0.1:{port}"), authority, TimeSpan.FromSeconds(10)))
                await UntilAsync(client, run);
            await stop.CancelAsync();
            await run;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void CoordinatorOptionsOf(RunningCoordinator plain, out string state) => state = plain.Options.State;

    private static async Task UntilAsync(HttpClient client, Task run)
    {
        for (int i = 0; ; i++)
        {
            try
            {
                using HttpResponseMessage answer = await client.GetAsync(new Uri("/healthz", UriKind.Relative), Cancel);
                answer.EnsureSuccessStatusCode();
                return;
            }
            catch (HttpRequestException e) when (i < 200 && e.InnerException is System.Net.Sockets.SocketException && !run.IsCompleted)
            {
                await Task.Delay(25, Cancel);
            }
        }
    }

    private static string Code(string problem) => JsonSerializer.Deserialize(problem, WireJson.Default.Problem)!.Code;

    private static string Proposal(string title)
    {
        ProposalBody body = TestProposals.Body(title);
        return Encoding.UTF8.GetString(JsonSerializer.SerializeToUtf8Bytes(
            new ProposeRequest(body, new Digest(Ed25519.PublicKey(Seed)), Ed25519.Sign(Seed, body.Id().Bytes)), WireJson.Default.ProposeRequest));
    }

    [GeneratedRegex("routes\\.Map(?<method>Get|Post)\\(\\$?\"(?<path>[^\"]+)\"")]
    private static partial Regex Route();

    [GeneratedRegex("#/components/schemas/(?<name>\\w+)")]
    private static partial Regex Reference();

    [GeneratedRegex("\"operationId\": \"(?<id>\\w+)\"")]
    private static partial Regex OperationId();

    [GeneratedRegex("\"(?<code>[A-Z]{3,}(_[A-Z]+)+|STORAGE|REVOKED|INTERNAL|RECOVERING|ENDING|UNSIGNED)\"")]
    private static partial Regex ProblemCode();
}
