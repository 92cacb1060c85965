using System.Diagnostics;
using Witan.Voting;

namespace Witan.Fuzz.Records;

/// <summary>
/// <c>record FILE --count N [--seed S]</c>: audits N changed copies of a published decision on all cores. A copy may be refused, or be
/// valid with every claim as it was; anything else, an exception above all, is a finding and is written beside the file.
/// </summary>
public static class RecordFuzz
{
    /// <summary>The claims of a valid file as one text; null where the audit refuses it.</summary>
    public static string? Claims(byte[] file)
    {
        AuditReport report = Audit.Run(file, new AuditOptions { Parallelism = 1 });
        return report is { Valid: true, State: { } state }
            ? $"{state.ProposalId} {state.Head} {state.State} {state.Outcome} {string.Join(',', state.Counts)} {state.Mode} {state.Explanation}"
            : null;
    }

    /// <summary>Runs; 0 where nothing was found.</summary>
    public static int Run(string[] args)
    {
        long count = Option(args, "--count", 100_000), seed = Option(args, "--seed", 1);
        string? path = args.FirstOrDefault();
        if (path is null || !File.Exists(path) || Claims(File.ReadAllBytes(path)) is not { } claims)
        {
            Console.Error.WriteLine("usage: record FILE [--count N] [--seed S]; FILE is a valid decision.json");
            return 2;
        }

        byte[] original = File.ReadAllBytes(path);
        long valid = 0, findings = 0, done = 0;
        long start = Stopwatch.GetTimestamp();
        Parallel.For(0L, count, i =>
        {
            byte[] changed = new RecordMutator(unchecked((ulong)(seed + i))).Mutate(original);
            string? problem = null;
            try
            {
                string? now = Claims(changed);
                if (now is not null)
                    Interlocked.Increment(ref valid);
                problem = now is not null && now != claims ? "accepted with other claims" : null;
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
                File.WriteAllBytes($"{path}.finding-{seed + i}", changed);
                Console.Error.WriteLine($"seed {seed + i}: {problem}");
            }

            if (Interlocked.Increment(ref done) % 100_000 == 0)
                Console.Error.WriteLine($"{done} of {count}");
        });
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Console.WriteLine($$"""{"runs":{{count}},"valid":{{valid}},"findings":{{findings}},"seconds":{{seconds:F1}}}""");
        return findings == 0 ? 0 : 1;
    }

    private static long Option(string[] args, string name, long otherwise)
    {
        int at = Array.IndexOf(args, name);
        return at >= 0 && at + 1 < args.Length && long.TryParse(args[at + 1], out long value) ? value : otherwise;
    }
}
