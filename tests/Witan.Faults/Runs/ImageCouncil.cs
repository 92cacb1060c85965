using System.Diagnostics;
using System.Security.Cryptography;
using Witan.Faults.Containers;
using Witan.Faults.Processes;
using Witan.Voting;

namespace Witan.Faults.Runs;

/// <summary>What a council of containers did.</summary>
public sealed record ImageReport(
    IReadOnlyDictionary<string, string> Images, int Decisions, int Kills, int Restarts, int Acknowledged, int Lost, int Doubled, int Wrong,
    double MaxRecoverySeconds, double Seconds);

/// <summary>
/// A council from the built images: coordinator, three workers and three trustees, each a container by <c>deploy/*.yml</c>, with simulated
/// guest agents outside. Containers are killed (SIGKILL) while they decide and come back by themselves.
/// </summary>
public sealed class ImageCouncil : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private static readonly string[] s_names = ["coordinator-1", "worker-1", "worker-2", "worker-3", "trustee-1", "trustee-2", "trustee-3"];
    private readonly string _folder;
    private readonly ContainerHost _host;
    private readonly RestartAlways _engine = new();
    private readonly TextWriter _log;
    private readonly Findings _findings;
    private readonly List<string> _decisions = [];
    private readonly int _port = FreePorts.Next();
    private readonly long _start = Stopwatch.GetTimestamp();
    private int _kills;
    private double _worst;

    private ImageCouncil(string folder, ContainerHost host, byte[] requester, TextWriter log)
    {
        (_folder, _host, _log, _findings) = (folder, host, log, new Findings(log));
        Council = new CouncilUnderTest(folder, requester, _port, name => host.Container(name, _port));
    }

    /// <summary>The council.</summary>
    public CouncilUnderTest Council { get; }

    /// <summary>The published decisions, as files.</summary>
    public IReadOnlyList<string> Decisions => _decisions;

    /// <summary>Starts it, the coordinator last: whoever comes before it waits.</summary>
    public static async Task<ImageCouncil> StartAsync(string repository, TextWriter log, CancellationToken cancellationToken)
    {
        string folder = Directory.CreateTempSubdirectory("witan-images-").FullName;
        byte[] requester = RandomNumberGenerator.GetBytes(32);
        ContainerHost host = await ContainerHost.StartAsync(repository, folder, requester, [.. s_names, "worker-8", "worker-9", "trustee-9", "coordinator-9"], cancellationToken);
        var council = new ImageCouncil(folder, host, requester, log);
        foreach (AgentProcess agent in council.Council.Workers.Concat(council.Council.Trustees))
            council._engine.Keep(agent);
        await CouncilUnderTest.UntilAsync(
            () => council.Council.Workers[0].Output.Contains("Connection refused", StringComparison.Ordinal), "a worker misses its coordinator", council.Council.Workers[0], cancellationToken);
        council._engine.Keep(council.Council.Coordinators[0]);
        foreach (AgentProcess agent in council.Council.Workers.Concat(council.Council.Trustees))
            await CouncilUnderTest.AdmittedAsync(agent, cancellationToken);
        return council;
    }

    /// <summary>One decision in peace.</summary>
    public async Task DecideAsync(int cost, CancellationToken cancellationToken)
    {
        ProposalBody body = CouncilUnderTest.Body(cost);
        await Council.ProposeAsync(body, cancellationToken);
        await FinishAsync("in peace", body, cost, cancellationToken);
    }

    /// <summary>
    /// One decision in which every container is killed, one after the other, each when the one before is back. One worker stays away
    /// until the others were killed, or the decision would be over too soon.
    /// </summary>
    public async Task KillInTurnAsync(int round, CancellationToken cancellationToken)
    {
        int cost = CouncilUnderTest.Costs[round % 4];
        ProposalBody body = CouncilUnderTest.Body(cost);
        await Council.ProposeAsync(body, cancellationToken);
        await CouncilUnderTest.UntilAsync(() => Look(body) is { Roster: 3 }, "the roster is frozen", Council.Coordinators[0], cancellationToken);
        AgentProcess late = Council.Workers[round % 3];
        Task back;
        using (await _engine.HoldAsync(late))
        {
            back = KillAsync(late, body, cancellationToken);
            foreach (AgentProcess victim in Council.All.Where(agent => agent != late))
                await KillAsync(victim, body, cancellationToken);
        }

        await back;
        await FinishAsync($"all killed in turn, round {round + 1}", body, cost, cancellationToken);
    }

    /// <summary>One decision for each container, which is killed while the key is made, while ballots come in, or while the sum is opened.</summary>
    public async Task KillOneByOneAsync(int round, CancellationToken cancellationToken)
    {
        int number = round;
        foreach (AgentProcess victim in Council.All)
        {
            int cost = CouncilUnderTest.Costs[number % 4], phase = number++ % 3;
            ProposalBody body = CouncilUnderTest.Body(cost);
            await Council.ProposeAsync(body, cancellationToken);
            await CouncilUnderTest.UntilAsync(() => Reached(phase, Look(body)), $"phase {phase} is reached", Council.Coordinators[0], cancellationToken);
            await KillAsync(victim, body, cancellationToken);
            await FinishAsync($"{victim.Name} killed in phase {phase}", body, cost, cancellationToken);
        }
    }

    /// <summary>What the images must refuse: LOCAL_MODE in every way, a policy whose hashes nobody wrote, and simulated evidence where no development root is set.</summary>
    public async Task RefuseAsync(CancellationToken cancellationToken)
    {
        int port = FreePorts.Next();
        foreach (string name in (string[])["coordinator-9", "worker-9", "trustee-9"])
        {
            (string, string)[] local = [("LOCAL_MODE", "true"), ("WITAN_LISTEN", "127.0.0.1")];
            await EndsAsync(name, "LOCAL_MODE refuses to start: a real guest agent is at", () => _host.Container(name, port, developmentRoot: false, environment: local), cancellationToken);
            await EndsAsync(name, "LOCAL_MODE refuses to start in a production image", () => _host.Container(name, port, developmentRoot: false, guestAgent: false, environment: local), cancellationToken);
            await EndsAsync(name, "there is no guest agent at", () => _host.Container(name, port, guestAgent: false, environment: ("WITAN_GUEST_AGENT_WAIT", "1")), cancellationToken);
        }

        foreach (string name in (string[])["worker-9", "trustee-9"])
            await EndsAsync(name, "coordinatorComposeHashes: the zeros stand for a value", () => _host.Container(name, _port, pinned: false), cancellationToken);

        _host.CloseGuestAgent("trustee-9");
        await EndsAsync("trustee-9", "witan may not open the guest agent's socket", () => _host.Container("trustee-9", _port), cancellationToken);

        // A worker that trusts what production trusts does not join this council, and a coordinator that does lets none of its workers in.
        await NotAdmittedAsync("the coordinator's evidence cannot be judged now", _host.Container("worker-9", _port, developmentRoot: false), cancellationToken);
        using AgentProcess strict = _host.Container("coordinator-9", port, developmentRoot: false);
        strict.Start();
        await CouncilUnderTest.UntilAsync(() => strict.Output.Contains("listens on", StringComparison.Ordinal), "it listens", strict, cancellationToken);
        await NotAdmittedAsync("COLLATERAL", _host.Container("worker-8", port), cancellationToken);
    }

    /// <summary>What was found so far.</summary>
    public async Task<ImageReport> ReportAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<AgentSummary> agents = await Council.Client(0).GetAsync("v1/agents", WireJson.Default.IReadOnlyListAgentSummary, cancellationToken) ?? [];
        if (agents.Select(agent => agent.Did).Distinct().Count() != 6)
            _findings.Add("identities", $"{agents.Count} agents were admitted where six ran: somebody came back as another");
        return new ImageReport(
            _host.Images.ToDictionary(image => image.Key, image => image.Value.Digest), _decisions.Count, _kills, _engine.Restarts,
            _findings.Acknowledged, _findings.Lost, _findings.Doubled, _findings.Wrong, Math.Round(_worst, 2), Math.Round(Stopwatch.GetElapsedTime(_start).TotalSeconds, 1));
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        await Council.DisposeAsync();
        _host.Dispose();
        if (_findings is { Lost: 0, Doubled: 0, Wrong: 0 })
            Directory.Delete(_folder, recursive: true);
        else
            await _log.WriteLineAsync($"the council's files are kept in {_folder}");
    }

    private ProposalSummary? Look(ProposalBody body) => Council.LookAsync(0, body.Id(), CancellationToken.None).GetAwaiter().GetResult();

    // A phase may be over before it is seen: then the kill comes a little late, and still must not hurt.
    private static bool Reached(int phase, ProposalSummary? summary) => summary is not null && (summary.State >= ProposalState.Settling || phase switch
    {
        0 => summary.Size > 1,
        1 => summary.Ballots > 0,
        _ => summary.State == ProposalState.Tallying,
    });

    private async Task KillAsync(AgentProcess victim, ProposalBody body, CancellationToken cancellationToken)
    {
        int starts = victim.Starts;
        long start = Stopwatch.GetTimestamp();
        victim.Kill();
        _kills++;
        bool isCoordinator = victim == Council.Coordinators[0];
        while (Stopwatch.GetElapsedTime(start) < Patience)
        {
            if (victim.Starts > starts && (isCoordinator
                ? Look(body) is { } summary && !summary.Waiting.Contains("after a restart", StringComparison.Ordinal)
                : victim.Output.Contains("admitted as", StringComparison.Ordinal)))
            {
                _worst = Math.Max(_worst, Stopwatch.GetElapsedTime(start).TotalSeconds);
                return;
            }

            await Task.Delay(20, cancellationToken);
        }

        _findings.Add(victim.Name, $"it did not come back: {victim.Output}");
    }

    private async Task FinishAsync(string what, ProposalBody body, int cost, CancellationToken cancellationToken)
    {
        byte[]? decision = await Council.DecisionAsync(body.Id(), Patience, cancellationToken);
        _findings.Judge(what, body.Id(), decision, Council.Receipts(body.Id()), cost);
        if (decision is null)
            return;
        string file = Path.Combine(_folder, $"decision-{_decisions.Count + 1}.json");
        await File.WriteAllBytesAsync(file, decision, cancellationToken);
        _decisions.Add(file);
        if (await AuditAsync(file, [], cancellationToken) != 0)
            _findings.Add(what, "witan audit finds the record invalid");
        if (await AuditAsync(file, ["--production"], cancellationToken) != 1)
            _findings.Add(what, "a production verifier takes a simulated record");
        await _log.WriteLineAsync($"{what}: decided; {_kills} kills, {_engine.Restarts} restarts, {_findings.Lost} lost, {_findings.Wrong} wrong");
    }

    private static async Task<int> AuditAsync(string file, string[] options, CancellationToken cancellationToken)
    {
        using var audit = new AgentProcess("audit", _ => AgentProcess.Witan([], ["audit", file, .. options]));
        audit.Start();
        await audit.ExitedAsync(cancellationToken);
        return audit.ExitCode;
    }

    private async Task EndsAsync(string name, string reason, Func<AgentProcess> container, CancellationToken cancellationToken)
    {
        using AgentProcess refused = container();
        refused.Start();
        await refused.ExitedAsync(cancellationToken);
        if (refused.ExitCode != 2 || !refused.Output.Contains(reason, StringComparison.Ordinal))
            _findings.Add(name, $"it should refuse with \"{reason}\" and ended with {refused.ExitCode}: {refused.Output}");
    }

    private async Task NotAdmittedAsync(string reason, AgentProcess container, CancellationToken cancellationToken)
    {
        using AgentProcess stranger = container;
        stranger.Start();
        await CouncilUnderTest.UntilAsync(
            () => !stranger.IsRunning || stranger.Output.Contains(reason, StringComparison.Ordinal) || stranger.Output.Contains("admitted as", StringComparison.Ordinal),
            $"it says \"{reason}\"", stranger, cancellationToken);
        if (stranger.Output.Contains("admitted as", StringComparison.Ordinal))
            _findings.Add(stranger.Name, $"it was admitted on evidence of a simulator: {stranger.Output}");
    }
}
