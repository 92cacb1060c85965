using System.Text.Json;
using Witan.SystemTests.Council;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.SystemTests.Verify;

/// <summary>The JSON contract and the exit codes of <c>witan verify</c>, on real quotes.</summary>
public class VerifyTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("v4-tdx-34f9062b08d4-ad7f13.json", 0, "accepted")]
    [InlineData("v4-tdx-a187b0da057d-81dceb.json", 1, "rejected")]
    [InlineData("v3-sgx-b69ac41b2c5e-27afa6.json", null, null)]
    public async Task A_real_case_gives_the_contract(string name, int? exitCode, string? outcome)
    {
        using JsonDocument file = JsonDocument.Parse(await File.ReadAllBytesAsync(SharedData.Path("data", "quotes", "cases", name), Cancel));
        JsonElement real = file.RootElement;
        string quote = SharedData.Path("data", "quotes", real.GetProperty("quote").GetString()!);
        string collateral = SharedData.Path("data", "quotes", real.GetProperty("collateral").GetString()!);
        (int exit, string output, _) = await WitanProgram.RunAsync(
            Cancel, "verify", quote, quote, "--collateral", collateral, "--at", real.GetProperty("at").GetString()!, "--json");
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        using JsonDocument json = JsonDocument.Parse(lines[0]);
        JsonElement root = json.RootElement;
        Assert.Equal("witan.verify/1", root.GetProperty("schema").GetString());
        Assert.Equal(real.GetProperty("version").GetInt32(), root.GetProperty("evidence").GetProperty("version").GetInt32());
        Assert.Equal(real.GetProperty("expected").GetProperty("tcbStatus").GetString(), root.GetProperty("tcb").GetProperty("status").GetString());
        Assert.Equal(real.GetProperty("fmspc").GetString(), root.GetProperty("claims").GetProperty("fmspc").GetString());
        if (exitCode is not null)
        {
            Assert.Equal(exitCode, exit);
            Assert.Equal(outcome, root.GetProperty("verdict").GetProperty("outcome").GetString());
        }
    }

    [Fact]
    public async Task Without_collateral_it_could_not_decide()
    {
        string quote = SharedData.Path("data", "quotes", "quotes", "v4-tdx-34f9062b08d4.bin");
        (int exit, string output, _) = await WitanProgram.RunAsync(Cancel, "verify", quote, "--json");
        Assert.Equal(3, exit);
        Assert.Contains("\"undecided\"", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_use_is_one_line()
    {
        string readme = Path.Combine(SharedData.Repository, "README.md");
        foreach (string[] arguments in new string[][] { ["verify"], ["verify", "/nowhere"], ["verify", readme, "--policy", "lax"], ["verify", readme, "--at", "soon"] })
        {
            (int exit, string output, string error) = await WitanProgram.RunAsync(Cancel, arguments);
            Assert.Equal(2, exit);
            Assert.Empty(output);
            Assert.StartsWith("witan: error: ", error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(2, null, "COMMAND_WRONG", "README.md", "--policy", "lax")]
    [InlineData(2, "/nowhere", "FILE_UNREADABLE", "/nowhere")]
    [InlineData(2, "/dev/zero", "FILE_UNREADABLE", "/dev/zero")]
    [InlineData(1, "/nowhere", "FILE_UNREADABLE", "/nowhere", "README.md")]
    public async Task With_json_errors_have_the_same_shape(int code, string? file, string finding, params string[] arguments)
    {
        string[] named = [.. arguments.Select(argument => argument == "README.md" ? Path.Combine(SharedData.Repository, argument) : argument)];
        (int exit, string output, string error) = await WitanProgram.RunAsync(Cancel, ["verify", .. named, "--json"]);
        Assert.Equal(code, exit);
        Assert.StartsWith("witan: error: ", error, StringComparison.Ordinal);
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(arguments is [_, "README.md"] ? 2 : 1, lines.Length);
        using JsonDocument json = JsonDocument.Parse(lines[0]);
        JsonElement root = json.RootElement;
        Assert.Equal(file, root.GetProperty("file").GetString());
        Assert.Equal("undecided", root.GetProperty("verdict").GetProperty("outcome").GetString());
        Assert.Equal(JsonValueKind.Null, root.GetProperty("tcb").GetProperty("status").ValueKind);
        Assert.Equal(finding, Assert.Single(root.GetProperty("findings").EnumerateArray()).GetProperty("code").GetString());
    }
}
