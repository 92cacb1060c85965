using System.Collections.Concurrent;
using System.Diagnostics;
using Witan.Faults.Processes;
using Witan.Faults.Servers;
using Witan.Voting;

namespace Witan.Faults.Runs;

/// <summary>Where somebody is killed.</summary>
/// <param name="Victim">Who.</param>
/// <param name="Write">At which of its writes in a decision, from 1.</param>
/// <param name="Seed">Says how, and what is decided.</param>
public readonly record struct CrashPoint(string Victim, int Write, int Seed);

/// <summary>
/// One council that is tormented, with a store of its own. The writes of files are cut by holding the process at the flush; those
/// to a database at a gate before it.
/// </summary>
public sealed class CrashCouncil : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // Slower than this is worth a look at what the process said.
    private const double SlowSeconds = 4;
    private readonly string _folder;
    private readonly TextWriter _log;
    private readonly Dictionary<string, WriteTrace> _traces = [];
    private readonly PostgresServer? _server;
    private readonly WriteGate? _gate;
    private readonly CouncilUnderTest _council;
    private readonly ConcurrentBag<double> _recoveries = [];

    private CrashCouncil(string folder, PostgresServer? server, WriteGate? gate, string? address, TextWriter log)
    {
        (_folder, _log, _server, _gate) = (folder, log, server, gate);
        Findings = new Findings(log);
        foreach (string victim in Victims.Where(victim => server is null || victim != "coordinator-1"))
            _traces[victim] = new WriteTrace();
        _council = new CouncilUnderTest(folder, [address], name => _traces.TryGetValue(name, out WriteTrace? trace) ? trace.Wrapper : null);
    }

    /// <summary>Who is killed.</summary>
    public static IReadOnlyList<string> Victims { get; } = ["coordinator-1", "worker-1", "trustee-1"];

    /// <summary>What went wrong.</summary>
    public Findings Findings { get; }

    /// <summary>Seconds from each kill until the victim did its work again.</summary>
    public IEnumerable<double> Recoveries => _recoveries;

    /// <summary>Seconds that the slowest decision took in which somebody was killed.</summary>
    public double SlowestDecision { get; private set; }

    /// <summary>Decisions taken with a victim chosen.</summary>
    public int Runs { get; private set; }

    /// <summary>Processes killed.</summary>
    public int Kills { get; private set; }

    /// <summary>Starts a council on a store, "sqlite" or "postgres".</summary>
    public static async Task<CrashCouncil> StartAsync(string store, TextWriter log, CancellationToken cancellationToken)
    {
        PostgresServer? server = store == "postgres" ? await PostgresServer.StartAsync() : null;
        WriteGate? gate = server is null ? null : new WriteGate(server.Port);
        string? address = server is null ? null : (await server.CreateDatabaseAsync()).Replace($":{server.Port}/", $":{gate!.Port}/", StringComparison.Ordinal);
        var council = new CrashCouncil(Directory.CreateTempSubdirectory("witan-crash-").FullName, server, gate, address, log);
        await council._council.StartAsync(cancellationToken);
        return council;
    }

    /// <summary>How many writes a victim makes in a decision in peace.</summary>
    public async Task<int> CountAsync(string victim, CancellationToken cancellationToken)
    {
        bool gated = !_traces.TryGetValue(victim, out WriteTrace? trace);
        trace?.Arm(null);
        _gate?.Arm(_ => null, null);
        await DecideAsync($"{victim} in peace", 300, null, cancellationToken);
        return gated ? _gate!.Writes : trace!.Flushes;
    }

    /// <summary>Lets a decision be taken in which the victim is killed at the point, and judges it.</summary>
    public async Task RunOneAsync(CrashPoint at, CancellationToken cancellationToken)
    {
        AgentProcess victim = _council.All.First(agent => agent.Name == at.Victim);
        var killed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Kill()
        {
            if (killed.Task.IsCompleted)
                return;
            victim.Kill();
            killed.TrySetResult();
        }

        int mode = (at.Seed + at.Write) % 3;
        if (_traces.TryGetValue(at.Victim, out WriteTrace? trace))
        {
            // At the end of the flush while it is held, in the middle of the write before it, or a little later when word may have gone out.
            trace.Arm(mode switch
            {
                0 => (flushes, begins) => { if (!begins && flushes == at.Write) Kill(); }
                ,
                1 => (flushes, begins) => { if (begins && flushes == at.Write - 1) Kill(); }
                ,
                _ => (flushes, begins) => { if (!begins && flushes == at.Write) _ = LaterAsync(); }
                ,
            });
            async Task LaterAsync()
            {
                await Task.Delay(new Dice((at.Seed * 1000) + at.Write).Next(0, 40), CancellationToken.None);
                Kill();
            }
        }
        else
        {
            _gate!.Arm(write => write == at.Write ? (Cut)mode : null, Kill);
        }

        Runs++;
        await DecideAsync($"{at.Victim} at write {at.Write}, seed {at.Seed}", CouncilUnderTest.Costs[(at.Seed + at.Write) % 4], RestartAsync, cancellationToken);
        trace?.Arm(null);
        _gate?.Arm(null, null);

        async Task RestartAsync(Digest proposal)
        {
            await killed.Task;
            long start = victim.Since;
            await victim.ExitedAsync(cancellationToken);
            victim.Start();
            Kills++;
            if (victim == _council.Coordinators[0])
                await AnswersAsync(proposal, cancellationToken);
            else
                await CouncilUnderTest.AdmittedAsync(victim, cancellationToken);
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            _recoveries.Add(seconds);
            if (seconds > SlowSeconds)
                await _log.WriteLineAsync($"{at}: recovered after {seconds:F2} s; it said: {victim.Output}");
        }
    }

    /// <summary>Kills somebody at random, so many times, while one decision is being taken, and lets it end.</summary>
    public async Task SoakAsync(int kills, int seed, CancellationToken cancellationToken)
    {
        var dice = new Dice(seed);
        int cost = CouncilUnderTest.Costs[seed % 4];
        // One worker stays away, or the decision would be over too soon; it comes for the last tenth, so that the sum is opened under fire.
        AgentProcess late = _council.Workers[2];
        ProposalBody body = CouncilUnderTest.Body(cost);
        await _council.ProposeAsync(body, cancellationToken);
        await CouncilUnderTest.UntilAsync(() => _council.LookAsync(0, body.Id(), cancellationToken).GetAwaiter().GetResult() is { Roster: 3 }, "the roster is frozen", _council.Coordinators[0], cancellationToken);
        late.Kill();
        AgentProcess[] victims = [.. _council.All.Where(agent => agent != late)];
        for (int i = 0; i < kills; i++)
        {
            if (i == kills - (kills / 10))
                late.Start();
            AgentProcess victim = victims[dice.Next(0, victims.Length)];
            if (victim.IsRunning)
                victim.Kill();
            await victim.ExitedAsync(cancellationToken);
            victim.Start();
            Kills++;
            await Task.Delay(dice.Next(50, 700), cancellationToken);
            if (i % 50 == 49)
                await _log.WriteLineAsync($"soak: {i + 1} kills");
        }

        long quiet = Stopwatch.GetTimestamp();
        byte[]? decision = await _council.DecisionAsync(body.Id(), Patience, cancellationToken);
        _recoveries.Add(Stopwatch.GetElapsedTime(quiet).TotalSeconds);
        Findings.Judge($"soak of {kills} kills, seed {seed}", body.Id(), decision, _council.Receipts(body.Id()), cost);
        Runs++;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _council.DisposeAsync();
        _gate?.Dispose();
        if (_server is not null)
            await _server.DisposeAsync();
        foreach (WriteTrace trace in _traces.Values)
            trace.Dispose();
        if (Findings is { Lost: 0, Doubled: 0, Wrong: 0 })
            Directory.Delete(_folder, recursive: true);
        else
            await _log.WriteLineAsync($"the council's files are kept in {_folder}");
    }

    // A coordinator is back when it goes on with the record, and not only when it listens.
    private async Task AnswersAsync(Digest proposal, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < Patience)
        {
            ProposalSummary? summary = await _council.LookAsync(0, proposal, cancellationToken);
            if (summary is not null && !summary.Waiting.Contains("after a restart", StringComparison.Ordinal))
                return;
            await Task.Delay(20, cancellationToken);
        }
    }

    private async Task DecideAsync(string what, int cost, Func<Digest, Task>? restart, CancellationToken cancellationToken)
    {
        ProposalBody body = CouncilUnderTest.Body(cost);
        long start = Stopwatch.GetTimestamp();
        Task restarted = restart?.Invoke(body.Id()) ?? Task.CompletedTask;
        await _council.ProposeAsync(body, cancellationToken);
        byte[]? decision = await _council.DecisionAsync(body.Id(), Patience, cancellationToken);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        if (restart is not null && restarted.IsCompleted)
            SlowestDecision = Math.Max(SlowestDecision, seconds);
        if (seconds > 2 * SlowSeconds)
            await _log.WriteLineAsync($"{what}: decided after {seconds:F2} s");
        // Where the decision was taken with fewer writes than the point's number nobody was killed.
        await Task.WhenAny(restarted, Task.Delay(restarted.IsCompleted || AllRun() ? 100 : 15_000, cancellationToken));
        Findings.Judge(what, body.Id(), decision, _council.Receipts(body.Id()), cost);
        foreach (AgentProcess ended in _council.All.Where(agent => !agent.IsRunning && restarted.IsCompleted))
        {
            Findings.Add(what, $"{ended.Name} ended by itself with {ended.ExitCode}: {ended.Output}");
            ended.Start();
        }
    }

    private bool AllRun() => _council.All.All(agent => agent.IsRunning);
}
