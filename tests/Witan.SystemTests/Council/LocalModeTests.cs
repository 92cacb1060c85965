using System.Diagnostics;
using System.Net;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.SystemTests.Council;

/// <summary>One test for each guard that keeps LOCAL_MODE from being mistaken for production, against the built programs.</summary>
public sealed class LocalModeTests : IDisposable
{
    private const string Warning =
        "LOCAL_MODE gives zero execution integrity guarantees. It exists solely for development and testing. Never use it in production.";

    private readonly string _folder = Directory.CreateTempSubdirectory("witan-local-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("coordinator")]
    [InlineData("worker")]
    [InlineData("trustee")]
    public async Task It_refuses_to_start_where_a_real_guest_agent_is(string role)
    {
        Assert.SkipUnless(Environment.UserName == "root" && File.Exists("/usr/bin/unshare"), "needs root and unshare for a file system of its own");
        // A private /run, so that the socket exists for this one process tree and for nobody else on the machine.
        string script = $"""
            mount -t tmpfs none "$(readlink -f /var/run)" || exit 99
            dotnet '{WitanProgram.Assembly}' simulator --state '{_folder}/simulator' --socket coordinator/one=/var/run/dstack.sock >/dev/null 2>&1 &
            for i in $(seq 1200); do [ -S /var/run/dstack.sock ] && break; sleep 0.05; done
            [ -S /var/run/dstack.sock ] || exit 98
            dotnet '{WitanProgram.Assembly}' {string.Join(' ', Arguments(role))}
            code=$?; kill %1; exit $code
            """;
        var start = new ProcessStartInfo("/usr/bin/unshare", ["-m", "bash", "-c", script]) { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false };
        start.Environment["LOCAL_MODE"] = "true";
        (int exit, string error) = await FinishAsync(Process.Start(start)!);
        Assert.True(exit == 2, $"exit {exit}: {error}");
        Assert.Contains("a real guest agent is at /var/run/dstack.sock", error, StringComparison.Ordinal);
        Assert.Contains("unset LOCAL_MODE", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    [InlineData("192.0.2.1")]
    public async Task It_refuses_to_listen_beyond_loopback(string address) =>
        await RefusesAsync(Local, [.. Arguments("coordinator"), "--listen", address], $"refuses to listen on {address}");

    [Fact]
    public async Task It_refuses_a_settlement_other_than_the_local_record() =>
        await RefusesAsync(Local, [.. Arguments("coordinator"), "--settlement", "webhook:https://settle.example/"], "refuses to settle on webhook:https://settle.example/");

    [Theory]
    [InlineData("coordinator")]
    [InlineData("worker")]
    [InlineData("trustee")]
    public async Task It_refuses_to_start_in_a_production_image(string role) =>
        await RefusesAsync([.. Local, ("WITAN_PRODUCTION_IMAGE", "1")], Arguments(role), "refuses to start in a production image");

    [Fact]
    public async Task It_refuses_to_be_simulated_as_well() =>
        await RefusesAsync(Local, [.. Arguments("coordinator"), "--development-root", "root.pem"], "exclude each other");

    [Theory]
    [InlineData("TRUE")]
    [InlineData("1")]
    [InlineData("yes")]
    [InlineData("true ")]
    [InlineData("")]
    public async Task Only_the_exact_word_turns_it_on(string value) =>
        await RefusesAsync([("LOCAL_MODE", value)], Arguments("coordinator"), "there is no guest agent at");

    [Fact]
    public async Task Every_answer_says_what_it_is_and_so_does_the_program_at_its_start()
    {
        int port = WitanProgram.Ports(1);
        using Process coordinator = WitanProgram.Start(Local, [.. Arguments("coordinator"), "--port", $"{port}"]);
        Task<string> said = coordinator.StandardError.ReadToEndAsync(Cancel);
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        await AwaitAsync(http);
        foreach (string path in new[] { "/", "/healthz", "/readyz", "/v1/policy", "/v1/agents", "/v1/proposals", "/v1/nonce", "/v1/nowhere", "/v1/tasks/next" })
        {
            using HttpResponseMessage answer = await http.GetAsync(new Uri(path, UriKind.Relative), Cancel);
            Assert.Equal("local: no execution integrity", Assert.Single(answer.Headers.GetValues("Witan-Mark")));
            Assert.Equal(Warning, Assert.Single(answer.Headers.GetValues("Witan-Warning")));
        }

        foreach (string command in new[] { "workers", "trustees", "proposals", "policy" })
        {
            string[] words = command == "policy" ? [command] : [command, "--json"];
            (int exit, _, string error) = await WitanProgram.RunAsync(Cancel, [.. words, "--coordinator", $"{http.BaseAddress}"]);
            Assert.True(exit == 0 && error.Split(Warning).Length == 2, $"{command}: exit {exit}: {error}");
        }

        coordinator.Kill();
        Assert.Contains(Warning, await said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_answer_of_a_worker_says_what_it_is()
    {
        int port = WitanProgram.Ports(1);
        using Process worker = WitanProgram.Start(Local, [.. Arguments("worker"), "--port", $"{port}"]);
        try
        {
            using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
            await AwaitAsync(http, "/");
            foreach (string path in new[] { "/", "/api/task/execute", "/nowhere" })
            {
                using HttpResponseMessage answer = await http.GetAsync(new Uri(path, UriKind.Relative), Cancel);
                Assert.Equal("local: no execution integrity", Assert.Single(answer.Headers.GetValues("Witan-Mark")));
                Assert.Equal(Warning, Assert.Single(answer.Headers.GetValues("Witan-Warning")));
            }
        }
        finally
        {
            worker.Kill();
        }
    }

    [Fact]
    public async Task A_production_verifier_rejects_its_record()
    {
        string grant = Path.Combine(SharedData.Repository, "examples", "treasury-grant.md");
        (int exit, string output, string error) = await WitanProgram.RunAsync(
            Cancel, "up", "--once", "--propose", grant, "--out", _folder, "--port", $"{WitanProgram.Ports(5)}");
        Assert.True(exit == 0, error);
        Assert.Contains(Warning, error, StringComparison.Ordinal);
        Assert.Contains(Warning, output, StringComparison.Ordinal);
        string decision = Path.Combine(_folder, "decision.json");
        (exit, output, _) = await WitanProgram.RunAsync(Cancel, "audit", decision);
        Assert.Equal(0, exit);
        Assert.Contains(Warning, output, StringComparison.Ordinal);
        (exit, output, _) = await WitanProgram.RunAsync(Cancel, "audit", decision, "--production");
        Assert.Equal(1, exit);
        Assert.Contains("the record is of mode Local", output, StringComparison.Ordinal);
    }

    private static (string, string)[] Local => [("LOCAL_MODE", "true")];

    private string[] Arguments(string role) => role switch
    {
        "coordinator" => ["coordinator", "--state", Path.Combine(_folder, "state")],
        "worker" => [
            "worker", "--state", Path.Combine(_folder, "state"), "--coordinator", "http://127.0.0.1:9", "--profile",
            Path.Combine(SharedData.Repository, "examples", "profiles", "01-treasurer.json")],
        _ => ["trustee", "--state", Path.Combine(_folder, "state"), "--coordinator", "http://127.0.0.1:9"],
    };

    private static async Task RefusesAsync((string, string)[] environment, string[] arguments, string reason)
    {
        (int exit, string error) = await FinishAsync(WitanProgram.Start(environment, arguments));
        Assert.True(exit == 2, $"exit {exit}: {error}");
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }

    private static async Task<(int Exit, string Error)> FinishAsync(Process process)
    {
        using Process own = process;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(TimeSpan.FromMinutes(2));
        Task<string> error = own.StandardError.ReadToEndAsync(patience.Token);
        Task<string> output = own.StandardOutput.ReadToEndAsync(patience.Token);
        try
        {
            await own.WaitForExitAsync(patience.Token);
            return (own.ExitCode, await error + await output);
        }
        finally
        {
            if (!own.HasExited)
                own.Kill(entireProcessTree: true);
        }
    }

    private static async Task AwaitAsync(HttpClient http, string path = "/healthz")
    {
        for (int i = 0; i < 1200; i++)
        {
            try
            {
                using HttpResponseMessage answer = await http.GetAsync(new Uri(path, UriKind.Relative), Cancel);
                if (answer.StatusCode == HttpStatusCode.OK)
                    return;
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(50, Cancel);
        }

        throw new TimeoutException($"nobody answered {path} within 60 s");
    }
}
