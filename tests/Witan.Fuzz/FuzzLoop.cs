using System.Diagnostics;
using Witan.Fuzz.Records;

namespace Witan.Fuzz;

/// <summary>
/// What every target does: each one-bit flip and each truncation of each sample, then seeded changes on all cores until a count or a
/// time is reached. A changed sample may be refused, or be accepted with every claim as it was; anything else, an exception above all, is a
/// finding and is written beside the working directory as <c>TARGET.finding-N</c>.
/// </summary>
/// <param name="target">Name of the target.</param>
/// <param name="claims">The claims of what is accepted as one text; null where it is refused.</param>
/// <param name="holds">Whether an accepted text is right for changed bytes, given the original's; by default only the very same is.</param>
public sealed class FuzzLoop(string target, Func<byte[], string?> claims, Func<byte[], string, string, bool>? holds = null)
{
    private long _valid;
    private long _findings;
    private long _runs;

    /// <summary>Options: <c>--count N</c>, <c>--seconds S</c>, <c>--seed S</c>. 0 where nothing was found; the last line is JSON.</summary>
    public int Run(IReadOnlyList<byte[]> samples, string[] args)
    {
        long seed = Option(args, "--seed", 1), seconds = Option(args, "--seconds", 0), count = Option(args, "--count", seconds > 0 ? long.MaxValue : 100_000);
        long start = Stopwatch.GetTimestamp();
        foreach (byte[] sample in samples)
            Enumerate(sample);
        long enumerated = _runs;
        const int Batch = 10_000;
        for (long done = 0; done < count && (seconds == 0 || Stopwatch.GetElapsedTime(start).TotalSeconds < seconds); done += Batch)
            Mutate(samples, Math.Min(Batch, count - done), seed + done);
        double took = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Console.WriteLine($$"""{"target":"{{target}}","samples":{{samples.Count}},"enumerated":{{enumerated}},"runs":{{_runs}},"valid":{{_valid}},"findings":{{_findings}},"seconds":{{took:F1}}}""");
        return _findings == 0 ? 0 : 1;
    }

    /// <summary>Seeded changes of the samples in turn; gives the number of findings so far.</summary>
    public long Mutate(IReadOnlyList<byte[]> samples, long count, long seed)
    {
        string[] originals = [.. samples.Select(Original)];
        Parallel.For(0L, count, i =>
        {
            long number = seed + i;
            int sample = (int)(number % samples.Count);
            Try(new RecordMutator(unchecked((ulong)number)).Mutate(samples[sample]), originals[sample], $"{number}");
        });
        return _findings;
    }

    /// <summary>Every one-bit flip and every truncation.</summary>
    public void Enumerate(byte[] sample)
    {
        string original = Original(sample);
        Parallel.For(0, sample.Length * 8, bit =>
        {
            byte[] changed = [.. sample];
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Try(changed, original, $"bit-{bit}");
        });
        Parallel.For(0, sample.Length, length => Try(sample[..length], original, $"cut-{length}"));
    }

    private string Original(byte[] sample) => claims(sample) ?? throw new InvalidOperationException($"a sample of {target} is refused itself");

    private void Try(byte[] changed, string original, string name)
    {
        Interlocked.Increment(ref _runs);
        string? problem = null;
        try
        {
            string? now = claims(changed);
            if (now is not null)
                Interlocked.Increment(ref _valid);
            bool good = now is null || (holds is null ? now == original : holds(changed, now, original));
            problem = good ? null : $"accepted with other claims: {now}";
        }
#pragma warning disable CA1031 // any exception at all is what is looked for
        catch (Exception e)
#pragma warning restore CA1031
        {
            problem = e.ToString();
        }

        if (problem is null)
            return;
        Interlocked.Increment(ref _findings);
        File.WriteAllBytes($"{target}.finding-{name}", changed);
        Console.Error.WriteLine($"{target} {name}: {problem}");
    }

    private static long Option(string[] args, string name, long otherwise)
    {
        int at = Array.IndexOf(args, name);
        return at >= 0 && at + 1 < args.Length && long.TryParse(args[at + 1], out long value) ? value : otherwise;
    }
}
