using System.Collections.Concurrent;
using System.Diagnostics;

namespace Witan.Faults.Runs;

/// <summary>What a matrix found. <c>Seeds</c> are those of which every point was run.</summary>
public sealed record CrashReport(
    string Store, int Seeds, int Runs, int Kills, int Acknowledged, int Lost, int Doubled, int Wrong, double MaxRecoverySeconds, double Seconds)
{
    /// <summary>Half of the recoveries took no longer.</summary>
    public double MedianRecoverySeconds { get; init; }

    /// <summary>The slowest decision in which somebody was killed, from the proposal to the end.</summary>
    public double MaxDecisionSeconds { get; init; }
}

/// <summary>
/// Ends the coordinator, a worker or a trustee at every write of a decision, one at a time, each followed by a restart: no
/// acknowledged ballot may be lost, none counted twice, and the outcome is what the model says. Several councils share the work.
/// </summary>
public sealed class CrashMatrix : IAsyncDisposable
{
    private readonly string _store;
    private readonly TextWriter _log;
    private readonly CrashCouncil[] _councils;

    private CrashMatrix(string store, CrashCouncil[] councils, TextWriter log) => (_store, _councils, _log) = (store, councils, log);

    /// <summary>Starts so many councils, each on a store of its own, "sqlite" or "postgres".</summary>
    public static async Task<CrashMatrix> StartAsync(string store, int jobs, TextWriter log, CancellationToken cancellationToken)
    {
        log = TextWriter.Synchronized(log);
        var councils = new List<CrashCouncil>();
        for (int i = 0; i < jobs; i++)
            councils.Add(await CrashCouncil.StartAsync(store, log, cancellationToken));
        return new CrashMatrix(store, [.. councils], log);
    }

    /// <summary>
    /// Runs every point with every seed, one seed after the other; <paramref name="stride"/> above 1 takes every so many points only. No run
    /// begins after <paramref name="most"/>.
    /// </summary>
    public async Task<CrashReport> RunAsync(int seeds, int stride, TimeSpan most, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        var points = new Dictionary<string, int>();
        foreach (string victim in CrashCouncil.Victims)
        {
            points[victim] = await _councils[0].CountAsync(victim, cancellationToken);
            _log.WriteLine($"{victim}: {points[victim]} writes in a decision");
        }

        var queue = new ConcurrentQueue<CrashPoint>(
            from seed in Enumerable.Range(0, seeds)
            from victim in CrashCouncil.Victims
            from point in Enumerable.Range(1, points[victim])
            where (point - 1 - (seed % stride)) % stride == 0 && point > seed % stride
            select new CrashPoint(victim, point, seed));
        int[] left = [.. Enumerable.Range(0, seeds).Select(seed => queue.Count(one => one.Seed == seed))];
        await Task.WhenAll(_councils.Select(council => Task.Run(
            async () =>
            {
                while (Stopwatch.GetElapsedTime(start) < most && queue.TryDequeue(out CrashPoint point))
                {
                    await council.RunOneAsync(point, cancellationToken);
                    if (Interlocked.Decrement(ref left[point.Seed]) == 0)
                        _log.WriteLine($"seed {point.Seed + 1} of {seeds}: {Report(left.Count(one => one == 0), start)}");
                }
            },
            cancellationToken)));
        return Report(left.Count(one => one == 0), start);
    }

    /// <summary>Kills somebody at random, so many times, while one decision is being taken, and lets it end.</summary>
    public async Task<CrashReport> SoakAsync(int kills, int seed, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        await _councils[0].SoakAsync(kills, seed, cancellationToken);
        return Report(1, start);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        foreach (CrashCouncil council in _councils)
            await council.DisposeAsync();
    }

    private CrashReport Report(int seeds, long start)
    {
        double[] recoveries = [.. _councils.SelectMany(council => council.Recoveries).Order()];
        double At(double part) => recoveries.Length == 0 ? 0 : Math.Round(recoveries[(int)((recoveries.Length - 1) * part)], 2);
        return new CrashReport(
            _store, seeds, _councils.Sum(one => one.Runs), _councils.Sum(one => one.Kills), _councils.Sum(one => one.Findings.Acknowledged), _councils.Sum(one => one.Findings.Lost),
            _councils.Sum(one => one.Findings.Doubled), _councils.Sum(one => one.Findings.Wrong), At(1), Math.Round(Stopwatch.GetElapsedTime(start).TotalSeconds, 1))
        {
            MedianRecoverySeconds = At(0.5),
            MaxDecisionSeconds = Math.Round(_councils.Max(council => council.SlowestDecision), 2),
        };
    }
}
