using System.Diagnostics;

namespace Witan.Fuzz.Records;

/// <summary>
/// <c>record [--count N] [--seconds S] [--seed S]</c>: N changed copies on all cores, or as many as there is time for. A copy may be refused, or be taken with every claim as it was;
/// anything else, an exception above all, is a finding, and its seed repeats it against the code (keys are drawn anew in each run).
/// </summary>
internal static class RecordFuzzRun
{
    /// <summary>Runs; 0 where nothing was found.</summary>
    public static int Run(string[] args)
    {
        long seconds = Option(args, "--seconds", 0), count = Option(args, "--count", seconds > 0 ? long.MaxValue : 100_000), seed = Option(args, "--seed", 1);
        if (count < 1 || seed < 0 || seconds < 0)
        {
            Console.Error.WriteLine("usage: record [--count N] [--seconds S] [--seed S]");
            return 2;
        }

        var fuzz = new RecordFuzz();
        long same = 0, findings = 0, done = 0;
        long start = Stopwatch.GetTimestamp();
        // Beside other work the pool would add thread after thread.
        Parallel.For(0L, count, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, (i, loop) =>
        {
            if (seconds > 0 && Stopwatch.GetElapsedTime(start).TotalSeconds >= seconds)
            {
                loop.Stop();
                return;
            }

            string? problem = null;
            try
            {
                FuzzOutcome outcome = fuzz.Run(unchecked((ulong)(seed + i)));
                if (outcome == FuzzOutcome.Same)
                    Interlocked.Increment(ref same);
                problem = outcome == FuzzOutcome.Changed ? "accepted with other claims" : null;
            }
#pragma warning disable CA1031 // any exception at all is what is looked for
            catch (Exception e)
#pragma warning restore CA1031
            {
                problem = e.ToString();
            }

            if (problem is not null)
            {
                Interlocked.Increment(ref findings);
                Console.Error.WriteLine($"seed {seed + i}: {problem}");
            }

            if (Interlocked.Increment(ref done) % 1_000_000 == 0)
                Console.Error.WriteLine($"{done} runs, {findings} findings");
        });
        double took = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Console.WriteLine($$"""{"runs":{{done}},"valid":{{same}},"findings":{{findings}},"seconds":{{took:F1}},"perSecond":{{done / took:F0}}}""");
        return findings == 0 ? 0 : 1;
    }

    private static long Option(string[] args, string name, long otherwise)
    {
        int at = Array.IndexOf(args, name);
        return at >= 0 && at + 1 < args.Length && long.TryParse(args[at + 1], out long value) ? value : otherwise;
    }
}
