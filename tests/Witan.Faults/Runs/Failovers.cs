using System.Diagnostics;
using Witan.Faults.Processes;
using Witan.Faults.Servers;
using Witan.Voting;

namespace Witan.Faults.Runs;

/// <summary>
/// What the failovers found. Recovery is how long after the kill no record grew; a restarted coordinator is back when it goes on with unfinished
/// records itself. A decision is counted from its proposal to its end, with the kill in it.
/// </summary>
public sealed record FailoverReport(
    int Failovers, int CoordinatorKills, int Proposals, int Acknowledged, int Lost, int Doubled, int Wrong, double MaxRecoverySeconds, double MaxRestartSeconds,
    double MaxDecisionSeconds, double Seconds);

/// <summary>
/// Three coordinators on one PostgreSQL while ballots flow: the primary is killed and its synchronous standby promoted, or one
/// coordinator after the other is killed.
/// </summary>
public sealed class Failovers : IAsyncDisposable
{
    private const string Database = "witan_failover";
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-failover-").FullName;
    private readonly TextWriter _log;
    private readonly CouncilUnderTest _council;
    private readonly Findings _findings;
    private readonly int[] _ports;
    private readonly List<(ProposalBody Body, int Cost)> _proposed = [];
    private PostgresServer _primary;
    private PostgresServer? _standby;
    private int _failovers;
    private int _kills;
    private double _recovery;
    private double _restart;
    private double _decision;

    private Failovers(PostgresServer primary, PostgresServer? standby, TextWriter log)
    {
        (_primary, _standby, _log, _findings) = (primary, standby, log, new Findings(log));
        _ports = standby is null ? [primary.Port] : [primary.Port, standby.Port];
        string address = PostgresServer.Address(Database, _ports);
        _council = new CouncilUnderTest(_folder, [address, address, address]);
    }

    /// <summary>The council.</summary>
    public CouncilUnderTest Council => _council;

    /// <summary>Starts the servers and three coordinators; with a standby where failovers are wanted.</summary>
    public static async Task<Failovers> StartAsync(bool withStandby, TextWriter log, CancellationToken cancellationToken)
    {
        PostgresServer primary = await PostgresServer.StartAsync();
        await primary.ExecuteAsync("postgres", $"create database {Database}");
        PostgresServer? standby = withStandby ? await FollowAsync(primary) : null;
        var failovers = new Failovers(primary, standby, log);
        await failovers._council.StartAsync(cancellationToken);
        return failovers;
    }

    /// <summary>Kills the primary and promotes its standby while proposals are decided.</summary>
    public async Task FailOverAsync(int proposals, CancellationToken cancellationToken)
    {
        await FlowAsync(proposals, _primary.KillAsync, (_, _) => _standby!.PromoteAsync(), cancellationToken);
        _failovers++;
        await _primary.DisposeAsync();
        (_primary, _standby) = (_standby!, null);
    }

    /// <summary>Kills one coordinator after the other, every few moments, while proposals are decided.</summary>
    public async Task KillCoordinatorsAsync(int kills, int seed, CancellationToken cancellationToken)
    {
        var dice = new Dice(seed);
        for (int i = 0; i < kills; i++)
        {
            AgentProcess victim = _council.Coordinators[dice.Next(0, 3)];
            await FlowAsync(2, () =>
            {
                victim.Kill();
                return victim.ExitedAsync(cancellationToken);
            }, async (open, down) =>
            {
                victim.Start();
                await BackAsync(victim, open, down, cancellationToken);
            }, cancellationToken);
            _kills++;
            if (i % 10 == 9)
                await _log.WriteLineAsync($"{i + 1} coordinators killed; {_findings.Lost} lost, {_findings.Doubled} doubled, {_findings.Wrong} wrong");
        }
    }

    /// <summary>What was found.</summary>
    public FailoverReport Report(long start) => new(
        _failovers, _kills, _proposed.Count, _findings.Acknowledged, _findings.Lost, _findings.Doubled, _findings.Wrong, Math.Round(_recovery, 2),
        Math.Round(_restart, 2), Math.Round(_decision, 2),
        Math.Round(Stopwatch.GetElapsedTime(start).TotalSeconds, 1));

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _council.DisposeAsync();
        if (_standby is not null)
            await _standby.DisposeAsync();
        await _primary.DisposeAsync();
        if (_findings is { Lost: 0, Doubled: 0, Wrong: 0 })
            Directory.Delete(_folder, recursive: true);
    }

    // Once the standby follows, no commit is acknowledged before it has it.
    private static async Task<PostgresServer> FollowAsync(PostgresServer primary)
    {
        PostgresServer standby = await PostgresServer.StartStandbyAsync(primary, "standby");
        await primary.ExecuteAsync("postgres", "alter system set synchronous_standby_names = '*'");
        await primary.ExecuteAsync("postgres", "select pg_reload_conf()");
        for (int i = 0; i < 100; i++)
        {
            if (await primary.ExecuteAsync("postgres", "select sync_state from pg_stat_replication") is "sync")
                return standby;
            await Task.Delay(100);
        }

        throw new InvalidOperationException("the standby does not follow");
    }

    // Some proposals at once; the kill comes while their ballots are on the way.
    private async Task FlowAsync(int proposals, Func<Task> kill, Func<IReadOnlyList<Digest>, long, Task> repair, CancellationToken cancellationToken)
    {
        var open = new List<(ProposalBody Body, int Cost)>();
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < proposals; i++)
        {
            int cost = CouncilUnderTest.Costs[(_proposed.Count + i) % 4];
            ProposalBody body = CouncilUnderTest.Body(cost);
            await _council.ProposeAsync(body, cancellationToken);
            open.Add((body, cost));
        }

        _proposed.AddRange(open);
        Digest[] ids = [.. open.Select(one => one.Body.Id())];
        long waiting = Stopwatch.GetTimestamp();
        while (ids.All(id => _council.Receipts(id).Count == 0) && Stopwatch.GetElapsedTime(waiting) < TimeSpan.FromSeconds(20))
            await Task.Delay(10, cancellationToken);
        await kill();
        long down = Stopwatch.GetTimestamp();
        (long before, bool isOver) = await SizesAsync(ids, cancellationToken);
        Task repaired = repair(ids, down);
        if (!isOver)
            await GrowthAsync(ids, before, down, cancellationToken);
        await repaired;
        foreach ((ProposalBody body, int cost) in open)
        {
            byte[]? decision = await _council.DecisionAsync(body.Id(), TimeSpan.FromSeconds(60), cancellationToken);
            _decision = Math.Max(_decision, Stopwatch.GetElapsedTime(start).TotalSeconds);
            _findings.Judge($"proposal {body.Id().Short()}", body.Id(), decision, _council.Receipts(body.Id()), cost);
        }
    }

    private async Task GrowthAsync(Digest[] ids, long before, long down, CancellationToken cancellationToken)
    {
        while (Stopwatch.GetElapsedTime(down) < TimeSpan.FromSeconds(60) && (await SizesAsync(ids, cancellationToken)).Sum == before)
            await Task.Delay(10, cancellationToken);
        _recovery = Math.Max(_recovery, Stopwatch.GetElapsedTime(down).TotalSeconds);
    }

    // How many events the records have, as the coordinator knows that knows most of each; and whether all have ended.
    private async Task<(long Sum, bool IsOver)> SizesAsync(Digest[] ids, CancellationToken cancellationToken)
    {
        ProposalSummary?[][] looks = await Task.WhenAll(ids.Select(id => Task.WhenAll(
            Enumerable.Range(0, _council.Coordinators.Count).Select(coordinator => _council.LookAsync(coordinator, id, cancellationToken)))));
        return (looks.Sum(look => look.Max(summary => summary?.Size ?? 0)), looks.All(look => look.Any(summary => summary?.State == ProposalState.Settled)));
    }

    private async Task BackAsync(AgentProcess victim, IReadOnlyList<Digest> open, long down, CancellationToken cancellationToken)
    {
        int coordinator = _council.Coordinators.ToList().IndexOf(victim);
        foreach (Digest id in open)
        {
            while (Stopwatch.GetElapsedTime(down) < TimeSpan.FromSeconds(60)
                && (await _council.LookAsync(coordinator, id, cancellationToken) is not { } summary || summary.Waiting.Contains("after a restart", StringComparison.Ordinal)))
            {
                await Task.Delay(10, cancellationToken);
            }
        }

        _restart = Math.Max(_restart, Stopwatch.GetElapsedTime(down).TotalSeconds);
    }
}
