using System.Diagnostics;

namespace Witan.Load;

/// <summary>
/// Good clients send signed requests at a steady pace: first alone, then while thousands of connections trickle a byte now and then and a flood
/// begins admissions that it does not finish (<see cref="Attack"/>). All come from one address, as they would from behind a gateway.
/// </summary>
internal static class AbuseRun
{
    private const int Clients = 10;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(50);

    public static async Task<Dictionary<string, object>> RunAsync(int connections, int flood, int seconds, TextWriter log)
    {
        await using LoadCouncil council = await LoadCouncil.StartAsync(Clients, limited: true);
        CouncilProcess coordinator = council.Coordinator;
        using var http = new HttpClient { BaseAddress = coordinator.Address };
        SimulatedWorker[] workers = [.. Enumerable.Range(0, Clients).Select(i => new SimulatedWorker(http, council.Machine(i)))];
        foreach (SimulatedWorker worker in workers)
            await worker.AttestAsync();
        await log.WriteLineAsync("good clients alone ...");
        await SteadyAsync(workers, TimeSpan.FromSeconds(2));
        double[] alone = await SteadyAsync(workers, TimeSpan.FromSeconds(seconds));
        double before = coordinator.Mebibytes;

        await log.WriteLineAsync($"{connections} slow connections, {flood} unfinished admissions a second ...");
        await using AttackProcess attack = AttackProcess.Start(coordinator.Address, connections, flood);
        // Nearly all: those that were just closed for being slow are coming again.
        await attack.UntilOpenAsync(connections * 9 / 10);
        TimeSpan used = coordinator.Used, theirs = attack.Used;
        double[] besieged = await SteadyAsync(workers, TimeSpan.FromSeconds(seconds));
        double during = coordinator.Mebibytes, cores = (coordinator.Used - used).TotalSeconds / seconds, attacking = (attack.Used - theirs).TotalSeconds / seconds;
        int open = attack.Open;
        double[] later = await SteadyAsync(workers, TimeSpan.FromSeconds(seconds));
        double end = coordinator.Mebibytes;
        foreach (SimulatedWorker worker in workers)
            worker.Dispose();
        return new Dictionary<string, object>
        {
            ["schema"] = "witan.abuse/1",
            ["connections"] = connections,
            ["connectionsOpen"] = open,
            ["connectionsOpened"] = attack.Opened,
            ["floodPerSecond"] = flood,
            ["floodAnswered"] = attack.Answered,
            ["floodSentAway"] = attack.SentAway,
            ["goodRequests"] = alone.Length + besieged.Length + later.Length,
            ["p99AloneMs"] = LoadRun.Quantile(alone, 0.99),
            ["p99BesiegedMs"] = LoadRun.Quantile([.. besieged, .. later], 0.99),
            ["p50AloneMs"] = LoadRun.Quantile(alone, 0.5),
            ["p50BesiegedMs"] = LoadRun.Quantile([.. besieged, .. later], 0.5),
            ["coresOfCoordinator"] = Math.Round(cores, 2),
            ["coresOfAttackers"] = Math.Round(attacking, 2),
            ["mebibytesBefore"] = Math.Round(before),
            ["mebibytesDuring"] = Math.Round(during),
            ["mebibytesEnd"] = Math.Round(end),
            ["processors"] = Environment.ProcessorCount,
            ["loadAverage"] = (await File.ReadAllTextAsync("/proc/loadavg")).Split(' ')[0],
        };
    }

    private static async Task<double[]> SteadyAsync(SimulatedWorker[] workers, TimeSpan duration)
    {
        double[][] times = await Task.WhenAll(workers.Select(async worker =>
        {
            var mine = new List<double>();
            long begin = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(begin) < duration)
            {
                long start = Stopwatch.GetTimestamp();
                // Throws where it is refused: a good client never is.
                await worker.PingAsync();
                mine.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                await Task.Delay(Pace);
            }

            return mine.ToArray();
        }));
        return [.. times.SelectMany(mine => mine)];
    }
}
