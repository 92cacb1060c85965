using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Witan.Benchmarks.Verify;

/// <summary>
/// The pure JavaScript verifier of dcap-qvl on the same quotes, collateral, root and moment, under node; it is fetched with npm at its
/// pinned version the first time. It has no warm mode: each call does everything. Where it cannot run the result says why.
/// </summary>
internal static class NodePeer
{
    public static JsonElement Run(BenchmarkPlatform platform, byte[][] quotes)
    {
        string folder = Path.Combine(AppContext.BaseDirectory, "Peer");
        try
        {
            if (!Directory.Exists(Path.Combine(folder, "node_modules")))
            {
                Console.Error.WriteLine("fetching the peer with npm ...");
                Execute(folder, "npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], "", TimeSpan.FromMinutes(5));
            }

            Console.Error.WriteLine("measuring the peer ...");
            string input = JsonSerializer.Serialize(new
            {
                quotes = quotes.Select(Convert.ToHexStringLower),
                collateral = Encoding.UTF8.GetString(platform.Collateral),
                rootPem = platform.RootPem,
                at = BenchmarkPlatform.At.ToUnixTimeSeconds(),
            });
            return Parse(Execute(folder, "node", ["verify.js"], input, TimeSpan.FromMinutes(2)));
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException or JsonException or IOException)
        {
            Console.Error.WriteLine($"peer skipped: {e.Message}");
            return Parse(JsonSerializer.Serialize(new { skipped = e.Message }));
        }
    }

    private static JsonElement Parse(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }

    private static string Execute(string folder, string program, string[] arguments, string input, TimeSpan limit)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start) ?? throw new InvalidOperationException($"{program} does not start");
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        if (!process.WaitForExit(limit))
        {
            process.Kill(entireProcessTree: true);
            throw new InvalidOperationException($"{program} took more than {limit.TotalMinutes:F0} minutes");
        }

        string text = output.GetAwaiter().GetResult(), said = errors.GetAwaiter().GetResult();
        return process.ExitCode == 0 ? text : throw new InvalidOperationException($"{program} failed: {said.Split('\n')[0]}");
    }
}
