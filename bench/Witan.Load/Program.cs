using System.Text.Json;
using Witan.Load;

// One JSON line at the end of stdout; progress on stderr.
string[] known = args.FirstOrDefault() switch
{
    "attack" => ["--address", "--connections", "--flood"],
    "load" => ["--workers", "--proposals", "--in-flight", "--store", "--coordinators", "--spread", "--json"],
    "abuse" => ["--connections", "--flood", "--seconds", "--json"],
    "privacy" => ["--ballots", "--json"],
    _ => [],
};
string? wrong = args.Where(arg => arg.StartsWith("--", StringComparison.Ordinal)).Select(option => !known.Contains(option) ? $"{option}: not an option here"
    : option is "--json" or "--spread" ? null
    : Text(option) is not { } value ? $"{option}: a value is missing"
    : option is not ("--store" or "--address") && Number(option, 0) == 0 ? $"{option}: {value} is no number above 0" : null).FirstOrDefault(problem => problem is not null);
if (wrong is not null)
{
    await Console.Error.WriteLineAsync(wrong);
    return 2;
}

string? Text(string name) => Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : null;
int Number(string name, int absent) => Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length && int.TryParse(args[at + 1], out int value) && value > 0 ? value : absent;

if (args.FirstOrDefault() == "attack" && Uri.TryCreate(Text("--address"), UriKind.Absolute, out Uri? address))
    return await Attack.RunAsync(address, Number("--connections", 5_000), Number("--flood", 1_000));

Dictionary<string, object>? results = args.FirstOrDefault() switch
{
    "load" => await LoadRun.RunAsync(
        new LoadShape(Number("--workers", 10_000), Number("--proposals", 1), Number("--in-flight", LoadShape.UsualInFlight), Text("--store"), Number("--coordinators", 1), args.Contains("--spread")), Console.Error),
    "abuse" => await AbuseRun.RunAsync(Number("--connections", 5_000), Number("--flood", 1_000), Number("--seconds", 20), Console.Error),
    "privacy" => PrivacyRun.Run(Number("--ballots", 10_000), Console.Error),
    _ => null,
};
if (results is null)
{
    await Console.Error.WriteLineAsync("usage: witan-load load [--workers N] [--proposals N] [--in-flight N] [--store postgres://... [--coordinators N [--spread]]] | abuse [--connections N] [--flood N] [--seconds N] | privacy [--ballots N]");
    return 2;
}

if (!args.Contains("--json"))
{
    foreach ((string name, object value) in results)
        Console.WriteLine($"{name,-28} {value}");
}

Console.WriteLine(JsonSerializer.Serialize(results));
return 0;
