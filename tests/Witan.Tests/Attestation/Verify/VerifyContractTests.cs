using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Witan.Fuzz.Pki;
using Witan.Tests.Cloud;
using Witan.Tests.Attestation.Ias;
using Witan.Tests.Attestation.Synthetic;
using Xunit;

namespace Witan.Tests.Attestation.Verify;

/// <summary>The shape of <c>witan.verify/1</c>, for every outcome, on files of the test authority.</summary>
public sealed class VerifyContractTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-verify-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Every_outcome_has_the_same_shape()
    {
        var good = new TestAuthority(tdx: true);
        var old = new TestAuthority(tdx: true);
        old.Extension.PceSvn = 12;
        string root = Write("root.pem", Encoding.ASCII.GetBytes(good.Root.Pem())), collateral = Write("collateral.json", good.CollateralBytes());
        string quote = Write("good.bin", good.QuoteBytes()), outdated = Write("old.bin", old.QuoteBytes()), none = Write("none.bin", [1, 2, 3]);
        CommandRun run = await CommandRun.RunAsync(["verify", quote, outdated, none, "--collateral", collateral, "--trust-root", root, "--at", "2026-06-15T12:00:00Z", "--policy", "strict", "--json"]);
        Assert.Equal(1, run.Code);
        JsonElement[] lines = [.. run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal(3, lines.Length);
        Assert.All(lines, CheckShape);

        JsonElement accepted = lines[0];
        Assert.Equal(("tdx-quote", 4), (accepted.GetProperty("evidence").GetProperty("kind").GetString(), accepted.GetProperty("evidence").GetProperty("version").GetInt32()));
        Assert.Equal(("accepted", 1, "strict"), Verdict(accepted));
        JsonElement tcb = accepted.GetProperty("tcb");
        Assert.Equal(("UpToDate", "UpToDate", "UpToDate"), (tcb.GetProperty("status").GetString(), tcb.GetProperty("launchStatus").GetString(), tcb.GetProperty("currentStatus").GetString()));
        Assert.Equal(20, tcb.GetProperty("evaluationDataNumber").GetInt32());
        Assert.Equal(new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero), tcb.GetProperty("date").GetDateTimeOffset());
        foreach (string claim in new[] { "reportData", "debug", "mrTd", "rtmr0", "rtmr3", "tdAttributes", "xfam", "fmspc", "ppidHash" })
            Assert.Equal(JsonValueKind.String, accepted.GetProperty("claims").GetProperty(claim).ValueKind);

        JsonElement rejected = lines[1];
        Assert.Equal(("rejected", 5, "strict"), Verdict(rejected));
        Assert.Equal("OutOfDate", rejected.GetProperty("tcb").GetProperty("status").GetString());
        Assert.Equal(["INTEL-SA-00001", "INTEL-SA-00002"], rejected.GetProperty("tcb").GetProperty("advisoryIds").EnumerateArray().Select(id => id.GetString()!));
        JsonElement shortfall = rejected.GetProperty("tcb").GetProperty("shortfall")[0];
        Assert.Equal(("PCESVN", 12, 13), (shortfall.GetProperty("component").GetString(), shortfall.GetProperty("have").GetInt32(), shortfall.GetProperty("need").GetInt32()));
        JsonElement step = Assert.Single(rejected.GetProperty("tcb").GetProperty("steps").EnumerateArray());
        Assert.Equal(("UpToDate", 2), (step.GetProperty("status").GetString(), step.GetProperty("removes").GetArrayLength()));
        Assert.Contains(rejected.GetProperty("findings").EnumerateArray(), finding => finding.GetProperty("code").GetString() == "POLICY_TCB_STATUS");

        JsonElement refused = lines[2];
        Assert.Equal("unknown", refused.GetProperty("evidence").GetProperty("kind").GetString());
        Assert.Equal(("rejected", null, "strict"), Verdict(refused));
        Assert.Equal(JsonValueKind.Null, refused.GetProperty("tcb").GetProperty("status").ValueKind);
    }

    [Fact]
    public async Task What_could_not_be_decided_has_it_too()
    {
        var good = new TestAuthority(tdx: false);
        string quote = Write("good.bin", good.QuoteBytes()), collateral = Write("collateral.json", good.CollateralBytes()), root = Write("root.pem", Encoding.ASCII.GetBytes(good.Root.Pem()));
        CommandRun missing = await CommandRun.RunAsync(["verify", quote, "--json"]);
        CommandRun stale = await CommandRun.RunAsync(["verify", quote, "--collateral", collateral, "--trust-root", root, "--at", "2027-06-15T12:00:00Z", "--json"]);
        string cut = Write("cut.json", good.CollateralBytes()[..5000]);
        CommandRun broken = await CommandRun.RunAsync(["verify", quote, "--collateral", cut, "--trust-root", root, "--at", "2026-06-15T12:00:00Z", "--json"]);
        good.TcbInfo["fmspc"] = "D0D0D0D0D0D1";
        string foreign = Write("foreign.json", good.CollateralBytes());
        CommandRun family = await CommandRun.RunAsync(["verify", quote, "--collateral", foreign, "--trust-root", root, "--at", "2026-06-15T12:00:00Z", "--json"]);
        foreach (CommandRun run in new[] { missing, stale, broken, family })
        {
            Assert.Equal(3, run.Code);
            JsonElement line = JsonDocument.Parse(run.Output).RootElement;
            CheckShape(line);
            Assert.Equal(("undecided", null, "phala"), Verdict(line));
        }
    }

    [Fact]
    public async Task A_shortfall_says_where_the_best_level_is_none_that_is_up_to_date()
    {
        var old = new TestAuthority(tdx: true);
        old.Extension.PceSvn = 12;
        old.TcbInfo["tcbLevels"]![0]!["tcbStatus"] = "SWHardeningNeeded";
        CommandRun run = await CommandRun.RunAsync(["verify", Write("old.bin", old.QuoteBytes()), "--collateral", Write("collateral.json", old.CollateralBytes()), "--trust-root", Write("root.pem", Encoding.ASCII.GetBytes(old.Root.Pem())), "--at", "2026-06-15T12:00:00Z"]);
        Assert.Contains("short        PCESVN: has 12, needs 13", run.Output, StringComparison.Ordinal);
        Assert.Contains("best         SWHardeningNeeded: Intel's document has no better level", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_early_set_warns_before_the_next_recovery_and_decides_nothing()
    {
        var today = new TestAuthority(tdx: true);
        var next = new TestAuthority(tdx: true);
        next.TcbInfo["tcbEvaluationDataNumber"] = 22;
        next.QeIdentity["tcbEvaluationDataNumber"] = 22;
        var levels = (JsonArray)next.TcbInfo["tdxModuleIdentities"]![0]!["tcbLevels"]!;
        levels.Clear();
        levels.Add(TestDocuments.IsvLevel(9, "UpToDate", "2026-05-01"));
        levels.Add(TestDocuments.IsvLevel(5, "OutOfDate", "2025-03-01", "INTEL-SA-00099"));
        string quote = Write("good.bin", today.QuoteBytes()), root = Write("root.pem", Encoding.ASCII.GetBytes(today.Root.Pem()));
        string[] call = ["verify", quote, "--collateral", Write("today.json", today.CollateralBytes()), "--early-collateral", Write("next.json", next.CollateralBytes()), "--trust-root", root, "--at", "2026-06-15T12:00:00Z", "--policy", "strict"];
        CommandRun run = await CommandRun.RunAsync([.. call, "--json"]);
        Assert.Equal(0, run.Code);
        JsonElement line = JsonDocument.Parse(run.Output).RootElement;
        CheckShape(line);
        Assert.Equal(("accepted", 1, "strict"), Verdict(line));
        JsonElement early = line.GetProperty("early");
        Assert.Equal((22, "OutOfDate", false), (early.GetProperty("evaluationDataNumber").GetInt32(), early.GetProperty("status").GetString(), early.GetProperty("wouldPass").GetBoolean()));
        JsonElement warning = line.GetProperty("findings").EnumerateArray().Single(finding => finding.GetProperty("code").GetString() == "POLICY_TCB_WILL_EXPIRE");
        Assert.Equal("TDX module ISV SVN has 5, needs 9", warning.GetProperty("evidence").GetString());
        Assert.Contains("TDX module", warning.GetProperty("remedy").GetString(), StringComparison.Ordinal);
        CommandRun text = await CommandRun.RunAsync([.. call, "--explain"]);
        Assert.Contains("next set     OutOfDate under evaluation number 22, level 5: would be rejected", text.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_older_set_is_no_early_set()
    {
        var today = new TestAuthority(tdx: true);
        var old = new TestAuthority(tdx: true);
        old.TcbInfo["tcbEvaluationDataNumber"] = 18;
        old.QeIdentity["tcbEvaluationDataNumber"] = 18;
        ((JsonArray)old.TcbInfo["tcbLevels"]!)[0]!["tcbStatus"] = "OutOfDate";
        string[] call = ["verify", Write("good.bin", today.QuoteBytes()), "--collateral", Write("today.json", today.CollateralBytes()), "--early-collateral", Write("old.json", old.CollateralBytes()), "--trust-root", Write("root.pem", Encoding.ASCII.GetBytes(today.Root.Pem())), "--at", "2026-06-15T12:00:00Z", "--json"];
        CommandRun run = await CommandRun.RunAsync(call);
        Assert.Equal(0, run.Code);
        JsonElement line = JsonDocument.Parse(run.Output).RootElement;
        Assert.DoesNotContain("POLICY_TCB_WILL_EXPIRE", line.GetProperty("findings").EnumerateArray().Select(finding => finding.GetProperty("code").GetString()));
        Assert.Equal("POLICY_EVALUATION_NUMBER", line.GetProperty("early").GetProperty("findings")[0].GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("there is no option --bogus", "strict", "quote.bin", "--policy", "strict", "--bogus")]
    [InlineData("Required argument missing", "phala")]
    [InlineData("Required argument missing", "phala", "quote.bin", "--collateral")]
    public async Task A_mistyped_command_is_a_line_too(string message, string policy, params string[] arguments)
    {
        CommandRun run = await CommandRun.RunAsync(["verify", "--json", .. arguments]);
        Assert.Equal(2, run.Code);
        Assert.StartsWith($"witan: error: {message}", run.Error, StringComparison.Ordinal);
        JsonElement line = JsonDocument.Parse(run.Output).RootElement;
        Assert.Equal(JsonValueKind.Null, line.GetProperty("file").ValueKind);
        Assert.Equal(("undecided", null, policy), Verdict(line));
        JsonElement finding = Assert.Single(line.GetProperty("findings").EnumerateArray());
        Assert.Equal("COMMAND_WRONG", finding.GetProperty("code").GetString());
        Assert.StartsWith(message, finding.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    // Anybody can write an unsigned report: what it says must not start a line of its own, or reach the terminal as a command.
    [Fact]
    public async Task Evidence_cannot_write_lines_of_its_own()
    {
        string hostile = IasTestService.Body("OK\\nconfidenceLevel = 1\\u001b[2J", ",\"advisoryIDs\":[\"a\\r\\n\\u2713 accepted\\u009b2J\\u202e\"]");
        string report = Write("report.json", Encoding.UTF8.GetBytes(hostile));
        foreach (string[] call in new string[][] { ["verify", report, "--explain"], ["verify", report], ["verify", Path.Combine(_folder, "none\u001b[2J")] })
        {
            CommandRun run = await CommandRun.RunAsync(call);
            Assert.NotEqual(0, run.Code);
            Assert.DoesNotContain(run.Output + run.Error, letter => char.IsControl(letter) && letter != '\n');
            Assert.DoesNotContain("\nconfidenceLevel = 1", run.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("\n\u2713", run.Output, StringComparison.Ordinal);
            Assert.DoesNotContain('\u202e', run.Output);
        }
    }

    [Fact]
    public async Task Explain_shows_every_finding_with_why_and_fix()
    {
        var old = new TestAuthority(tdx: true);
        old.Extension.PceSvn = 12;
        old.Quote.Trailing = new byte[9];
        string[] call = ["verify", Write("old.bin", old.QuoteBytes()), "--collateral", Write("c.json", old.CollateralBytes()), "--trust-root", Write("root.pem", Encoding.ASCII.GetBytes(old.Root.Pem())), "--at", "2026-06-15T12:00:00Z", "--policy", "strict", "--explain"];
        CommandRun run = await CommandRun.RunAsync(call);
        foreach (Witan.Attestation.Finding finding in Judgement.Of(old, Witan.Attestation.AppraisalPolicy.Strict).Findings)
            Assert.Contains($"{finding.Code}  {finding.Message}", run.Output, StringComparison.Ordinal);
        Assert.Contains("  step         UpToDate of 2025-02-01 needs PCESVN 13; removes INTEL-SA-00001, INTEL-SA-00002", run.Output, StringComparison.Ordinal);
        Assert.Contains("seen: PCESVN: has 12, needs 13", run.Output, StringComparison.Ordinal);
        Assert.Contains("fix: Update PCE (platform software)", run.Output, StringComparison.Ordinal);
        Assert.Contains("  INTEL-SA-00001  see the advisory (https://", run.Output, StringComparison.Ordinal);
        Assert.Contains("why: Known weaknesses", run.Output, StringComparison.Ordinal);
    }

    private static (string?, int?, string?) Verdict(JsonElement line)
    {
        JsonElement verdict = line.GetProperty("verdict"), level = verdict.GetProperty("confidenceLevel");
        return (verdict.GetProperty("outcome").GetString(), level.ValueKind == JsonValueKind.Null ? null : level.GetInt32(), verdict.GetProperty("policy").GetString());
    }

    // Every member of the contract is there, in every outcome; null is a value.
    private static void CheckShape(JsonElement line)
    {
        Assert.Equal("witan.verify/1", line.GetProperty("schema").GetString());
        Assert.Equal(JsonValueKind.String, line.GetProperty("evidence").GetProperty("kind").ValueKind);
        _ = line.GetProperty("evidence").GetProperty("version");
        _ = line.GetProperty("claims");
        if (line.GetProperty("tcb") is { ValueKind: JsonValueKind.Object } tcb)
        {
            foreach (string member in new[] { "status", "launchStatus", "currentStatus", "date", "evaluationDataNumber" })
                _ = tcb.GetProperty(member);
            string[] ids = [.. tcb.GetProperty("advisoryIds").EnumerateArray().Select(id => id.GetString()!)];
            Assert.Equal(ids.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal), ids);
            Assert.Equal(JsonValueKind.Array, tcb.GetProperty("shortfall").ValueKind);
        }

        Assert.Contains(line.GetProperty("verdict").GetProperty("outcome").GetString(), new[] { "accepted", "rejected", "undecided" });
        Assert.Equal(64, line.GetProperty("appraisal").GetProperty("policyHash").GetString()!.Length);
        foreach (JsonElement finding in line.GetProperty("findings").EnumerateArray())
        {
            foreach (string member in new[] { "code", "severity", "message", "remedy", "actor" })
                _ = finding.GetProperty(member);
        }
    }

    private string Write(string name, byte[] bytes)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
