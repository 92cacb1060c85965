using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Witan.Dstack;
using Witan.Dstack.Simulator;

namespace Witan.Benchmarks.Dstack;

/// <summary>
/// <c>dstack [--rounds N] [--json]</c>: GetKey over the unix socket, client and simulated agent together, and verification of a whole
/// evidence file (parse, quote, replay, identity, OS image) on a host seen before. The process is bound to one core; rates are per second of
/// its processor time, the best of several rounds.
/// </summary>
internal static class DstackBenchmark
{
    private const int Calls = 4_000;
    private const int Verifications = 1_000;

    public static async Task<int> RunAsync(string[] args)
    {
        int named = Array.IndexOf(args, "--rounds");
        int rounds = named >= 0 && named + 1 < args.Length && int.TryParse(args[named + 1], out int given) && given > 0 ? given : 5;
        if (OperatingSystem.IsLinux())
            Process.GetCurrentProcess().ProcessorAffinity = 1;
        string folder = Directory.CreateTempSubdirectory("witan-bench-").FullName;
        try
        {
            string socket = Path.Combine(folder, "d.sock");
            await using SimulatorServer server = await SimulatorServer.StartAsync(
                new SimulatorOptions { Seed = RandomNumberGenerator.GetBytes(32), State = folder, Sockets = [new SimulatorSocket("app", "bench", socket)] }, CancellationToken.None);
            using var client = new DstackClient(socket);
            Dictionary<string, double> results = await MeasureAsync(client, folder, rounds);
            if (!args.Contains("--json"))
            {
                foreach ((string name, double value) in results)
                    Console.WriteLine($"{name,-26} {value}");
            }

            Console.WriteLine(JsonSerializer.Serialize(results));
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<Dictionary<string, double>> MeasureAsync(DstackClient client, string folder, int rounds)
    {
        Console.Error.WriteLine("GetKey ...");
        double same = await BestAsync(rounds, Calls, i => GetKeyAsync(client, $"wallet/{i % 16}"));
        Console.Error.WriteLine("GetKey, a new path each time ...");
        int fresh = 0;
        double different = await BestAsync(rounds, Calls / 8, _ => GetKeyAsync(client, $"fresh/{fresh++}"));
        Console.Error.WriteLine("evidence ...");
        GetQuoteResponse quote = await client.GetQuoteAsync(RandomNumberGenerator.GetBytes(64));
        byte[] evidence = JsonSerializer.SerializeToUtf8Bytes(new { quote = quote.Quote, event_log = quote.EventLog, report_data = quote.ReportData, vm_config = quote.VmConfig });
        var verification = new WarmVerification(folder, evidence, Convert.FromHexString(quote.ReportData));
        double parse = await BestAsync(rounds, Verifications, _ => Done(verification.Parse));
        double warm = await BestAsync(rounds, Verifications, _ => Done(verification.Run));
        return new Dictionary<string, double>
        {
            ["getKeyPerSecond"] = Math.Round(same),
            ["getKeyNewPathPerSecond"] = Math.Round(different),
            ["evidenceBytes"] = evidence.Length,
            ["evidenceParsesPerSecond"] = Math.Round(parse),
            ["evidencePerSecond"] = Math.Round(warm),
        };
    }

    private static async Task GetKeyAsync(DstackClient client, string path)
    {
        using GetKeyResponse key = await client.GetKeyAsync(path);
        if (key.SignatureChain.Count != 2)
            throw new InvalidOperationException("a key without its chain");
    }

    private static Task Done(Action work)
    {
        work();
        return Task.CompletedTask;
    }

    private static async Task<double> BestAsync(int rounds, int count, Func<int, Task> work)
    {
        double best = 0;
        for (int round = 0; round <= rounds; round++)
        {
            TimeSpan start = Environment.CpuUsage.TotalTime;
            for (int i = 0; i < count; i++)
                await work(i);
            // The first round warms up.
            if (round > 0)
                best = Math.Max(best, count / (Environment.CpuUsage.TotalTime - start).TotalSeconds);
        }

        return best;
    }
}
