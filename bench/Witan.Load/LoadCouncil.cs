using System.Security.Cryptography;
using System.Text.Json;
using Witan.Crypto;
using Witan.Dstack.Simulator;
using Witan.Voting;

namespace Witan.Load;

/// <summary>Coordinators and three trustees on simulated machines, each a process of its own: real quotes, judged on every side.</summary>
internal sealed class LoadCouncil : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-load").FullName;
    private readonly byte[] _seed = RandomNumberGenerator.GetBytes(32);
    private readonly List<CouncilProcess> _coordinators = [];
    private readonly List<CouncilProcess> _trustees = [];
    private SimulatorServer? _simulator;

    /// <summary>All coordinators of the one store.</summary>
    public IReadOnlyList<CouncilProcess> Coordinators => _coordinators;

    /// <summary>The first.</summary>
    public CouncilProcess Coordinator => _coordinators[0];

    /// <summary>Processor time that the coordinators have used.</summary>
    public TimeSpan Used => Sum(_coordinators);

    /// <summary>Processor time that the trustees have used.</summary>
    public TimeSpan UsedByTrustees => Sum(_trustees);

    /// <summary>Ed25519 seed of the requester.</summary>
    public byte[] Requester { get; } = RandomNumberGenerator.GetBytes(32);

    public string Log => string.Join("\n", _coordinators.Concat(_trustees).Select(process => process.Log));

    /// <summary>Starts it. Without an address of a <paramref name="store"/> there is one coordinator with its store in a file.</summary>
    public static async Task<LoadCouncil> StartAsync(int workers, bool limited = false, string? store = null, int coordinators = 1)
    {
        var council = new LoadCouncil();
        string[] trustees = ["trustee-1", "trustee-2", "trustee-3"];
        string[] names = [.. Enumerable.Range(1, coordinators).Select(i => $"coordinator-{i}")];
        council._simulator = await SimulatorServer.StartAsync(
            new SimulatorOptions
            {
                Seed = council._seed,
                State = council._folder,
                Sockets = [.. names.Select(name => new SimulatorSocket("coordinator", name, council.Place(name + ".sock"))), .. trustees.Select(name => new SimulatorSocket("trustee", name, council.Place(name + ".sock")))],
            },
            CancellationToken.None);
        // All simulated machines are on one platform.
        var policy = new CouncilPolicy { InstancesPerPlatform = 0, MinimumWorkers = Math.Min(workers, 3), MaximumWorkers = workers + 1 };
        await File.WriteAllTextAsync(council.Place("policy.json"), JsonSerializer.Serialize(policy, PolicyJson.Default.CouncilPolicy));
        foreach (string name in names)
        {
            council._coordinators.Add(await CouncilProcess.CoordinatorAsync(
                [
                    .. council.Agent(name), "--requests-per-second", limited ? "1000" : "0", "--max-connections", "30000",
                    "--requester", new Digest(Ed25519.PublicKey(council.Requester)).ToString(), .. store is null ? Array.Empty<string>() : ["--store", store],
                ]));
        }

        foreach (string name in trustees)
            council._trustees.Add(CouncilProcess.Trustee([.. council._coordinators.Select(coordinator => coordinator.Address)], ["--name", name, .. council.Agent(name)]));
        return council;
    }

    public SimulatedCvm Machine(int worker) => _simulator!.CreateMachine("worker", $"worker-{worker}");

    public async ValueTask DisposeAsync()
    {
        foreach (CouncilProcess process in _trustees.Concat(_coordinators))
            await process.DisposeAsync();
        if (_simulator is not null)
            await _simulator.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static TimeSpan Sum(IEnumerable<CouncilProcess> processes) => processes.Aggregate(TimeSpan.Zero, (sum, process) => sum + process.Used);

    private string[] Agent(string name) =>
    [
        "--state", Place(name), "--socket", Place(name + ".sock"), "--development-root", Place("root.pem"), "--collateral", Place("collateral.json"),
        "--policy", Place("policy.json"),
    ];

    private string Place(string name) => Path.Combine(_folder, name);
}
