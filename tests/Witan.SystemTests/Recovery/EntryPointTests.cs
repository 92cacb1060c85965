using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Witan.Faults.Processes;
using Witan.SystemTests.Council;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.SystemTests.Recovery;

/// <summary>The programs that containers start: what they say when they cannot run, and how they stop before they have begun.</summary>
public sealed class EntryPointTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Coordinator", "PORT=abc", "PORT is abc", "from 1 to 65535")]
    [InlineData("Coordinator", "PORT=70000", "PORT is 70000", "from 1 to 65535")]
    [InlineData("Coordinator", "MIN_WORKERS=0", "MIN_WORKERS is 0", "above 0")]
    [InlineData("Coordinator", "WITAN_LISTEN=0.0.0.0", "LOCAL_MODE refuses to listen on 0.0.0.0", "127.0.0.1")]
    [InlineData("Worker", "A=b", "WITAN_PROFILE names no profile", "examples/profiles")]
    [InlineData("Trustee", "A=b", "WITAN_COORDINATOR names no coordinator", "WITAN_COORDINATOR=https://HOST:3000")]
    [InlineData("Trustee", "LOCAL_MODE=false WITAN_GUEST_AGENT_WAIT=0", "there is no guest agent at", "mount it")]
    public async Task What_an_operator_can_mend_is_one_line_with_a_hint_and_exit_code_2(string program, string environment, string error, string hint)
    {
        using Process process = Start(program, environment);
        (int exit, string said) = await EndAsync(process);
        string name = program.ToLowerInvariant();
        Assert.True(exit == 2, $"exit {exit}: {said}");
        Assert.Matches($"(?m)^{name}: error: .*{Regex.Escape(error)}", said);
        Assert.Matches($"(?m)^{name}: hint: .*{Regex.Escape(hint)}", said);
        Assert.DoesNotContain("   at ", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Coordinator")]
    [InlineData("Worker")]
    [InlineData("Trustee")]
    public async Task Told_to_stop_while_it_waits_for_the_guest_agent_it_ends_with_zero(string program)
    {
        using Process process = Start(program, "LOCAL_MODE=false");
        string? line = await process.StandardError.ReadLineAsync(Cancel);
        Assert.Contains("waiting up to 120 s for the guest agent", line, StringComparison.Ordinal);
        ProcessTable.Terminate(process.Id);
        (int exit, string said) = await EndAsync(process);
        Assert.True(exit == 0, $"exit {exit}: {said}");
    }

    [Fact]
    public async Task An_agents_lines_are_json_where_the_environment_asks_for_it()
    {
        string folder = Directory.CreateTempSubdirectory("witan-json-").FullName;
        using Process process = Start("Trustee", $"WITAN_LOG=json WITAN_COORDINATOR=http://127.0.0.1:1 WITAN_STATE={folder}");
        string said = "";
        while (!said.Contains("setting Coordinator = http://127.0.0.1:1 (environment)", StringComparison.Ordinal))
        {
            string line = await process.StandardError.ReadLineAsync(Cancel) ?? throw new InvalidOperationException($"it ended: {said}");
            using JsonDocument json = JsonDocument.Parse(line);
            Assert.Equal("trustee", json.RootElement.GetProperty("program").GetString());
            said += json.RootElement.GetProperty("message").GetString() + "\n";
        }

        Assert.Contains("LOCAL_MODE gives zero execution integrity guarantees", said, StringComparison.Ordinal);
        ProcessTable.Terminate(process.Id);
        (int exit, string rest) = await EndAsync(process);
        Assert.True(exit == 0, $"exit {exit}: {rest}");
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task It_tells_the_service_manager_when_it_serves_and_when_it_stops()
    {
        string folder = Directory.CreateTempSubdirectory("witan-notify-").FullName;
        string address = Path.Combine(folder, "notify");
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        manager.Bind(new UnixDomainSocketEndPoint(address));
        using Process process = Start("Coordinator", $"NOTIFY_SOCKET={address} WITAN_STATE={folder} PORT={WitanProgram.Ports(1)}");
        Assert.StartsWith("READY=1\nSTATUS=listens on 127.0.0.1:", await HearAsync(manager), StringComparison.Ordinal);
        ProcessTable.Terminate(process.Id);
        Assert.Equal("STOPPING=1", await HearAsync(manager));
        (int exit, string said) = await EndAsync(process);
        Assert.True(exit == 0, $"exit {exit}: {said}");
        Directory.Delete(folder, recursive: true);
    }

    private static async Task<string> HearAsync(Socket manager)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(TimeSpan.FromMinutes(1));
        byte[] buffer = new byte[4096];
        return Encoding.UTF8.GetString(buffer, 0, await manager.ReceiveAsync(buffer, patience.Token));
    }

    private static Process Start(string program, string environment)
    {
        Assert.SkipWhen(File.Exists("/var/run/dstack.sock"), "there is a guest agent on this machine");
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, $"Witan.{program}.dll")])
        {
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = SharedData.Repository,
        };
        start.Environment["LOCAL_MODE"] = "true";
        start.Environment["WITAN_LISTEN"] = "127.0.0.1";
        foreach (string[] pair in environment.Split(' ').Select(each => each.Split('=')))
            start.Environment[pair[0]] = pair[1];
        return Process.Start(start)!;
    }

    private static async Task<(int Exit, string Said)> EndAsync(Process process)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(TimeSpan.FromMinutes(1));
        string said = await process.StandardError.ReadToEndAsync(patience.Token);
        await process.WaitForExitAsync(patience.Token);
        return (process.ExitCode, said);
    }
}
