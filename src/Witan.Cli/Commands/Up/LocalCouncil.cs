using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Witan.Cli.CommandLine;
using Witan.Voting;

namespace Witan.Cli.Commands.Up;

/// <summary>A whole council on this machine: coordinator, workers, trustees, and a simulator where asked for, each its own process.</summary>
internal sealed class LocalCouncil : IAsyncDisposable
{
    private readonly UpSettings _settings;
    private readonly string _state;
    private readonly string _sockets;
    private readonly List<ChildProcess> _children = [];

    public LocalCouncil(UpSettings settings, string state)
    {
        _settings = settings;
        _state = state;
        // A unix socket's path has at most 107 characters, which a state directory may not leave.
        _sockets = settings.Simulated ? Directory.CreateTempSubdirectory("witan-").FullName : "";
        Http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{settings.Port}"), Timeout = TimeSpan.FromSeconds(10) };
    }

    public HttpClient Http { get; }

    public IReadOnlyList<ChildProcess> Children => _children;

    public async Task StartAsync(Digest requester, CancellationToken cancellationToken)
    {
        int ports = _settings.Simulated ? 1 : 1 + _settings.Workers;
        for (int i = 0; i < ports; i++)
            RequireFree(_settings.Port + i);
        string logs = InputFile.WritableDirectory(Path.Combine(_state, "logs"));
        string[] workers = [.. Enumerable.Range(1, _settings.Workers).Select(i => $"worker-{i}")];
        string[] trustees = [.. Enumerable.Range(1, _settings.Trustees).Select(i => $"trustee-{i}")];
        if (_settings.Simulated)
            await StartSimulatorAsync(logs, [("coordinator", "coordinator"), .. workers.Select(name => ("worker", name)), .. trustees.Select(name => ("trustee", name))], cancellationToken);
        string policy = WritePolicy();
        Add("coordinator", logs, [
            "coordinator", "--state", StateOf("coordinator"), "--port", $"{_settings.Port}", "--requester", requester.ToString(),
            "--policy", policy, "--settlement", _settings.Settlement]);
        string address = Http.BaseAddress!.ToString();
        string[] profiles = Profiles();
        for (int i = 0; i < workers.Length; i++)
        {
            Add(workers[i], logs, [
                "worker", "--name", workers[i], "--state", StateOf(workers[i]), "--coordinator", address, "--policy", policy,
                "--port", $"{_settings.Port + 1 + i}", "--cast-window", "0.3", "--profile", profiles[i % profiles.Length]]);
        }

        foreach (string name in trustees)
            Add(name, logs, ["trustee", "--name", name, "--state", StateOf(name), "--coordinator", address, "--policy", policy]);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Task.WhenAll(_children.Select(child => child.StopAsync()));
        foreach (ChildProcess child in _children)
            child.Dispose();
        if (_sockets.Length > 0)
            Directory.Delete(_sockets, recursive: true);
    }

    private string StateOf(string name) => Path.Combine(_state, name);

    private string SocketOf(string name) => Path.Combine(_sockets, $"{name}.sock");

    private async Task StartSimulatorAsync(string logs, IEnumerable<(string App, string Instance)> machines, CancellationToken cancellationToken)
    {
        string[] sockets = [.. machines.SelectMany(machine => new[] { "--socket", $"{machine.App}/{machine.Instance}={SocketOf(machine.Instance)}" })];
        ChildProcess simulator = ChildProcess.Start("simulator", logs, false, ["simulator", "--state", StateOf("simulator"), .. sockets]);
        _children.Add(simulator);
        // The others read the collateral and connect to the sockets as soon as they start.
        long deadline = Environment.TickCount64 + 20_000;
        while (!File.Exists(SocketOf("coordinator")))
        {
            if (simulator.HasExited || Environment.TickCount64 > deadline)
            {
                string reason = simulator.HasExited ? await simulator.ReasonAsync(cancellationToken) : "no socket after 20 s";
                throw new CommandException($"the simulator did not start: {reason}", $"see {Path.Combine(logs, "simulator.log")}", ExitCode.Undecided);
            }

            await Task.Delay(50, cancellationToken);
        }
    }

    private void Add(string name, string logs, string[] arguments)
    {
        string[] evidence = _settings.Simulated
            ? ["--socket", SocketOf(name), "--development-root", Path.Combine(StateOf("simulator"), "root.pem"), "--collateral", Path.Combine(StateOf("simulator"), "collateral.json")]
            : [];
        _children.Add(ChildProcess.Start(name, logs, !_settings.Simulated, [.. arguments, .. evidence]));
    }

    // One for all: whoever votes or holds a share takes part in nothing that is looser than its own policy. All of it runs on one machine, so the
    // rule that voters run on different ones is off here.
    private string WritePolicy()
    {
        int fewest = _settings.FewestWorkers;
        var policy = new CouncilPolicy { Name = "phala", MinimumWorkers = fewest, InstancesPerPlatform = 0 };
        policy = policy with { MinimumAnonymity = Math.Min(policy.MinimumAnonymity, fewest) };
        string path = Path.Combine(_state, "policy.json");
        File.WriteAllBytes(path, JsonSerializer.SerializeToUtf8Bytes(policy, PolicyJson.Default.CouncilPolicy));
        return path;
    }

    private string[] Profiles()
    {
        string folder = _settings.Profiles ?? Path.Combine(AppContext.BaseDirectory, "profiles");
        string[] files = Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal)] : [];
        return files.Length > 0 ? files : throw new CommandException($"there are no worker profiles in {folder}", "give a folder with --profiles");
    }

    private static void RequireFree(int port)
    {
        try
        {
            using var probe = new TcpListener(IPAddress.Loopback, port) { ExclusiveAddressUse = true };
            probe.Start();
        }
        catch (SocketException e)
        {
            throw new CommandException(
                e.SocketErrorCode == SocketError.AddressAlreadyInUse ? $"port {port} is in use" : $"port {port} cannot be listened on: {e.Message} ({e.SocketErrorCode})",
                "choose another first port with --port");
        }
    }
}
