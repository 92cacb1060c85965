using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Witan.Dstack;
using Witan.Dstack.Simulator;
using Witan.SystemTests.Council;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.SystemTests.Dstack;

/// <summary><c>witan verify REPORT.json --app-compose FILE</c>: a guest's report from the socket to the exit code.</summary>
public sealed class DstackReportTests : IAsyncLifetime
{
    private const string Compose = """{"manifest_version":2,"name":"app","runner":"docker-compose","docker_compose_file":"services: {}","key_provider":"kms"}""";
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-report-").FullName;
    private SimulatorServer _server = null!;
    private JsonObject _report = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private SimulatedCvm Machine => _server.Machines[0];

    public async ValueTask InitializeAsync()
    {
        _server = await SimulatorServer.StartAsync(
            new SimulatorOptions { Seed = new byte[32], State = _folder, AppCompose = Compose, Listen = new IPEndPoint(IPAddress.Loopback, 0) }, Cancel);
        using var client = new DstackClient(_server.Address!.ToString());
        GetQuoteResponse quote = await client.GetQuoteAsync(new byte[] { 0xAB }, Cancel);
        _report = new JsonObject { ["quote"] = quote.Quote, ["event_log"] = quote.EventLog, ["report_data"] = quote.ReportData, ["vm_config"] = quote.VmConfig };
        await File.WriteAllTextAsync(Path.Combine(_folder, "compose.json"), Compose, Cancel);
        await File.WriteAllTextAsync(Path.Combine(_folder, "attestation.hex"), quote.Attestation, Cancel);
        await File.WriteAllBytesAsync(Path.Combine(_folder, "attestation.bin"), quote.AttestationBytes(), Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_good_report_is_accepted_and_its_claims_are_told()
    {
        (int exit, JsonElement json) = await VerifyAsync(_report, "--os-image", Machine.OsImageHash, "--compose-hash", Machine.ComposeHash, "--app-id", Machine.AppId, "--key-provider", "kms", "--report-data", "ab");
        Assert.Equal(0, exit);
        Assert.Equal("witan.verify/1", json.GetProperty("schema").GetString());
        Assert.Equal("dstack-evidence", json.GetProperty("evidence").GetProperty("kind").GetString());
        Assert.Equal("simulated", json.GetProperty("verdict").GetProperty("mark").GetString());
        JsonElement claims = json.GetProperty("claims");
        Assert.Equal(Machine.ComposeHash, claims.GetProperty("composeHash").GetString());
        Assert.Equal(Machine.AppId, claims.GetProperty("appId").GetString());
        Assert.Equal(Machine.MrAggregated(), claims.GetProperty("mrAggregated").GetString());
        Assert.Equal("measured", claims.GetProperty("osImageBinding").GetString());
        Assert.Equal("matches", claims.GetProperty("rtmr3Replay").GetString());
        Assert.StartsWith("kms:", claims.GetProperty("keyProvider").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain(json.GetProperty("findings").EnumerateArray(), finding => finding.GetProperty("severity").GetString() is "Warning" or "Error");
        foreach (string file in new[] { "attestation.hex", "attestation.bin" })
            Assert.Equal(0, (await WitanProgram.RunAsync(Cancel, Arguments(file))).Exit);
    }

    [Fact]
    public async Task A_token_over_a_report_of_now_is_accepted_offline()
    {
        await WriteAsync(_report);
        string key = Path.Combine(_folder, "key.pem"), keys = Path.Combine(_folder, "keys.json"), token = Path.Combine(_folder, "v.jwt");
        using (ECDsa signer = ECDsa.Create(ECCurve.NamedCurves.nistP256))
            await File.WriteAllTextAsync(key, signer.ExportPkcs8PrivateKeyPem(), Cancel);
        (int exit, string output, string error) = await WitanProgram.RunAsync(Cancel, [.. Arguments("report.json"), "--token", "--token-key", key, "--jwks", keys]);
        Assert.True(exit == 0, error);
        await File.WriteAllTextAsync(token, output, Cancel);
        (exit, output, error) = await WitanProgram.RunAsync(Cancel, "verify", token, "--jwks", keys, "--simulated", "--trust-root", Path.Combine(_folder, "root.pem"));
        Assert.True(exit == 0, output + error);
        (exit, output, _) = await WitanProgram.RunAsync(Cancel, "verify", token, "--jwks", keys);
        Assert.Equal(1, exit);
        Assert.Contains("POLICY_SIMULATED", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("compose", "COMPOSE_HASH_MISMATCH")]
    [InlineData("quote", "QUOTE_SIGNATURE_INVALID")]
    [InlineData("log", "RTMR3_REPLAY_MISMATCH")]
    [InlineData("image", "OS_IMAGE_HASH_MISMATCH")]
    [InlineData("policy", "POLICY_OS_IMAGE")]
    [InlineData("nonce", "REPORT_DATA_MISMATCH")]
    [InlineData("provider", "POLICY_KEY_PROVIDER")]
    public async Task A_changed_one_is_rejected_with_its_own_finding(string what, string code)
    {
        string[] more = [];
        switch (what)
        {
            case "compose":
                await File.AppendAllTextAsync(Path.Combine(_folder, "compose.json"), "\n", Cancel);
                break;
            case "quote":
                byte[] quote = Convert.FromHexString(_report["quote"]!.GetValue<string>());
                quote[640] ^= 1;
                _report["quote"] = Convert.ToHexStringLower(quote);
                break;
            case "log":
                _report["event_log"] = _report["event_log"]!.GetValue<string>().Replace("\"ext4\"", "\"zfs\"", StringComparison.Ordinal).Replace("storage-fs", "storage-xs", StringComparison.Ordinal);
                break;
            case "image":
                _report["vm_config"] = _report["vm_config"]!.GetValue<string>().Replace(Machine.OsImageHash, new string('0', 64), StringComparison.Ordinal);
                break;
            case "policy":
                more = ["--os-image", new string('1', 64)];
                break;
            case "nonce":
                more = ["--report-data", "ac"];
                break;
            default:
                more = ["--key-provider", "tpm"];
                break;
        }

        (int exit, JsonElement json) = await VerifyAsync(_report, more);
        Assert.Equal(1, exit);
        Assert.Contains(json.GetProperty("findings").EnumerateArray(), finding => finding.GetProperty("code").GetString() == code);
    }

    [Theory]
    [InlineData("--compose-hash")]
    [InlineData("--os-image")]
    public async Task The_bare_quote_does_not_get_around_what_is_demanded_of_the_guest(string demand)
    {
        await File.WriteAllBytesAsync(Path.Combine(_folder, "quote.bin"), Convert.FromHexString(_report["quote"]!.GetValue<string>()), Cancel);
        string[] verify = ["verify", Path.Combine(_folder, "quote.bin"), "--simulated", "--trust-root", Path.Combine(_folder, "root.pem"), "--collateral", Path.Combine(_folder, "collateral.json")];
        (int plain, _, _) = await WitanProgram.RunAsync(Cancel, verify);
        Assert.Equal(0, plain);
        (int exit, string output, _) = await WitanProgram.RunAsync(Cancel, [.. verify, demand, new string('1', 64)]);
        Assert.Equal(1, exit);
        Assert.Contains("EVIDENCE_NOT_A_GUEST", output, StringComparison.Ordinal);
        (exit, _, string error) = await WitanProgram.RunAsync(Cancel, [.. verify, demand, "xyz"]);
        Assert.Equal(2, exit);
        Assert.Contains($"{demand} takes 64 hexadecimal digits", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_production_verifier_rejects_it_and_without_collateral_nobody_can_decide()
    {
        string report = await WriteAsync(_report);
        (int production, _, _) = await WitanProgram.RunAsync(Cancel, "verify", report, "--collateral", Path.Combine(_folder, "collateral.json"));
        Assert.NotEqual(0, production);
        (int without, string output, _) = await WitanProgram.RunAsync(Cancel, "verify", report);
        Assert.Equal(3, without);
        Assert.Contains("COLLATERAL_MISSING", output, StringComparison.Ordinal);
        (int wrong, _, string error) = await WitanProgram.RunAsync(Cancel, "verify", report, "--os-image", "12");
        Assert.Equal(2, wrong);
        Assert.Contains("--os-image takes 64 hexadecimal digits", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_real_report_is_compared_with_the_compose_file_beside_it()
    {
        string report = SharedData.Path("data", "dstack", "rtmr3-report.json");
        (int exit, string output, _) = await WitanProgram.RunAsync(Cancel, "verify", report, "--app-compose", SharedData.Path("data", "dstack", "rtmr3-app-compose.json"));
        Assert.Equal(3, exit);
        Assert.Contains("RTMR0 replays, RTMR1 replays, RTMR2 replays, RTMR3 replays", output, StringComparison.Ordinal);
        (exit, output, _) = await WitanProgram.RunAsync(Cancel, "verify", report, "--app-compose", SharedData.Path("vectors", "dstack", "simulator-app-compose.json"));
        Assert.Equal(1, exit);
        Assert.Contains("COMPOSE_HASH_MISMATCH", output, StringComparison.Ordinal);
    }

    private string[] Arguments(string file) =>
    [
        "verify", Path.Combine(_folder, file), "--app-compose", Path.Combine(_folder, "compose.json"), "--simulated", "--trust-root", Path.Combine(_folder, "root.pem"),
        "--collateral", Path.Combine(_folder, "collateral.json"),
    ];

    private async Task<string> WriteAsync(JsonObject report)
    {
        string path = Path.Combine(_folder, "report.json");
        await File.WriteAllTextAsync(path, report.ToJsonString(), Cancel);
        return path;
    }

    private async Task<(int Exit, JsonElement Json)> VerifyAsync(JsonObject report, params string[] more)
    {
        await WriteAsync(report);
        (int exit, string output, string error) = await WitanProgram.RunAsync(Cancel, [.. Arguments("report.json"), "--json", .. more]);
        Assert.True(output.Length > 0, error);
        using JsonDocument json = JsonDocument.Parse(output);
        return (exit, json.RootElement.Clone());
    }
}
