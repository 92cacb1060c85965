using System.Diagnostics;
using Witan.Dstack.Simulator.Pki;
using Witan.SystemTests.Council;
using Xunit;

namespace Witan.SystemTests.Verify;

/// <summary>A packed bundle in a network namespace of its own, which has no way out.</summary>
public sealed class OfflineTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-offline-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_packed_bundle_verifies_where_there_is_no_network_and_fetching_there_is_undecided()
    {
        Assert.SkipUnless(await WithoutNetwork("true") is (0, _, _), "needs unshare and the right to make a network namespace");
        byte[] seed = [.. Enumerable.Repeat((byte)4, 32)], zero = new byte[48];
        using var pki = new DevelopmentPki(seed);
        using var author = new TdQuoteAuthor(pki, seed);
        string quote = File("quote.bin"), root = File("root.pem"), collateral = File("collateral.json"), bundle = File("bundle.json");
        await System.IO.File.WriteAllBytesAsync(quote, author.Quote(new TdMeasurements(zero, zero, [zero, zero, zero, zero]), new byte[64]), Cancel);
        await System.IO.File.WriteAllTextAsync(root, pki.RootPem, Cancel);
        await System.IO.File.WriteAllBytesAsync(collateral, pki.Collateral(TimeProvider.System.GetUtcNow()), Cancel);
        string[] trust = ["--trust-root", root, "--simulated"];
        (int packed, string output, string error) = await WitanProgram.RunAsync(Cancel, ["collateral", "pack", quote, "--collateral", collateral, "--output", bundle, .. trust]);
        Assert.True(packed == 0, output + error);

        (int verified, output, error) = await WithoutNetwork("dotnet", [WitanProgram.Assembly, "verify", quote, "--collateral", bundle, .. trust]);
        Assert.True(verified == 0, output + error);
        Assert.Contains("confidenceLevel = 1", output, StringComparison.Ordinal);
        (int fetched, output, _) = await WithoutNetwork("dotnet", [WitanProgram.Assembly, "verify", quote, "--fetch", "--collateral-cache", File("cache"), .. trust]);
        Assert.Equal(3, fetched);
        Assert.Contains("COLLATERAL_SOURCE_UNREACHABLE", output, StringComparison.Ordinal);
    }

    private string File(string name) => Path.Combine(_folder, name);

    private static async Task<(int Exit, string Out, string Error)> WithoutNetwork(string program, params IEnumerable<string> arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo("unshare", ["--net", program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
            Task<string> output = process.StandardOutput.ReadToEndAsync(Cancel), error = process.StandardError.ReadToEndAsync(Cancel);
            await process.WaitForExitAsync(Cancel);
            return (process.ExitCode, await output, await error);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return (127, "", "");
        }
    }
}
