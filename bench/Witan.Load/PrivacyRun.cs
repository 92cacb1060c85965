using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Witan.Benchmarks.Ballots;
using Witan.Voting;

namespace Witan.Load;

/// <summary>
/// Proves ballots for yes and for no in random order, and asks whether their lengths or times tell which is which: a two-sample
/// Kolmogorov-Smirnov test, and the same test between two halves of the same vote beside it, which shows what the machine itself does.
/// </summary>
internal static class PrivacyRun
{
    public static Dictionary<string, object> Run(int each, TextWriter log)
    {
        log.WriteLine($"{each} ballots for yes and for no ...");
        const int voters = 300;
        var election = new BenchmarkElection(voters);
        for (int i = 0; i < 600; i++)
            election.Prove(i % voters);
        int[] order = [.. Enumerable.Range(0, each * 2).Select(i => i % 2)];
        RandomNumberGenerator.Shuffle(order.AsSpan());
        List<double>[] times = [[], []];
        HashSet<int>[] lengths = [[], []];
        foreach (int choice in order)
        {
            // A voter's choice is its number modulo three: yes is 0, no is 1.
            int voter = (RandomNumberGenerator.GetInt32(voters / 3) * 3) + choice;
            long start = Stopwatch.GetTimestamp();
            Ballot ballot = election.Prove(voter).Ballot;
            times[choice].Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
            lengths[choice].Add(JsonSerializer.SerializeToUtf8Bytes(ballot, WireJson.Default.Ballot).Length);
        }

        (double distance, double chance) = Compare([.. times[0]], [.. times[1]]);
        (double halves, double halvesChance) = Compare([.. times[0].Where((_, i) => i % 2 == 0)], [.. times[0].Where((_, i) => i % 2 == 1)]);
        return new Dictionary<string, object>
        {
            ["schema"] = "witan.privacy/1",
            ["ballotsEach"] = each,
            ["lengthsYes"] = lengths[0].Order().ToArray(),
            ["lengthsNo"] = lengths[1].Order().ToArray(),
            ["sameLengths"] = lengths[0].SetEquals(lengths[1]) && lengths[0].Count == 1,
            ["medianYesMicroseconds"] = Math.Round(times[0].Order().ElementAt(each / 2), 1),
            ["medianNoMicroseconds"] = Math.Round(times[1].Order().ElementAt(each / 2), 1),
            ["ksDistance"] = Math.Round(distance, 5),
            ["ksChance"] = Math.Round(chance, 4),
            ["ksDistanceOfHalves"] = Math.Round(halves, 5),
            ["ksChanceOfHalves"] = Math.Round(halvesChance, 4),
            ["distinguishableAtOnePercent"] = chance < 0.01,
            ["loadAverage"] = File.ReadAllText("/proc/loadavg").Split(' ')[0],
        };
    }

    /// <summary>The largest distance of the two distributions, and the chance of one as large or larger where they are the same.</summary>
    internal static (double Distance, double Chance) Compare(double[] first, double[] second)
    {
        Array.Sort(first);
        Array.Sort(second);
        double distance = 0;
        for (int i = 0, j = 0; i < first.Length && j < second.Length;)
        {
            double at = Math.Min(first[i], second[j]);
            while (i < first.Length && first[i] <= at)
                i++;
            while (j < second.Length && second[j] <= at)
                j++;
            distance = Math.Max(distance, Math.Abs(((double)i / first.Length) - ((double)j / second.Length)));
        }

        double size = Math.Sqrt((double)first.Length * second.Length / (first.Length + second.Length));
        double lambda = (size + 0.12 + (0.11 / size)) * distance;
        double chance = 0;
        for (int k = 1; k <= 100; k++)
            chance += 2 * (k % 2 == 1 ? 1 : -1) * Math.Exp(-2.0 * k * k * lambda * lambda);
        // The series does not converge for distances near 0, where the chance is 1.
        return (distance, lambda < 0.3 ? 1 : Math.Clamp(chance, 0, 1));
    }
}
