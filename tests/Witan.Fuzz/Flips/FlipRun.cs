using System.Diagnostics;
using System.Text.Json;
using Witan.Attestation;

namespace Witan.Fuzz.Flips;

/// <summary>
/// <c>flips FOLDER [--stride N] [--collateral]</c>: every N-th one-bit flip (N is 1 unless given) of every quote of a suite that has a case, each
/// verified in full. With <c>--collateral</c> also of every collateral file. The last line is JSON.
/// </summary>
public static class FlipRun
{
    public static int Run(string[] args)
    {
        string? folder = args.FirstOrDefault();
        if (folder is null || !Directory.Exists(Path.Combine(folder, "cases")))
        {
            Console.Error.WriteLine("usage: flips FOLDER [--stride N] [--collateral]; FOLDER has cases/, quotes/ and collateral/");
            return 2;
        }

        int at = Array.IndexOf(args, "--stride");
        int stride = at > 0 && at + 1 < args.Length && int.TryParse(args[at + 1], out int given) && given > 0 ? given : 1;
        long start = Stopwatch.GetTimestamp(), flips = 0, quotes = 0, documents = 0;
        var accepted = new SortedDictionary<string, long>(StringComparer.Ordinal);
        var wrong = new List<string>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (SuiteCase real in SuiteCase.All(folder))
        {
            if (seen.Add(real.QuoteName))
            {
                Add(real.QuoteName, QuoteFlips.Run(real.Quote, real.Trusted(), real.At, 0, stride));
                quotes++;
            }

            if (args.Contains("--collateral") && seen.Add(real.CollateralName))
            {
                Add(real.CollateralName, CollateralFlips.Run(real.Collateral, real.Quote, real.At, 0, stride));
                documents++;
            }

            Console.Error.WriteLine($"{quotes} quotes, {documents} collateral files, {flips} flips, {wrong.Count} wrong");
        }

        foreach (string line in wrong)
            Console.Error.WriteLine(line);
        string regions = string.Join(',', accepted.Select(pair => $"{JsonSerializer.Serialize(pair.Key)}:{pair.Value}"));
        Console.WriteLine($$"""{"quotes":{{quotes}},"collateral":{{documents}},"stride":{{stride}},"flips":{{flips}},"accepted":{{{regions}}},"wrong":{{wrong.Count}},"seconds":{{Stopwatch.GetElapsedTime(start).TotalSeconds:F1}}}""");
        return wrong.Count == 0 ? 0 : 1;

        void Add(string name, FlipResult result)
        {
            flips += result.Flips;
            wrong.AddRange(result.Wrong.Select(item => $"{name} {item}"));
            foreach ((string region, long number) in result.Accepted)
                accepted[region] = accepted.GetValueOrDefault(region) + number;
        }
    }
}

/// <summary>One case of a suite of quotes on disk.</summary>
public sealed record SuiteCase(string QuoteName, string CollateralName, byte[] Quote, byte[] Collateral, DateTimeOffset At)
{
    /// <summary>The cases of a folder in the order of their names.</summary>
    public static IEnumerable<SuiteCase> All(string folder)
    {
        foreach (string path in Directory.EnumerateFiles(Path.Combine(folder, "cases"), "*.json").Order(StringComparer.Ordinal))
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(path));
            string quote = json.RootElement.GetProperty("quote").GetString()!, collateral = json.RootElement.GetProperty("collateral").GetString()!;
            yield return new SuiteCase(quote, collateral, File.ReadAllBytes(Path.Combine(folder, quote)), File.ReadAllBytes(Path.Combine(folder, collateral)), json.RootElement.GetProperty("at").GetDateTimeOffset());
        }
    }

    /// <summary>The collateral, verified under Intel's root.</summary>
    public TrustedCollateral Trusted() =>
        Witan.Attestation.Collateral.TryParse(Collateral, out Collateral? parsed, out _) && CollateralVerifier.Verify(parsed, TrustRoot.Intel, At).Trusted is { } trusted
            ? trusted
            : throw new InvalidOperationException($"{CollateralName} is refused");
}
