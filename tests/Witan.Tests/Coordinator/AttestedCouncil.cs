using System.Text.Json;
using Witan.Agent;
using Witan.Crypto;
using Witan.Dstack.Simulator;
using Witan.Tests.Harness;
using Witan.Trustee;
using Witan.Voting;
using Witan.Worker;
using Witan.Worker.Deliberation;
using Witan.Worker.Memory;

namespace Witan.Tests.Coordinator;

/// <summary>A council whose programs run on simulated machines: real quotes, judged on every side by the policy that the test gives each.</summary>
internal sealed class AttestedCouncil : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-attested").FullName;
    private readonly Dictionary<string, (CancellationTokenSource Stop, Task Run)> _agents = new(StringComparer.Ordinal);
    private readonly TestLog _log = new();
    private SimulatorServer _simulator = null!;

    public RunningCoordinator Coordinator { get; private set; } = null!;

    /// <summary>The workers think until this is done.</summary>
    public Task Thinking { get; set; } = Task.CompletedTask;

    public string Log => _log.ToString();

    public IReadOnlyList<SimulatedCvm> Machines => _simulator.Machines;

    public static async Task<AttestedCouncil> StartAsync(CouncilPolicy policy, int workers, int trustees)
    {
        var council = new AttestedCouncil();
        (string App, string Instance)[] machines =
        [
            ("coordinator", "coordinator"),
            .. Enumerable.Range(1, workers).Select(i => ("worker", $"worker-{i}")),
            .. Enumerable.Range(1, trustees).Select(i => ("trustee", $"trustee-{i}")),
        ];
        council._simulator = await SimulatorServer.StartAsync(
            new SimulatorOptions
            {
                Seed = [.. Enumerable.Repeat((byte)5, 32)],
                State = council._folder,
                Sockets = [.. machines.Select(machine => new SimulatorSocket(machine.App, machine.Instance, council.Socket(machine.Instance)))],
            },
            CancellationToken.None);
        string file = council.Write("coordinator", policy);
        council.Coordinator = await RunningCoordinator.StartAsync(change: options => options with
        {
            LocalMode = null,
            MinimumWorkers = null,
            Policy = file,
            Requesters = [new Digest(Ed25519.PublicKey(TestProposals.Requester)).ToString()],
            Socket = council.Socket("coordinator"),
            DevelopmentRoot = Path.Combine(council._folder, "root.pem"),
            Collateral = Path.Combine(council._folder, "collateral.json"),
        });
        return council;
    }

    /// <summary>Starts an agent; <paramref name="policy"/> is what it judges the others by. Gives its run.</summary>
    public Task Start(string name, CouncilPolicy policy)
    {
        var stop = new CancellationTokenSource();
        var options = new AgentOptions
        {
            Name = name,
            Coordinator = Coordinator.Http.BaseAddress!,
            State = Path.Combine(_folder, name),
            Socket = Socket(name),
            DevelopmentRoot = Path.Combine(_folder, "root.pem"),
            Collateral = Path.Combine(_folder, "collateral.json"),
            Policy = Write(name, policy),
        };
        Task run = name.StartsWith("worker", StringComparison.Ordinal)
            ? WorkerHost.RunAsync(options, new WorkerOptions { CastWindow = TimeSpan.Zero }, new Approver(this), _log, TimeProvider.System, stop.Token)
            : TrusteeHost.RunAsync(options, _log, TimeProvider.System, stop.Token);
        _agents[name] = (stop, run);
        return run;
    }

    /// <summary>Stops an agent; its state stays.</summary>
    public async Task StopAsync(string name)
    {
        (CancellationTokenSource stop, Task run) = _agents[name];
        _agents.Remove(name);
        await stop.CancelAsync();
        await run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
    }

    public async Task<IReadOnlyList<AgentSummary>> AgentsAsync(int present)
    {
        for (int i = 0; i < 1200; i++)
        {
            IReadOnlyList<AgentSummary> agents = await Coordinator.Client.GetAsync("v1/agents", WireJson.Default.IReadOnlyListAgentSummary, CancellationToken.None) ?? [];
            if (agents.Count(agent => agent.IsPresent) >= present)
                return agents;
            // Those that have ended do not come; where that leaves too few, they say why.
            if (_agents.Values.Count(agent => !agent.Run.IsCompleted) < present)
                await Task.WhenAll(_agents.Values.Select(agent => agent.Run).Where(run => run.IsCompleted));
            await Task.Delay(50);
        }

        throw new TimeoutException(Log + Coordinator.Log);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (string name in _agents.Keys.ToArray())
            await StopAsync(name);
        await Coordinator.DisposeAsync();
        await _simulator.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private string Socket(string instance) => Path.Combine(_folder, $"{instance}.sock");

    private string Write(string name, CouncilPolicy policy)
    {
        string file = Path.Combine(_folder, $"{name}-policy.json");
        File.WriteAllText(file, JsonSerializer.Serialize(policy, PolicyJson.Default.CouncilPolicy));
        return file;
    }

    private sealed class Approver(AttestedCouncil council) : IDeliberator
    {
        public string Description => "approves";

        public async Task<Opinion> DeliberateAsync(ProposalBody proposal, IReadOnlyList<Recollection> memory, HeardArguments? heard, CancellationToken cancellationToken)
        {
            await council.Thinking.WaitAsync(cancellationToken);
            return new Opinion(0, "yes");
        }
    }
}
