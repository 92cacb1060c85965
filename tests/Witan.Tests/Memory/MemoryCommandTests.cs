using Witan.Cli.CommandLine;
using Witan.Crypto;
using Witan.Dstack;
using Witan.Dstack.Simulator;
using Witan.Tests.Cloud;
using Witan.Tests.Coordinator;
using Witan.Voting;
using Witan.Worker.Deliberation;
using Witan.Worker.Memory;
using Xunit;

namespace Witan.Tests.Memory;

/// <summary><c>witan worker memory</c> beside a guest agent.</summary>
public sealed class MemoryCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-memory-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Key => Path.Combine(_folder, "owner.key");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task What_a_model_wrote_cannot_paint_the_owners_terminal_and_notes_beyond_the_budget_are_said()
    {
        string socket = Path.Combine(_folder, "d.sock");
        await using SimulatorServer server = await SimulatorServer.StartAsync(
            new SimulatorOptions { Seed = new byte[32], State = Path.Combine(_folder, "simulator"), Sockets = [new SimulatorSocket("worker", "one", socket)] }, Cancel);
        await File.WriteAllTextAsync(Key, new string('1', 64), Cancel);
        using var guest = new DstackClient(socket);
        byte[] owner = Ed25519.PublicKey(Convert.FromHexString(new string('1', 64)));
        var store = new MemoryStore(Path.Combine(_folder, WorkerMind.FileName), async (epoch, token) =>
        {
            using GetKeyResponse key = await guest.GetKeyAsync($"witan/worker/memory/{epoch}", cancellationToken: token);
            return key.ToBytes();
        });
        var mind = new WorkerMind(store, owner, TimeProvider.System);
        await mind.StartAsync(Cancel);
        await mind.RememberAsync(new Digest(new byte[32]), TestProposals.Body("a grant"), new Opinion(0, "fine \e[2J\u202Ereally\nwitan: error: forged"), Cancel);

        CommandRun shown = await RunAsync(socket, "show");
        Assert.Equal(ExitCode.Good, shown.Code);
        Assert.Contains("fine \uFFFD[2J\uFFFDreally witan: error: forged", shown.Output, StringComparison.Ordinal);
        Assert.Single(shown.Output.Trim().Split('\n'));

        Assert.Empty((await RunAsync(socket, "add", new string('a', 9_000))).Error);
        CommandRun added = await RunAsync(socket, "add", new string('b', 9_000));
        Assert.Equal(ExitCode.Good, added.Code);
        Assert.Contains("no longer put before the worker's mind (1)", added.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("\"mark\"", (await RunAsync(socket, "export")).Output, StringComparison.Ordinal);

        // As the worker itself: a development root says that all of it is simulated.
        string[] root = ["--development-root", Path.Combine(_folder, "simulator", "root.pem")];
        foreach (CommandRun simulated in new[] { await RunAsync(socket, ["export", .. root]), await RunAsync(socket, ["show", "--json", .. root]) })
            Assert.Contains($"\"mark\": \"{ExecutionMode.Simulated.Mark()}\"", simulated.Output, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, (await RunAsync(socket, "export", "--development-root", "/nowhere.pem")).Code);
    }

    [Fact]
    public async Task A_file_that_cannot_be_read_is_wrong_usage_and_one_that_is_no_memory_is_refused()
    {
        string socket = Path.Combine(_folder, "d.sock");
        await using SimulatorServer server = await SimulatorServer.StartAsync(
            new SimulatorOptions { Seed = new byte[32], State = Path.Combine(_folder, "simulator"), Sockets = [new SimulatorSocket("worker", "one", socket)] }, Cancel);
        await File.WriteAllTextAsync(Key, new string('1', 64), Cancel);
        string memory = Path.Combine(_folder, WorkerMind.FileName);
        await File.WriteAllTextAsync(memory, "no memory", Cancel);
        Assert.Equal(ExitCode.Rejected, (await RunAsync(socket, "show")).Code);
        File.Delete(memory);
        File.CreateSymbolicLink(memory, "/proc/self/mem"); // there, and unreadable for everybody
        CommandRun unreadable = await RunAsync(socket, "show");
        Assert.True(unreadable.Code == ExitCode.Usage, $"{unreadable.Code} {unreadable.Error}");
    }

    private Task<CommandRun> RunAsync(string socket, params string[] arguments) =>
        CommandRun.RunAsync(["worker", "memory", .. arguments, "--state", _folder, "--owner-key", Key, "--socket", socket]);
}
