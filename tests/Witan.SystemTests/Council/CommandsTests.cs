using System.Diagnostics;
using System.Text.Json;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.SystemTests.Council;

/// <summary>The commands that talk to a council, against one that runs: coordinator, workers and trustees as processes.</summary>
public sealed class CommandsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-commands-").FullName;
    private readonly int _port = WitanProgram.Ports(5);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string[] To => ["--coordinator", $"http://127.0.0.1:{_port}"];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_council_is_asked_watched_and_told_whom_to_trust_no_more()
    {
        (int exit, _, string error) = await WitanProgram.RunAsync(Cancel, ["proposals", .. To]);
        Assert.Equal(3, exit);
        Assert.Contains("does not answer", error, StringComparison.Ordinal);

        using Process up = WitanProgram.Start("up", "--out", _folder, "--port", $"{_port}");
        try
        {
            await UntilAsync(async () => (await JsonAsync("workers", "--present", "--json"))?.RootElement.GetProperty("agents").GetArrayLength() == 3);
            await UntilAsync(async () => (await JsonAsync("trustees", "--present", "--json"))?.RootElement.GetProperty("agents").GetArrayLength() == 3);
            string key = Path.Combine(_folder, "state", "requester.key");
            await AskAsync(key);
            await RevokeAsync(key);
        }
        finally
        {
            using Process? stop = Process.Start("/bin/kill", ["-INT", $"{up.Id}"]);
            await up.WaitForExitAsync(Cancel);
        }
    }

    [Fact]
    public async Task A_policy_file_is_checked_without_a_coordinator()
    {
        (int exit, string text, _) = await WitanProgram.RunAsync(Cancel, "policy", "check", "strict", "--json");
        Assert.Equal(0, exit);
        string file = Path.Combine(_folder, "policy.json");
        await File.WriteAllTextAsync(file, text, Cancel);
        (exit, string checkedText, _) = await WitanProgram.RunAsync(Cancel, "policy", "check", file);
        Assert.Equal(0, exit);
        Assert.Contains("hash", checkedText, StringComparison.Ordinal);
        await File.WriteAllTextAsync(file, text.Replace("\"turnoutPercent\": 51", "\"turnoutPercent\": 0", StringComparison.Ordinal), Cancel);
        (exit, _, string error) = await WitanProgram.RunAsync(Cancel, "policy", "check", file);
        Assert.Equal(1, exit);
        Assert.Contains("turnoutPercent", error, StringComparison.Ordinal);
        (exit, _, _) = await WitanProgram.RunAsync(Cancel, "policy", "check", "/nowhere.json");
        Assert.Equal(2, exit);
    }

    private async Task AskAsync(string key)
    {
        string grant = Path.Combine(SharedData.Repository, "examples", "treasury-grant.md");
        (int exit, _, string error) = await WitanProgram.RunAsync(Cancel, ["propose", grant, .. To]);
        Assert.True(exit == 1, $"a stranger's proposal: exit {exit}, {error}");
        Assert.Contains("REQUESTER_UNKNOWN", error, StringComparison.Ordinal);
        (exit, string output, error) = await WitanProgram.RunAsync(Cancel, ["propose", grant, "--key", key, "--json", .. To]);
        Assert.True(exit == 0, error);
        using JsonDocument proposed = JsonDocument.Parse(output);
        Assert.Equal("witan.proposal/1", proposed.RootElement.GetProperty("schema").GetString());
        string id = proposed.RootElement.GetProperty("id").GetString()!;

        string record = Path.Combine(_folder, "record.json");
        (exit, output, error) = await WitanProgram.RunAsync(Cancel, ["decision", id[..12], "--wait", "--out", record, "--json", .. To]);
        Assert.True(exit == 0, error);
        using JsonDocument decided = JsonDocument.Parse(output);
        Assert.Equal(("witan.audit/1", "Approved", 3), (
            decided.RootElement.GetProperty("schema").GetString(), decided.RootElement.GetProperty("decision").GetString(), decided.RootElement.GetProperty("ballots").GetInt32()));
        Assert.Contains("Settled", error, StringComparison.Ordinal);
        (exit, _, _) = await WitanProgram.RunAsync(Cancel, "audit", record);
        Assert.Equal(0, exit);

        (exit, output, _) = await WitanProgram.RunAsync(Cancel, ["proposals", .. To]);
        Assert.Equal(0, exit);
        Assert.Contains(id[..8], output, StringComparison.Ordinal);
        Assert.Contains("3/3", output, StringComparison.Ordinal);
        using JsonDocument? open = await JsonAsync("proposals", "--open", "--json");
        Assert.Equal(0, open!.RootElement.GetProperty("proposals").GetArrayLength());
        (exit, _, error) = await WitanProgram.RunAsync(Cancel, ["proposals", "cancel", id, "--key", key, .. To]);
        Assert.Equal(1, exit);
        Assert.Contains("WrongState", error, StringComparison.Ordinal);
        (exit, _, _) = await WitanProgram.RunAsync(Cancel, ["decision", new string('0', 64), .. To]);
        Assert.Equal(1, exit);
        (exit, _, _) = await WitanProgram.RunAsync(Cancel, ["decision", "x", .. To]);
        Assert.Equal(2, exit);
    }

    private async Task RevokeAsync(string key)
    {
        using JsonDocument? workers = await JsonAsync("workers", "--json");
        string did = workers!.RootElement.GetProperty("agents")[0].GetProperty("did").GetString()!;
        (int exit, _, string error) = await WitanProgram.RunAsync(Cancel, ["policy", "revoke", "agent", did, "--reason", "lost its key", "--key", key, .. To]);
        Assert.True(exit == 0, error);
        (exit, string output, _) = await WitanProgram.RunAsync(Cancel, ["policy", "revocations", .. To]);
        Assert.Equal(0, exit);
        Assert.Contains("lost its key", output, StringComparison.Ordinal);
        (_, output, _) = await WitanProgram.RunAsync(Cancel, ["workers", .. To]);
        Assert.Contains("revoked", output, StringComparison.Ordinal);
        (exit, output, _) = await WitanProgram.RunAsync(Cancel, ["policy", .. To]);
        Assert.Equal(0, exit);
        Assert.Contains("no sum of fewer than 2 ballots is opened", output, StringComparison.Ordinal);
    }

    private async Task<JsonDocument?> JsonAsync(params string[] arguments)
    {
        (int exit, string output, _) = await WitanProgram.RunAsync(Cancel, [.. arguments, .. To]);
        return exit == 0 ? JsonDocument.Parse(output) : null;
    }

    private static async Task UntilAsync(Func<Task<bool>> isIt)
    {
        for (int i = 0; i < 60; i++)
        {
            if (await isIt())
                return;
            await Task.Delay(250, Cancel);
        }

        Assert.Fail("it did not come to that");
    }
}
