using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using Witan.SystemTests.Council;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.SystemTests.Dstack;

/// <summary>The published JavaScript SDK in node, unmodified, and <c>witan simulator</c> as a process of its own.</summary>
internal sealed class JsSdk : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-js-").FullName;
    private readonly Process _simulator;

    private JsSdk(string[] arguments)
    {
        _simulator = WitanProgram.Start(
            ["simulator", "--state", _folder, "--socket", Path.Combine(_folder, "d.sock"), "--tappd-socket", Path.Combine(_folder, "t.sock"), "--listen", "127.0.0.1:0", "--json", .. arguments]);
    }

    public string Guest => Path.Combine(_folder, "d.sock");

    public string Tappd => Path.Combine(_folder, "t.sock");

    public string Root => Path.Combine(_folder, "root.pem");

    public string Collateral => Path.Combine(_folder, "collateral.json");

    /// <summary>What the simulator said of itself.</summary>
    public JsonElement Announcement { get; private set; }

    private static string Packages => Path.Combine(SharedData.Repository, "tests", "Witan.SystemTests", "Dstack", "js-sdk");

    /// <summary>Starts a simulator; skips the test where node or the SDK is not there.</summary>
    public static async Task<JsSdk> StartAsync(params string[] arguments)
    {
        Assert.SkipUnless(Directory.Exists(Path.Combine(Packages, "node_modules", "@phala", "dstack-sdk")), $"needs the JavaScript SDK: npm ci in {Path.GetRelativePath(SharedData.Repository, Packages)}");
        Assert.SkipUnless(await HasNodeAsync(), "needs node");
        var started = new JsSdk(arguments);
        string? line = await started._simulator.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        if (line is null)
            Assert.Fail(await started._simulator.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        using JsonDocument json = JsonDocument.Parse(line);
        started.Announcement = json.RootElement.Clone();
        return started;
    }

    /// <summary>Calls every method of the SDK; what came of each, by its name in the script.</summary>
    public async Task<JsonElement> CallAllAsync(string guest, string tappd, object? given = null)
    {
        var start = new ProcessStartInfo("node") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false, WorkingDirectory = Packages };
        start.ArgumentList.Add("sdk.mjs");
        start.ArgumentList.Add(JsonSerializer.Serialize(given ?? new { }));
        start.Environment["DSTACK_SIMULATOR_ENDPOINT"] = guest;
        start.Environment["TAPPD_SIMULATOR_ENDPOINT"] = tappd;
        using Process node = Process.Start(start)!;
        Task<string> error = node.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await node.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await node.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(node.ExitCode == 0, await error);
        using JsonDocument json = JsonDocument.Parse(output);
        return json.RootElement.Clone();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_simulator.HasExited)
            _simulator.Kill();
        await _simulator.WaitForExitAsync();
        _simulator.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task<bool> HasNodeAsync()
    {
        try
        {
            using Process node = Process.Start(new ProcessStartInfo("node", "--version") { RedirectStandardOutput = true, UseShellExecute = false })!;
            await node.WaitForExitAsync();
            return node.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
