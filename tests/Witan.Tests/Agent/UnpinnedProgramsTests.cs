using Witan.Agent;
using Witan.Dstack.Simulator;
using Witan.Tests.Harness;
using Witan.Trustee;
using Witan.Voting;
using Witan.Worker;
using Witan.Worker.Deliberation;
using Xunit;

namespace Witan.Tests.Agent;

/// <summary>A policy that pins no programs is said loudly, and only in production.</summary>
public sealed class UnpinnedProgramsTests : IDisposable
{
    private const string Worker =
        "WARNING: the policy lists no coordinatorComposeHashes and no trusteeComposeHashes and no osImageHashes: whoever sets WITAN_COORDINATOR can choose the program that learns this worker's secrets; docs/deploy.md says how to pin it";

    private const string Trustee =
        "WARNING: the policy lists no coordinatorComposeHashes and no osImageHashes: whoever sets WITAN_COORDINATOR can choose the program that learns this trustee's secrets; docs/deploy.md says how to pin it";

    private static readonly string[] s_one = [new('a', 64)];
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-pin-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void It_names_the_lists_that_are_empty()
    {
        var none = new CouncilPolicy();
        Assert.Equal((Worker, Trustee), (UnpinnedPrograms.Warning(none, AgentRole.Worker), UnpinnedPrograms.Warning(none, AgentRole.Trustee)));
        CouncilPolicy coordinator = none with { CoordinatorComposeHashes = s_one, OsImageHashes = s_one };
        Assert.Contains("lists no trusteeComposeHashes: ", UnpinnedPrograms.Warning(coordinator, AgentRole.Worker), StringComparison.Ordinal);
        Assert.Null(UnpinnedPrograms.Warning(coordinator, AgentRole.Trustee));
        Assert.Contains("lists no osImageHashes: ", UnpinnedPrograms.Warning(coordinator with { OsImageHashes = [] }, AgentRole.Trustee), StringComparison.Ordinal);
        Assert.Contains("lists no coordinatorComposeHashes: ", UnpinnedPrograms.Warning(coordinator with { CoordinatorComposeHashes = [], TrusteeComposeHashes = s_one }, AgentRole.Worker), StringComparison.Ordinal);
        Assert.Null(UnpinnedPrograms.Warning(coordinator with { TrusteeComposeHashes = s_one }, AgentRole.Worker));
    }

    [Fact]
    public async Task It_stands_in_the_log_in_production_and_not_where_evidence_is_simulated_or_the_policy_pins()
    {
        string socket = Path.Combine(_folder, "d.sock"), state = Path.Combine(_folder, "simulator"), policy = Path.Combine(_folder, "policy.json");
        await using SimulatorServer server = await SimulatorServer.StartAsync(
            new SimulatorOptions { Seed = new byte[32], State = state, Sockets = [new SimulatorSocket("worker", "one", socket)] }, Cancel);
        await File.WriteAllTextAsync(policy, $$"""{"schema":"witan.council-policy/1","coordinatorComposeHashes":["{{s_one[0]}}"],"trusteeComposeHashes":["{{s_one[0]}}"],"osImageHashes":["{{s_one[0]}}"]}""", Cancel);
        var options = new AgentOptions
        {
            Name = "one",
            Coordinator = new Uri("http://127.0.0.1:1/"),
            State = _folder,
            Socket = socket,
            Collateral = Path.Combine(state, "collateral.json"),
        };
        foreach ((AgentRole role, string warning) in new[] { (AgentRole.Worker, Worker), (AgentRole.Trustee, Trustee) })
        {
            AgentOptions own = options with { State = Path.Combine(_folder, role.ToString()) };
            Assert.Contains($"one: {warning}\n", await RunAsync(role, own), StringComparison.Ordinal);
            Assert.DoesNotContain("the policy lists no", await RunAsync(role, own with { DevelopmentRoot = Path.Combine(state, "root.pem") }), StringComparison.Ordinal);
            Assert.DoesNotContain("the policy lists no", await RunAsync(role, own with { Policy = policy }), StringComparison.Ordinal);
        }
    }

    private static async Task<string> RunAsync(AgentRole role, AgentOptions options)
    {
        using var log = new TestLog();
        using var stop = new CancellationTokenSource();
        Task run = role == AgentRole.Worker
            ? WorkerHost.RunAsync(options, new WorkerOptions { Port = 0 }, new RuleDeliberator(new WorkerProfile("witan.profile/1", "n", "v", [], [])), log, TimeProvider.System, stop.Token)
            : TrusteeHost.RunAsync(options, log, TimeProvider.System, stop.Token);
        // The first try at the coordinator comes after all settings.
        while (!run.IsCompleted && !log.ToString().Contains("127.0.0.1:1)", StringComparison.Ordinal))
            await Task.Delay(10, Cancel);
        await stop.CancelAsync();
        await run;
        return log.ToString();
    }
}
