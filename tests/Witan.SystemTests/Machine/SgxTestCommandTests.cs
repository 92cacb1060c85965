using System.Diagnostics;
using System.Text.Json;
using Witan.SystemTests.Council;
using Witan.Tests.Harness;
using Witan.Tests.Machine.Roots;
using Xunit;

namespace Witan.SystemTests.Machine;

/// <summary><c>witan sgx-test</c> as a user runs it: exit codes, JSON, recordings, requirements, ratings.</summary>
public class SgxTestCommandTests
{
    private const string Cpu = "leaf,subleaf,eax,ebx,ecx,edx\n0,0,16,756E6547,6C65746E,49656E69\n1,0,906ED,0,0,0\n7,0,0,4,40000000,0\n12,0,1,0,0,241F\n12,1,36,0,3,0\n12,2,70200001,0,5E00001,0\n12,3,0,0,0,0\n";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Example(string name) => Path.Combine(SharedData.Repository, "examples", "machines", name);

    [Theory]
    [InlineData("good.json", null, 0)]
    [InlineData("bad.json", null, 1)]
    [InlineData("tdx-guest.json", null, 0)]
    [InlineData("good.json", "sgx,sgx-production", 0)]
    [InlineData("good.json", "sgx,tdx-guest", 1)]
    [InlineData("good.json", "sgx,tier<=3", 3)]
    [InlineData("bad.json", "sgx,tier<=3", 1)]
    [InlineData("tdx-guest.json", "tdx-guest,dstack", 0)]
    public async Task Exit_codes_are_the_answer(string machine, string? require, int expected)
    {
        string[] arguments = ["sgx-test", "--replay", Example(machine), .. require is null ? Array.Empty<string>() : ["--require", require]];
        (int exit, string output, string error) = await WitanProgram.RunAsync(Cancel, arguments);
        Assert.Equal((expected, ""), (exit, error));
        Assert.EndsWith("confidenceLevel = none\n", output, StringComparison.Ordinal);
        Assert.Equal(require is not null && expected != 0, output.Contains("Required and not met", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_dump_that_decides_nothing_exits_with_3()
    {
        string file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, Cpu, Cancel);
        (int exit, string output, _) = await WitanProgram.RunAsync(Cancel, "sgx-test", "--replay", file);
        Assert.Equal(3, exit);
        Assert.Contains("Could not tell whether confidential workers can run here (SGX)", output, StringComparison.Ordinal);
        using var root = new FakeRoot();
        root.Msr((0x3A, 0x40005));
        (exit, output, _) = await WitanProgram.RunAsync(Cancel, "sgx-test", "--replay", file, "--root", root.Directory);
        Assert.Equal(1, exit);
        Assert.Contains("SGX_DEVICE_NEEDS_FLC", output, StringComparison.Ordinal);
        File.Delete(file);
    }

    [Fact]
    public async Task The_documents_machine_ends_in_the_documents_words()
    {
        (int exit, string output, _) = await WitanProgram.RunAsync(
            Cancel, "sgx-test", "--replay", Example("documents.json"), "--ias-report", Example("documents-report.json"), "--trust-root", Example("development-report-root.pem"), "--simulated");
        Assert.Equal(0, exit);
        Assert.Contains("isvEnclaveQuoteStatus = GROUP_OUT_OF_DATE\nplatform_info_blob { sgx_epid_group_flags: 0x04 (group out of date), sgx_tcb_evaluation_flags: 0x0009 (CPUSVN out of date, platform configuration needed)", output, StringComparison.Ordinal);
        Assert.Contains("latest_equivalent_tcb_psvn: 0f0f0204018006000000000000000000 with PCE SVN 11", output, StringComparison.Ordinal);
        Assert.Contains("gid: 0x00000bae", output, StringComparison.Ordinal);
        Assert.Contains("advisoryURL = https://security-center.intel.com\nadvisoryIDs = \"INTEL-SA-00219\", \"INTEL-SA-00289\", \"INTEL-SA-00320\", \"INTEL-SA-00329\"\n", output, StringComparison.Ordinal);
        Assert.Contains("short: CPUSVN byte 0 has 14, needs 15; raised by: BIOS update with microcode\n", output, StringComparison.Ordinal);
        Assert.Contains("Microcode that the operating system loads does not raise CPUSVN", output, StringComparison.Ordinal);
        Assert.EndsWith("confidenceLevel = 5\n", output, StringComparison.Ordinal);
        Assert.Contains(", simulated\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_its_root_the_same_report_gives_no_level()
    {
        (int exit, string output, _) = await WitanProgram.RunAsync(Cancel, "sgx-test", "--ias-report", Example("documents-report.json"), "--json");
        Assert.Equal(1, exit);
        using JsonDocument json = JsonDocument.Parse(output);
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("confidenceLevel").ValueKind);
        Assert.Contains("it would be 5", json.RootElement.GetProperty("evidence").GetProperty("rule").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("phala_2021-09-12_SW_HARDENING_NEEDED.json", 2, "nothing on this machine changes that")]
    [InlineData("phala_2023-10-18_GROUP_OUT_OF_DATE.json", 5, "short: CPUSVN byte 6 has 0, needs 14")]
    public async Task Real_reports_are_rated(string name, int tier, string said)
    {
        (int exit, string output, _) = await WitanProgram.RunAsync(Cancel, "sgx-test", "--ias-report", SharedData.Path("data", "machine", "ias", name), "--require", $"tier<={tier}");
        Assert.Equal(0, exit);
        Assert.Contains(said, output, StringComparison.Ordinal);
        Assert.EndsWith($"confidenceLevel = {tier}\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_report_says_when_its_chain_was_checked_and_what_the_published_table_says()
    {
        string report = SharedData.Path("data", "machine", "ias", "phala_2021-09-12_SW_HARDENING_NEEDED.json");
        (_, string output, _) = await WitanProgram.RunAsync(Cancel, "sgx-test", "--ias-report", report);
        Assert.Contains("note: chain checked at report time, 2021-09-12T18:06:20Z; the signing certificate expired on 2026-11-20\n", output, StringComparison.Ordinal);
        Assert.Contains("by the published table: none (SWHardeningNeeded with an advisory: the published table has no row for this)\n", output, StringComparison.Ordinal);
        (_, output, _) = await WitanProgram.RunAsync(Cancel, "sgx-test", "--ias-report", report, "--policy", "phala-docs", "--json");
        using JsonDocument json = JsonDocument.Parse(output);
        Assert.Equal("https://security-center.intel.com", json.RootElement.GetProperty("evidence").GetProperty("advisoryURL").GetString());
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("evidence").GetProperty("publishedTable").ValueKind);
    }

    [Fact]
    public async Task A_debug_enclave_meets_no_required_tier()
    {
        string report = SharedData.Path("data", "ias", "reports", "2020-04-26-CONFIGURATION_NEEDED-037b6c9023.json"), part = report[..^5];
        (int exit, string output, _) = await WitanProgram.RunAsync(Cancel, "sgx-test", "--ias-report", report, "--ias-signature", part + ".sig.b64", "--ias-certificate", part + ".signer.pem", "--require", "tier<=5");
        Assert.Equal(1, exit);
        Assert.Contains("Required and not met: tier<=5: no tier from evidence that is accepted\n", output, StringComparison.Ordinal);
        Assert.EndsWith("confidenceLevel = 3\n", output, StringComparison.Ordinal);
        // It has a level, and is fit for nothing.
        Assert.DoesNotContain("Fit for", output, StringComparison.Ordinal);
        Assert.Contains("No tier: confidential work must not be given to this platform", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_BIOS_does_not_raise_is_not_asked_of_the_BIOS()
    {
        using JsonDocument file = JsonDocument.Parse(await File.ReadAllBytesAsync(SharedData.Path("data", "quotes", "cases", "v4-tdx-b789d779386f-083952.json"), Cancel));
        JsonElement real = file.RootElement;
        (_, string output, _) = await WitanProgram.RunAsync(
            Cancel, "sgx-test", "--quote", SharedData.Path("data", "quotes", real.GetProperty("quote").GetString()!),
            "--collateral", SharedData.Path("data", "quotes", real.GetProperty("collateral").GetString()!), "--at", real.GetProperty("at").GetString()!);
        Assert.Contains("short: PCESVN has 11, needs 13", output, StringComparison.Ordinal);
        Assert.Contains("out of date: what is short is not raised by the BIOS, but by: PCE", output, StringComparison.Ordinal);
        Assert.DoesNotContain("update the BIOS", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_finding_about_evidence_says_who_acts_in_text_and_JSON()
    {
        string[] command = ["sgx-test", "--ias-report", Example("documents-report.json")];
        (_, string text, _) = await WitanProgram.RunAsync(Cancel, [.. command, "--plaintext"]);
        Assert.Matches("(?m)^no  IAS_CERTIFICATE_UNTRUSTED  .+\\. .+ \\([a-z' ]+\\)$", text);
        Assert.DoesNotContain("✘", text, StringComparison.Ordinal);
        (_, string output, _) = await WitanProgram.RunAsync(Cancel, [.. command, "--json"]);
        using JsonDocument json = JsonDocument.Parse(output);
        foreach (JsonElement finding in json.RootElement.GetProperty("evidence").GetProperty("findings").EnumerateArray())
        {
            foreach (string member in new[] { "code", "severity", "message", "cause", "actor" })
                Assert.False(string.IsNullOrEmpty(finding.GetProperty(member).GetString()), $"{finding} has no {member}");
        }
    }

    [Fact]
    public async Task Advisories_that_nobody_looked_up_are_not_none()
    {
        using JsonDocument file = JsonDocument.Parse(await File.ReadAllBytesAsync(SharedData.Path("data", "quotes", "cases", "v4-tdx-a187b0da057d-81dceb.json"), Cancel));
        string quote = SharedData.Path("data", "quotes", file.RootElement.GetProperty("quote").GetString()!);
        (int exit, string output, _) = await WitanProgram.RunAsync(Cancel, "sgx-test", "--quote", quote);
        Assert.Equal(3, exit);
        Assert.Contains("advisoryIDs = unknown\n", output, StringComparison.Ordinal);
        (_, output, _) = await WitanProgram.RunAsync(Cancel, "sgx-test", "--quote", quote, "--json");
        using JsonDocument json = JsonDocument.Parse(output);
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("evidence").GetProperty("advisoryIDs").ValueKind);
    }

    [Fact]
    public async Task Evidence_alone_is_judged_alone_and_what_asks_about_a_machine_looks_at_one()
    {
        string[] evidence = ["sgx-test", "--ias-report", Example("documents-report.json"), "--json"];
        (_, string alone, _) = await WitanProgram.RunAsync(Cancel, evidence);
        (_, string both, _) = await WitanProgram.RunAsync(Cancel, [.. evidence, "--all"]);
        using JsonDocument first = JsonDocument.Parse(alone), second = JsonDocument.Parse(both);
        Assert.False(first.RootElement.TryGetProperty("tree", out _));
        Assert.True(second.RootElement.TryGetProperty("tree", out _));
        Assert.True(second.RootElement.TryGetProperty("evidence", out _));
    }

    [Fact]
    public async Task A_result_that_cannot_be_written_is_no_success_and_no_fault()
    {
        foreach (string where in new[] { ">/dev/full", ">&-" })
        {
            using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"exec dotnet exec '{WitanProgram.Assembly}' sgx-test --replay '{Example("good.json")}' {where}"]) { RedirectStandardError = true, UseShellExecute = false })!;
            string error = await process.StandardError.ReadToEndAsync(Cancel);
            await process.WaitForExitAsync(Cancel);
            Assert.Equal(3, process.ExitCode);
            Assert.StartsWith("witan: error: the result cannot be written to standard output", error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_report_writes_no_line_of_its_own()
    {
        string file = Path.GetTempFileName();
        string forged = (await File.ReadAllTextAsync(Example("documents-report.json"), Cancel)).Replace("https://security-center.intel.com", "x\\\\nconfidenceLevel = 1\\\\u001b[2J", StringComparison.Ordinal);
        await File.WriteAllTextAsync(file, forged, Cancel);
        foreach (string[] command in new string[][] { ["sgx-test", "--ias-report", file], ["verify", file] })
        {
            (int exit, string output, _) = await WitanProgram.RunAsync(Cancel, command);
            Assert.Equal(1, exit);
            Assert.Contains("member advisoryURL holds control characters", output, StringComparison.Ordinal);
            Assert.DoesNotContain("confidenceLevel = 1", output, StringComparison.Ordinal);
            Assert.DoesNotContain('\e', output);
        }

        File.Delete(file);
    }

    [Fact]
    public async Task A_quote_with_collateral_ends_in_a_level_and_says_what_is_short()
    {
        using JsonDocument file = JsonDocument.Parse(await File.ReadAllBytesAsync(SharedData.Path("data", "quotes", "cases", "v4-tdx-a187b0da057d-81dceb.json"), Cancel));
        JsonElement real = file.RootElement;
        string quote = SharedData.Path("data", "quotes", real.GetProperty("quote").GetString()!), collateral = SharedData.Path("data", "quotes", real.GetProperty("collateral").GetString()!);
        (_, string output, _) = await WitanProgram.RunAsync(Cancel, "sgx-test", "--quote", quote, "--collateral", collateral, "--at", real.GetProperty("at").GetString()!);
        Assert.Contains($"isvEnclaveQuoteStatus = {real.GetProperty("expected").GetProperty("tcbStatus").GetString()}\n", output, StringComparison.Ordinal);
        Assert.Contains("collateral: TCB evaluation number ", output, StringComparison.Ordinal);
        Assert.Matches("confidenceLevel = (none|[1-5])\n$", output);
    }

    [Fact]
    public async Task A_recording_of_this_machine_is_judged_like_this_machine()
    {
        string file = Path.Combine(Directory.CreateTempSubdirectory("witan-record-").FullName, "snapshot.json");
        (int exit, string live, _) = await WitanProgram.RunAsync(Cancel, "sgx-test", "--record", file, "--json");
        (int again, string replayed, _) = await WitanProgram.RunAsync(Cancel, "sgx-test", "--replay", file, "--json");
        Assert.Equal((exit, live), (again, replayed));
        using JsonDocument json = JsonDocument.Parse(live);
        Assert.Equal("witan.machine/1", json.RootElement.GetProperty("schema").GetString());
        Assert.Equal(exit, json.RootElement.GetProperty("exitCode").GetInt32());
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
    }

    [Fact]
    public async Task One_check_is_explained_by_id_code_or_label()
    {
        foreach (string name in new[] { "flc.cpu-configuration", "FLC_OFF_IN_BIOS" })
        {
            (int exit, string output, _) = await WitanProgram.RunAsync(Cancel, "sgx-test", "--replay", Example("bad.json"), "--explain", name);
            Assert.Equal(0, exit);
            Assert.Contains("rule       MSR 0x3A: lock (bit 0) and SGX_LC (bit 17) are both set", output, StringComparison.Ordinal);
            Assert.Contains("who        BIOS owner", output, StringComparison.Ordinal);
        }

        (int none, _, string error) = await WitanProgram.RunAsync(Cancel, "sgx-test", "--replay", Example("bad.json"), "--explain", "nonsense");
        Assert.Equal(2, none);
        Assert.StartsWith("witan: error: there is no check nonsense", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Parts_fold_and_unfold_and_marks_become_words()
    {
        (_, string folded, _) = await WitanProgram.RunAsync(Cancel, "sgx-test", "--replay", Example("good.json"));
        (_, string all, _) = await WitanProgram.RunAsync(Cancel, "sgx-test", "--replay", Example("good.json"), "--all");
        (_, string plain, _) = await WitanProgram.RunAsync(Cancel, "sgx-test", "--replay", Example("good.json"), "--plaintext");
        Assert.Contains("Does not apply here: Intel TDX guest", folded, StringComparison.Ordinal);
        Assert.DoesNotContain("Trust domain", folded, StringComparison.Ordinal);
        Assert.Contains("Trust domain", all, StringComparison.Ordinal);
        Assert.Contains("yes SGX instruction set\n  yes CPU support\n", plain, StringComparison.Ordinal);
        Assert.Contains("??? Production mode (Intel whitelisted)", plain, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', folded + all + plain);
    }

    [Fact]
    public async Task Wrong_use_is_one_line()
    {
        foreach (string[] arguments in new string[][]
        {
            ["--replay", "/nowhere"], ["--require", "sgx3"], ["--root", "/nowhere"], ["--ias-signature", "x"], ["--collateral", "x"], ["--replay", "README.md"], ["--explain", "x", "--json"],
            ["--quote", "a", "--ias-report", "b"], ["--probe", "nothing"], ["--record", "/nowhere/at/all.json"], ["--attest", "--replay", Example("good.json")],
            ["--record", ""], ["--replay", ""], ["--ias-report", ""], ["--collateral-source", "https://localhost"], ["--explain", "x", "--require", "sgx"], ["--explain", "x", "--quote", "y"],
            ["--whitelisted-enclave", "/"], ["--whitelisted-enclave", "/nowhere"], ["--whitelisted-enclave", "/", "--replay", Example("good.json")],
            ["--policy", "nonsense"], ["--at", "nonsense"], ["--trust-root", Example("development-report-root.pem")], ["--simulated"],
        })
        {
            (int exit, string output, string error) = await WitanProgram.RunAsync(Cancel, ["sgx-test", .. arguments]);
            Assert.Equal((2, ""), (exit, output));
            Assert.StartsWith("witan: error: ", error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_child_that_launches_answers_with_a_snapshot()
    {
        using var root = new FakeRoot();
        root.Device("/dev/sgx_enclave");
        (int exit, string output, _) = await WitanProgram.RunAsync(Cancel, "sgx-test", "--probe", "launch", "--root", root.Directory);
        Assert.Equal(0, exit);
        using JsonDocument json = JsonDocument.Parse(output);
        // An ordinary file takes no request: the real launcher says so, step and errno.
        Assert.Equal("!create ENOTTY", json.RootElement.GetProperty("launch").GetProperty("debug").GetString());
        Assert.Equal("!create ENOTTY", json.RootElement.GetProperty("launch").GetProperty("production").GetString());
    }

    [Fact]
    public async Task Without_rights_what_is_refused_is_not_called_absent()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess && File.Exists("/usr/bin/setpriv"), "needs root, to give rights away, and setpriv");
        using var root = new FakeRoot();
        string cpu = Path.Combine(root.Directory, "cpu.csv");
        await File.WriteAllTextAsync(cpu, Cpu, Cancel);
        root.Device("/dev/sgx_enclave").Msr((0x3A, 0x60005)).Folder("/var/run/aesmd").Efi("SOFTWAREGUARDSTATUS-9cb2e73f-7325-40f4-a484-659bb344c3cd", 1);
        File.SetUnixFileMode(root.Directory, (UnixFileMode)0b111_101_101);
        foreach (string path in new[] { "/dev/sgx_enclave", "/dev/cpu/0/msr", "/sys/firmware/efi/efivars/SOFTWAREGUARDSTATUS-9cb2e73f-7325-40f4-a484-659bb344c3cd" })
            File.SetUnixFileMode(root.Directory + path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.SetUnixFileMode(root.Directory + "/var/run/aesmd", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var start = new ProcessStartInfo("setpriv") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false, WorkingDirectory = "/" };
        foreach (string argument in (string[])["--reuid=65534", "--regid=65534", "--clear-groups", "dotnet", "exec", WitanProgram.Assembly, "sgx-test", "--root", root.Directory, "--replay", cpu])
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        string output = await process.StandardOutput.ReadToEndAsync(Cancel), error = await process.StandardError.ReadToEndAsync(Cancel);
        await process.WaitForExitAsync(Cancel);
        Assert.SkipWhen(process.ExitCode is not (0 or 1 or 3), $"the program does not start without rights here: {error}");
        Assert.Equal(3, process.ExitCode);
        Assert.Contains("unreadable, SGX_DEVICE_REFUSED", output, StringComparison.Ordinal);
        Assert.Contains("The AESM socket /var/run/aesmd/aesm.socket is refused to this user.", output, StringComparison.Ordinal);
        Assert.Contains("refused to this user, readable for root: MSR 3A", output, StringComparison.Ordinal);
        Assert.DoesNotContain("AESM is not installed", output, StringComparison.Ordinal);
    }
}
