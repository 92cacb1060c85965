using System.Diagnostics;
using System.Text;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.SystemTests.Council;

/// <summary>Ctrl-C on what runs until it is told to stop: it says so, ends with the code of its manual page, and leaves nothing behind.</summary>
public sealed class InterruptTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-interrupt-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // Where the program puts the sockets of simulated machines.
    private string Temporary => Directory.CreateDirectory(Path.Combine(_folder, "tmp")).FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_council_that_was_asked_nothing_ends_with_0()
    {
        (int exit, string error) = await InterruptAsync("the council is up at", "up", "--workers", "1", "--trustees", "1", "--out", _folder, "--port", $"{WitanProgram.Ports(2)}");
        Assert.True(exit == 0, error);
        Assert.EndsWith("stopping\n", error, StringComparison.Ordinal);
        Assert.Empty(WitanProgram.Running(_folder));
    }

    [Fact]
    public async Task A_simulated_council_that_is_deciding_ends_with_3_and_takes_its_sockets_away()
    {
        string grant = Path.Combine(SharedData.Repository, "examples", "treasury-grant.md");
        (int exit, string error) = await InterruptAsync("proposed:", "up", "--simulated", "--once", "--propose", grant, "--out", _folder, "--port", $"{WitanProgram.Ports(1)}");
        Assert.True(exit == 3, error);
        Assert.EndsWith("stopping\n", error, StringComparison.Ordinal);
        Assert.DoesNotContain("witan: error:", error, StringComparison.Ordinal);
        Assert.Empty(WitanProgram.Running(_folder));
        Assert.Empty(Directory.EnumerateDirectories(Temporary, "witan-*"));
    }

    [Fact]
    public async Task A_simulator_ends_with_0_and_takes_its_sockets_away()
    {
        (int exit, string error) = await InterruptAsync("simulator: verify with", "simulator", "--state", _folder);
        Assert.True(exit == 0, error);
        Assert.DoesNotContain("witan: error:", error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(_folder, "*.sock"));
    }

    // The store is that of another coordinator: a council on this machine has its own.
    private async Task<(int Exit, string Error)> InterruptAsync(string after, params string[] arguments)
    {
        using Process process = WitanProgram.Start([("TMPDIR", Temporary), ("WITAN_STORE", "postgres://nowhere.invalid/other")], arguments);
        Task<string> output = process.StandardOutput.ReadToEndAsync(Cancel);
        var error = new StringBuilder();
        while (await process.StandardError.ReadLineAsync(Cancel) is { } line)
        {
            error.Append(line).Append('\n');
            if (!line.Contains(after, StringComparison.Ordinal))
                continue;
            using Process? kill = Process.Start("/bin/kill", ["-INT", $"{process.Id}"]);
        }

        await process.WaitForExitAsync(Cancel);
        Assert.DoesNotContain("witan.audit", await output, StringComparison.Ordinal);
        return (process.ExitCode, error.ToString());
    }
}
