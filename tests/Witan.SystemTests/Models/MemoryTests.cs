using System.Diagnostics;
using System.Text.Json;
using Witan.SystemTests.Council;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.SystemTests.Models;

/// <summary><c>witan worker memory</c> beside workers that decided something.</summary>
public sealed class MemoryTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-memory-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_worker_remembers_what_it_decided_for_its_owner_and_for_nobody_else()
    {
        string key = Path.Combine(_folder, "owner.key"), other = Path.Combine(_folder, "other.key");
        await File.WriteAllTextAsync(key, new string('1', 64), Cancel);
        await File.WriteAllTextAsync(other, new string('2', 64), Cancel);
        (int exit, string owner, string error) = await WitanProgram.RunAsync(Cancel, "worker", "memory", "owner", "--owner-key", key);
        Assert.True(exit == 0, error);

        string profiles = Directory.CreateDirectory(Path.Combine(_folder, "profiles")).FullName;
        foreach (string profile in Directory.EnumerateFiles(Path.Combine(SharedData.Repository, "examples", "profiles"), "*.json"))
        {
            string copy = Path.Combine(profiles, Path.GetFileName(profile));
            File.Copy(profile, copy);
            (exit, _, error) = await WitanProgram.RunAsync(Cancel, "worker", "profile", "sign", copy, "--owner-key", key);
            Assert.True(exit == 0, error);
        }

        string notes = Path.Combine(_folder, "notes");
        (exit, string note, error) = await RunAsync("sign", "libraries matter", "--kind", "preference", "--owner-key", key);
        Assert.True(exit == 0, error);
        await File.WriteAllTextAsync(notes, note, Cancel);

        string grant = Path.Combine(SharedData.Repository, "examples", "treasury-grant.md");
        using Process up = WitanProgram.Start(
            [("WITAN_OWNER", owner.Trim()), ("WITAN_NOTES", notes)], ["up", "--once", "--propose", grant, "--out", _folder, "--profiles", profiles, "--port", $"{WitanProgram.Ports(5)}"]);
        Task<string> output = up.StandardOutput.ReadToEndAsync(Cancel);
        error = await up.StandardError.ReadToEndAsync(Cancel);
        await up.WaitForExitAsync(Cancel);
        Assert.True(up.ExitCode == 0, error + await output);

        string state = Path.Combine(_folder, "state", "worker-1");
        (exit, string shown, error) = await RunAsync("show", "--state", state, "--owner-key", key);
        Assert.True(exit == 0, error);
        Assert.Contains("voted Approve", shown, StringComparison.Ordinal);
        Assert.Contains("libraries matter", shown, StringComparison.Ordinal);
        (exit, _, error) = await RunAsync("add", "the desk has two people", "--kind", "knowledge", "--state", state, "--owner-key", key);
        Assert.True(exit == 0, error);
        (exit, _, error) = await RunAsync("rotate", "--state", state, "--owner-key", key);
        Assert.True(exit == 0, error);
        (exit, string exported, error) = await RunAsync("export", "--state", state, "--owner-key", key);
        Assert.True(exit == 0, error);
        Assert.Contains("LOCAL_MODE gives zero execution integrity guarantees", error, StringComparison.Ordinal);
        using JsonDocument json = JsonDocument.Parse(exported);
        Assert.Equal("local: no execution integrity", json.RootElement.GetProperty("mark").GetString());
        Assert.Equal("witan.memory/1", json.RootElement.GetProperty("schema").GetString());
        Assert.Equal(["Preference", "Decision", "Knowledge"], json.RootElement.GetProperty("entries").EnumerateArray().Select(entry => entry.GetProperty("kind").GetString()));

        (exit, shown, error) = await RunAsync("show", "--state", state, "--owner-key", other);
        Assert.Equal(1, exit);
        Assert.DoesNotContain("Approve", shown + error, StringComparison.Ordinal);
        // Another worker's key does not open it, wherever the file is put.
        File.Copy(Path.Combine(state, "memory.sealed"), Path.Combine(_folder, "state", "worker-2", "memory.sealed"), overwrite: true);
        (exit, _, error) = await RunAsync("show", "--state", Path.Combine(_folder, "state", "worker-2"), "--owner-key", key);
        Assert.Equal(1, exit);
        Assert.Contains("sealed by another app", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_there_is_no_memory_nothing_is_made_and_what_is_missing_is_said()
    {
        string key = Path.Combine(_folder, "owner.key"), state = Directory.CreateDirectory(Path.Combine(_folder, "empty")).FullName;
        await File.WriteAllTextAsync(key, new string('1', 64), Cancel);
        foreach (string[] command in (string[][])[["show"], ["show", "--json"], ["export"], ["rotate"], ["add", "x"]])
        {
            (int exit, string output, string error) = await RunAsync([.. command, "--state", state, "--owner-key", key]);
            Assert.True(exit == 1, $"{exit} {error}");
            Assert.Contains($"there is no memory at {Path.Combine(state, "memory.sealed")}", error, StringComparison.Ordinal);
            Assert.Empty(output);
            Assert.Empty(Directory.EnumerateFileSystemEntries(state));
        }

        await File.WriteAllBytesAsync(Path.Combine(state, "memory.sealed"), new byte[100], Cancel);
        (int missing, _, string said) = await RunAsync("show", "--state", state, "--owner-key", key);
        Assert.Equal((1, true), (missing, said.Contains("there is no ", StringComparison.Ordinal) && said.Contains("local.key", StringComparison.Ordinal)));
        await File.WriteAllBytesAsync(Path.Combine(state, "local.key"), new byte[5], Cancel);
        (int damaged, _, said) = await RunAsync("show", "--state", state, "--owner-key", key);
        Assert.Equal((1, true), (damaged, said.Contains("local.key has 5 bytes; a key has 32", StringComparison.Ordinal)));
    }

    private static async Task<(int Exit, string Out, string Error)> RunAsync(params string[] arguments)
    {
        using Process process = WitanProgram.Start([("LOCAL_MODE", "true")], ["worker", "memory", .. arguments]);
        Task<string> output = process.StandardOutput.ReadToEndAsync(Cancel), error = process.StandardError.ReadToEndAsync(Cancel);
        await process.WaitForExitAsync(Cancel);
        return (process.ExitCode, await output, await error);
    }
}
