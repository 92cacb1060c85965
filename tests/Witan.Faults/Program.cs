using System.Diagnostics;
using System.Text.Json;
using Witan.Faults.Containers;
using Witan.Faults.Processes;
using Witan.Faults.Runs;
using Witan.Faults.Servers;

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    stop.Cancel();
};
string store = Text("--store", "sqlite");
if ((store == "postgres" || args is ["failover", ..]) && PostgresServer.Missing is { } server)
    return await RefuseAsync(server);
if (args is ["crash", ..] && WriteTrace.Missing is { } trace)
    return await RefuseAsync(trace);
var json = new JsonSerializerOptions(JsonSerializerDefaults.Web);
long start = Stopwatch.GetTimestamp();
switch (args.FirstOrDefault())
{
    case "crash":
        {
            await using CrashMatrix matrix = await CrashMatrix.StartAsync(store, Number("--jobs", 1), Console.Error, stop.Token);
            CrashReport report = Number("--soak", 0) is > 0 and var kills
                ? await matrix.SoakAsync(kills, Number("--seed", 1), stop.Token)
                : await matrix.RunAsync(Number("--seeds", 20), Number("--stride", 1), TimeSpan.FromMinutes(Number("--minutes", 24 * 60)), stop.Token);
            Print(report);
            return report is { Lost: 0, Doubled: 0, Wrong: 0 } ? 0 : 1;
        }

    case "rollback":
        {
            await using Rollbacks rollbacks = await Rollbacks.StartAsync(store, Console.Error, stop.Token);
            RollbackReport report = await rollbacks.RunAsync(Number("--runs", 100), Number("--seed", 1), stop.Token);
            Print(report);
            return report is { Lost: 0, Doubled: 0, Wrong: 0 } && report.Refused == report.Runs ? 0 : 1;
        }

    case "failover":
        {
            int rounds = Number("--rounds", 5), coordinatorKills = Number("--coordinator-kills", 20);
            var all = new List<FailoverReport>();
            for (int i = 0; i < rounds; i++)
            {
                await using Failovers failovers = await Failovers.StartAsync(withStandby: true, Console.Error, stop.Token);
                await failovers.FailOverAsync(6, stop.Token);
                all.Add(failovers.Report(start));
                await Console.Error.WriteLineAsync($"failover {i + 1}: {all[^1]}");
            }

            if (coordinatorKills > 0)
            {
                await using Failovers failovers = await Failovers.StartAsync(withStandby: false, Console.Error, stop.Token);
                await failovers.KillCoordinatorsAsync(coordinatorKills, Number("--seed", 1), stop.Token);
                all.Add(failovers.Report(start));
            }

            var sum = new FailoverReport(
                all.Sum(one => one.Failovers), all.Sum(one => one.CoordinatorKills), all.Sum(one => one.Proposals), all.Sum(one => one.Acknowledged),
                all.Sum(one => one.Lost), all.Sum(one => one.Doubled), all.Sum(one => one.Wrong), all.Max(one => one.MaxRecoverySeconds),
                all.Max(one => one.MaxRestartSeconds), all.Max(one => one.MaxDecisionSeconds), Math.Round(Stopwatch.GetElapsedTime(start).TotalSeconds, 1));
            Print(sum);
            return sum is { Lost: 0, Doubled: 0, Wrong: 0 } ? 0 : 1;
        }

    case "images":
        {
            string repository = Text("--repository", Environment.CurrentDirectory);
            if (ContainerImage.Missing(repository) is { } missing)
                return await RefuseAsync(missing);
            await using ImageCouncil council = await ImageCouncil.StartAsync(repository, Console.Error, stop.Token);
            await council.DecideAsync(300, stop.Token);
            await council.RefuseAsync(stop.Token);
            for (int round = 0; round < (args.Contains("--kill") ? Number("--rounds", 1) : 0); round++)
            {
                await council.KillInTurnAsync(round, stop.Token);
                await council.KillOneByOneAsync(round, stop.Token);
            }

            ImageReport report = await council.ReportAsync(stop.Token);
            Print(report);
            return report is { Lost: 0, Doubled: 0, Wrong: 0 } ? 0 : 1;
        }

    default:
        return await RefuseAsync(
            "usage: images [--kill] [--rounds N], crash [--seeds N] [--stride N] [--jobs N] [--minutes N] [--soak KILLS] [--store sqlite|postgres], rollback [--runs N] [--store sqlite|postgres], failover [--rounds N] [--coordinator-kills N]");
}

string Text(string name, string absent)
{
    int at = Array.IndexOf(args, name);
    return at >= 0 && at + 1 < args.Length ? args[at + 1] : absent;
}

int Number(string name, int absent) => int.TryParse(Text(name, ""), out int value) ? value : absent;

void Print<T>(T report) => Console.WriteLine(JsonSerializer.Serialize(report, json));

static async Task<int> RefuseAsync(string why)
{
    await Console.Error.WriteLineAsync(why);
    return 2;
}
