using System.Text.Json;
using Witan.SystemTests.Council;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.SystemTests.Verify;

/// <summary><c>witan verify</c> on real EPID reports: the contract, the listed levels, and no pass without a signature.</summary>
public class VerifyReportTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("2021-10-13-CONFIGURATION_AND_SW_HARDENING_NEEDED-c005f4c411", 0, "accepted", 4)]
    [InlineData("2023-09-27-SW_HARDENING_NEEDED-b408734fc1", 1, "rejected", 2)]
    public async Task A_signed_report_gives_the_contract(string name, int exitCode, string outcome, int level)
    {
        string stem = SharedData.Path("data", "ias", "reports", name);
        string[] command = ["verify", stem + ".json", "--ias-signature", stem + ".sig.b64", "--ias-certificate", stem + ".signer.pem"];
        (int exit, string output, _) = await WitanProgram.RunAsync(Cancel, [.. command, "--json"]);
        using JsonDocument json = JsonDocument.Parse(output);
        JsonElement root = json.RootElement;
        Assert.Equal(exitCode, exit);
        Assert.Equal("witan.verify/1", root.GetProperty("schema").GetString());
        Assert.Equal("ias-report", root.GetProperty("evidence").GetProperty("kind").GetString());
        Assert.Equal(outcome, root.GetProperty("verdict").GetProperty("outcome").GetString());
        Assert.Equal(level, root.GetProperty("verdict").GetProperty("confidenceLevel").GetInt32());
        Assert.Equal(name[11..^11], root.GetProperty("tcb").GetProperty("status").GetString());
        (_, output, _) = await WitanProgram.RunAsync(Cancel, command);
        Assert.Contains("the signing certificate expired on 2026-11-20", output, StringComparison.Ordinal);
        Assert.EndsWith($"confidenceLevel = {level}\n", output, StringComparison.Ordinal);

        string roots = SharedData.Path("data", "ias", "ias_root.pem");
        (exit, _, _) = await WitanProgram.RunAsync(Cancel, [.. command, "--trust-root", roots]);
        Assert.Equal(exitCode, exit);
        (exit, _, _) = await WitanProgram.RunAsync(Cancel, "verify", stem + ".json");
        Assert.NotEqual(0, exit);
    }

    [Fact]
    public async Task The_published_form_needs_no_other_file()
    {
        string file = SharedData.Path("data", "machine", "ias", "phala_2021-09-12_SW_HARDENING_NEEDED.json");
        (int exit, string output, _) = await WitanProgram.RunAsync(Cancel, "verify", file);
        Assert.Equal(0, exit);
        Assert.EndsWith("confidenceLevel = 2\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_unsigned_never_passes()
    {
        string[] files = [.. SharedData.Files("data/ias/unsigned", "*.json")];
        Assert.SkipWhen(files.Length == 0, "needs the shared data");
        (int exit, string output, _) = await WitanProgram.RunAsync(Cancel, ["verify", .. files, "--json"]);
        Assert.NotEqual(0, exit);
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(files.Length, lines.Length);
        foreach (string line in lines)
        {
            using JsonDocument json = JsonDocument.Parse(line);
            JsonElement verdict = json.RootElement.GetProperty("verdict");
            Assert.NotEqual("accepted", verdict.GetProperty("outcome").GetString());
            Assert.Equal(JsonValueKind.Null, verdict.GetProperty("confidenceLevel").ValueKind);
        }
    }
}
