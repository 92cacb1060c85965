using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Witan.Voting;

namespace Witan.Benchmarks.Ballots;

/// <summary>
/// <c>ballots [--ballots N] [--out FILE] [--json]</c>: cost of proving and verifying three-option ballots, one by one and together, and of auditing a
/// decision of N ballots (10,000 unless given), all on one core. Times are processor time of the process, collection of
/// garbage included; the best of several rounds for the small ones. <c>--out</c> keeps the decision's file.
/// </summary>
internal static class BallotsBenchmark
{
    private const int Round = 256;

    public static int Run(string[] args)
    {
        int named = Array.IndexOf(args, "--ballots");
        int count = named >= 0 && named + 1 < args.Length && int.TryParse(args[named + 1], out int given) && given >= 3 ? given : 10_000;
        var election = new BenchmarkElection(count);
        Console.Error.WriteLine($"{count} voters, three options, 2 of 3 trustees; one core");

        Console.Error.WriteLine("proving ...");
        var batch = new BatchedBallot[count];
        double prove = double.MaxValue;
        for (int from = 0; from < count; from += Round)
        {
            int to = Math.Min(from + Round, count);
            prove = Math.Min(prove, Milliseconds(() =>
            {
                for (int i = from; i < to; i++)
                    batch[i] = election.Prove(i);
                return true;
            }) / (to - from));
        }

        Console.Error.WriteLine("verifying ...");
        BallotContext context = election.State.BallotContext;
        BatchedBallot[] sample = batch[..Math.Min(count, 2 * Round)];
        double single = Best(() => Array.TrueForAll(sample, next => BallotVerifier.Check(context, next.Voter, next.Ballot) is null)) / sample.Length;
        double together = Best(() => BallotBatch.Check(context, sample, RandomNumberGenerator.Fill).All(refusal => refusal is null)) / sample.Length;

        Console.Error.WriteLine("deciding and auditing ...");
        byte[] file = election.Decide(batch);
        if (Array.IndexOf(args, "--out") is >= 0 and var at && at + 1 < args.Length)
            File.WriteAllBytes(args[at + 1], file);
        long wall = Stopwatch.GetTimestamp();
        double audit = Milliseconds(() => Audit.Run(file, new AuditOptions { Parallelism = 1 }) is { Valid: true }) / 1000;
        double auditWall = Stopwatch.GetElapsedTime(wall).TotalSeconds;

        var results = new Dictionary<string, double>
        {
            ["ballots"] = count,
            ["options"] = 3,
            ["proveMs"] = Math.Round(prove, 3),
            ["verifyMs"] = Math.Round(single, 3),
            ["batchVerifyMs"] = Math.Round(together, 3),
            ["batchSpeedup"] = Math.Round(single / together, 2),
            ["auditSeconds"] = Math.Round(audit, 2),
            ["auditWallSeconds"] = Math.Round(auditWall, 2),
            ["fileMegabytes"] = Math.Round(file.Length / 1e6, 1),
        };
        if (!args.Contains("--json"))
        {
            foreach ((string name, double value) in results)
                Console.WriteLine($"{name,-16} {value}");
        }

        Console.WriteLine(JsonSerializer.Serialize(results));
        return 0;
    }

    private static double Best(Func<bool> work) => Enumerable.Range(0, 5).Min(_ => Milliseconds(work));

    // Processor time of the whole process, so that other programs on the machine do not count.
    private static double Milliseconds(Func<bool> work)
    {
        TimeSpan start = Environment.CpuUsage.TotalTime;
        return work()
            ? (Environment.CpuUsage.TotalTime - start).TotalMilliseconds
            : throw new InvalidOperationException("what is good was refused");
    }
}
