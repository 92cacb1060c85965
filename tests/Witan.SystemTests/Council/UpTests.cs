using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.SystemTests.Council;

/// <summary>What the README promises, with real processes.</summary>
public sealed class UpTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-up-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Grant => Path.Combine(SharedData.Repository, "examples", "treasury-grant.md");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(false, "local: no execution integrity")]
    [InlineData(true, "simulated")]
    public async Task A_council_decides_its_record_audits_and_nothing_is_left(bool simulated, string mark)
    {
        string[] mode = simulated ? ["--simulated"] : [];
        (int exit, string output, string error) = await WitanProgram.RunAsync(
            Cancel, ["up", "--once", "--propose", Grant, "--out", _folder, "--port", $"{WitanProgram.Ports(5)}", .. mode]);
        Assert.True(exit == 0, error + Logs());
        Assert.Contains("Approved", output, StringComparison.Ordinal);
        Assert.Contains(mark, output, StringComparison.Ordinal);
        Assert.Equal(simulated, !error.Contains("LOCAL_MODE gives zero execution integrity guarantees", StringComparison.Ordinal));
        Assert.Empty(WitanProgram.Running(_folder));

        string decision = Path.Combine(_folder, "decision.json");
        (exit, output, _) = await WitanProgram.RunAsync(Cancel, "audit", decision, "--json");
        Assert.Equal(0, exit);
        using JsonDocument json = JsonDocument.Parse(output);
        Assert.True(json.RootElement.GetProperty("valid").GetBoolean());
        Assert.Equal(mark, json.RootElement.GetProperty("mark").GetString());
        Assert.Equal(3, json.RootElement.GetProperty("ballots").GetInt32());
        Assert.Equal(3, json.RootElement.GetProperty("counts").EnumerateObject().Sum(count => count.Value.GetInt64()));
    }

    [Fact]
    public async Task A_changed_record_is_invalid_and_the_event_is_named()
    {
        (int exit, _, string error) = await WitanProgram.RunAsync(
            Cancel, "up", "--once", "--propose", Grant, "--out", _folder, "--port", $"{WitanProgram.Ports(5)}");
        Assert.True(exit == 0, error + Logs());
        string decision = Path.Combine(_folder, "decision.json");
        string text = await File.ReadAllTextAsync(decision, Cancel);
        int at = text.IndexOf("\"ballot-cast\"", StringComparison.Ordinal);
        int digit = text.IndexOf("\"challenge0\": \"", at, StringComparison.Ordinal) + 20;
        await File.WriteAllTextAsync(decision, text[..digit] + (text[digit] == '1' ? '2' : '1') + text[(digit + 1)..], Cancel);
        (exit, string output, _) = await WitanProgram.RunAsync(Cancel, "audit", decision);
        Assert.Equal(1, exit);
        Assert.Contains("(ballot-cast)", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_use_is_one_line_with_a_hint_and_exit_code_two()
    {
        string broken = Path.Combine(_folder, "broken.md");
        await File.WriteAllTextAsync(broken, "no front matter", Cancel);
        string endless = Path.Combine(_folder, "endless.md");
        await File.WriteAllTextAsync(endless, (await File.ReadAllTextAsync(Grant, Cancel)).Replace("deadline: 10m", "deadline: 99999999d", StringComparison.Ordinal), Cancel);
        string damaged = Path.Combine(_folder, "damaged"), unreadable = Path.Combine(_folder, "unreadable");
        Directory.CreateDirectory(Path.Combine(damaged, "state"));
        await File.WriteAllTextAsync(Path.Combine(damaged, "state", "requester.key"), "00ff", Cancel);
        Directory.CreateDirectory(Path.Combine(unreadable, "state", "requester.key"));
        int busy = WitanProgram.Ports(1);
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, busy);
        listener.Start();
        string[][] wrong =
        [
            ["up", "--once"],
            ["up", "--once", "--propose", "/nowhere.md", "--out", _folder],
            ["up", "--once", "--propose", broken, "--out", _folder],
            ["up", "--once", "--propose", Grant, "--out", "/proc/nowhere"],
            ["up", "--once", "--propose", Grant, "--out", _folder, "--port", $"{busy}"],
            ["up", "--out", _folder, "--port", "70000"],
            ["up", "--out", _folder, "--port", "0"],
            ["up", "--out", _folder, "--port", "65533"],
            ["up", "--once", "--propose", endless, "--out", _folder],
            ["up", "--out", damaged],
            ["up", "--out", unreadable],
            ["up", "--unknown"],
            ["audit", "/nowhere.json"],
            ["audit", _folder],
            ["frobnicate"],
        ];
        foreach (string[] arguments in wrong)
        {
            (int exit, string output, string error) = await WitanProgram.RunAsync(Cancel, arguments);
            Assert.True(exit == 2, $"{string.Join(' ', arguments)}: exit {exit}, {error}");
            Assert.Empty(output);
            Assert.StartsWith("witan: error: ", error.Split('\n').First(line => line.StartsWith("witan:", StringComparison.Ordinal)), StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_decision_that_cannot_be_written_is_shown_all_the_same()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "decision.json"));
        (int exit, string output, string error) = await WitanProgram.RunAsync(
            Cancel, "up", "--once", "--workers", "2", "--trustees", "1", "--propose", Grant, "--out", _folder, "--port", $"{WitanProgram.Ports(3)}");
        Assert.True(exit == 2, error + Logs());
        Assert.Contains("of 2 ballots", output, StringComparison.Ordinal);
        Assert.Contains("decision.json cannot be written", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Why_the_coordinator_cannot_start_is_said()
    {
        (int exit, _, string error) = await WitanProgram.RunAsync(
            Cancel, "up", "--workers", "1", "--trustees", "1", "--settlement", "webhook:https://example.org/", "--out", _folder, "--port", $"{WitanProgram.Ports(2)}");
        Assert.True(exit == 3, error + Logs());
        string sentence = File.ReadLines(Path.Combine(_folder, "state", "logs", "coordinator.log")).First(line => line.StartsWith("witan: error: ", StringComparison.Ordinal))[14..];
        Assert.Contains($"witan: error: coordinator has ended: {sentence}\n", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_worker_that_is_lost_during_a_decision_is_told_of_at_once()
    {
        using Process up = WitanProgram.Start("up", "--once", "--propose", Grant, "--trustees", "1", "--out", _folder, "--port", $"{WitanProgram.Ports(4)}");
        Task<string> output = up.StandardOutput.ReadToEndAsync(Cancel);
        var error = new StringBuilder();
        while (await up.StandardError.ReadLineAsync(Cancel) is { } line)
        {
            error.AppendLine(line);
            if (line.StartsWith("proposed:", StringComparison.Ordinal))
                Process.GetProcessById(WitanProgram.Running($"--state {_folder}/state/worker-3 ").Single()).Kill();
            if (line.StartsWith("worker-3 has ended; see ", StringComparison.Ordinal))
                Process.Start("/bin/kill", ["-INT", $"{up.Id}"]).Dispose();
        }

        await up.WaitForExitAsync(Cancel);
        Assert.Contains("worker-3 has ended; see ", error.ToString(), StringComparison.Ordinal);
        Assert.True(up.ExitCode == 3, error.ToString());
        Assert.Empty(await output);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("{\"schema\":")]
    public async Task What_is_no_record_is_invalid(string content)
    {
        string file = Path.Combine(_folder, "x.json");
        await File.WriteAllTextAsync(file, content, Cancel);
        (int exit, string output, string error) = await WitanProgram.RunAsync(Cancel, "audit", file);
        Assert.Equal(1, exit);
        Assert.Contains("invalid", output, StringComparison.Ordinal);
        Assert.Empty(error);
    }

    private string Logs()
    {
        var text = new StringBuilder();
        foreach (string log in Directory.EnumerateFiles(_folder, "*.log", SearchOption.AllDirectories))
            text.AppendLine().AppendLine(log).AppendLine(File.ReadAllText(log));
        return text.ToString();
    }
}
