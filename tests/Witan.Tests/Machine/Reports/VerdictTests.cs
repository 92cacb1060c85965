using System.Text.Json;
using Witan.Machine;
using Witan.Tests.Harness;
using Witan.Tests.Machine.Roots;
using Witan.Tests.Machine.Transcripts;
using Xunit;

namespace Witan.Tests.Machine.Reports;

/// <summary>The verdict line, what scripts may require, and the example machines of the manual.</summary>
public class VerdictTests
{
    public static TheoryData<string, MachineOutcome, string> Examples => new()
    {
        { "good", MachineOutcome.Ready, "Ready for confidential workers: SGX." },
        { "bad", MachineOutcome.NotReady, "Not ready for confidential workers. First: " },
        { "documents", MachineOutcome.Ready, "Ready for confidential workers: SGX (that quotes can be made is predicted, not tried: --attest)." },
        { "tdx-guest", MachineOutcome.Ready, "Ready for confidential workers: Intel TDX guest." },
    };

    [Theory]
    [MemberData(nameof(Examples))]
    public void The_example_machines_come_to_what_they_are_for(string name, MachineOutcome outcome, string sentence)
    {
        string text = File.ReadAllText(Path.Combine(SharedData.Repository, "examples", "machines", name + ".json"));
        Assert.True(SnapshotJson.TryRead(text, out MachineSnapshot? snapshot, out string? problem), problem);
        // The files are in the form in which --record writes, so that they can be compared with a recording.
        Assert.Equal(text, SnapshotJson.Write(snapshot));
        var report = MachineReport.Judge(snapshot);
        Assert.Equal(outcome, report.Verdict().Outcome);
        Assert.StartsWith(sentence, report.Verdict().Sentence, StringComparison.Ordinal);
        Snapshot.Match(name + ".txt", TranscriptTests.Print(report));
        Snapshot.Match(name + ".all.txt", TranscriptTests.Print(report, all: true));
    }

    [Fact]
    public void The_documents_own_machine_prints_the_documents_own_tree()
    {
        string recorded = File.ReadAllText(SharedData.Path("documents", "worker-confidence-level.txt"));
        int start = recorded.IndexOf("✔  SGX instruction set", StringComparison.Ordinal);
        Assert.True(SnapshotJson.TryRead(File.ReadAllText(Path.Combine(SharedData.Repository, "examples", "machines", "documents.json")), out MachineSnapshot? snapshot, out _));
        string printed = TranscriptTests.Print(MachineReport.Judge(snapshot));
        Assert.Equal(Transcript.Read(recorded[start..recorded.IndexOf("Generated machine id", StringComparison.Ordinal)]), Transcript.Read(printed));
        Assert.Contains("You are all set to start running SGX programs!", printed, StringComparison.Ordinal);
    }

    [Fact]
    public void Workers_need_production_mode_even_where_programs_start()
    {
        // Debug and Intel's own enclaves launch, ours in production mode does not: programs start, workers do not.
        string text = File.ReadAllText(Path.Combine(SharedData.Repository, "examples", "machines", "documents.json"))
            .Replace("\"production\": \"launched\"", "\"production\": \"!token AESM-6\"", StringComparison.Ordinal);
        Assert.True(SnapshotJson.TryRead(text, out MachineSnapshot? snapshot, out _));
        var report = MachineReport.Judge(snapshot);
        Assert.True(report.IsSgxReady);
        Assert.Equal(MachineOutcome.NotReady, report.Verdict().Outcome);
        Assert.Equal("SGX_LAUNCH_PRODUCTION_FAILED", report.Verdict().First!.Finding.Code);
    }

    /// <summary>What the platform says of its registration, what AESM answered, and what that comes to.</summary>
    public static TheoryData<string, string, MachineOutcome, string?> Quotes => new()
    {
        { "", "7a2608001820" + "2220" + Zeros, MachineOutcome.Ready, null },
        { NotRegistered, "7a2608001820" + "2220" + Zeros, MachineOutcome.Ready, null },
        { "", "", MachineOutcome.Ready, null },
        { Registered, "", MachineOutcome.Ready, null },
        { NotRegistered, "", MachineOutcome.NotReady, "ATTESTATION_NOT_REGISTERED" },
        { NotRegistered, "!timeout", MachineOutcome.NotReady, "ATTESTATION_NOT_REGISTERED" },
        { Registered, "7a02082c", MachineOutcome.NotReady, "ATTESTATION_QUOTE_NOT_PREPARED" },
        { "", "!timeout", MachineOutcome.Undecided, "ATTESTATION_QUOTE_NO_ANSWER" },
        { "", "7a0408001820", MachineOutcome.Undecided, "ATTESTATION_QUOTE_NO_ANSWER" },
    };

    private const string Registered = "01000300010000", NotRegistered = "01000300020000";
    private static readonly string Zeros = new('0', 64);

    [Theory]
    [MemberData(nameof(Quotes))]
    public void Ready_is_not_said_beside_an_error_that_no_quote_is_accepted(string registration, string prepared, MachineOutcome outcome, string? code)
    {
        SnapshotBuilder to = new SnapshotBuilder("test").Add(Example("good"));
        to.Set(Section.Aesm, AesmFacts.ProvisionRequest, prepared.Length > 0 ? Reading.Decode(prepared) : Reading.NotRecorded);
        if (registration.Length > 0)
            to.Set(Section.Efi, EfiVariables.RegistrationStatus, registration);
        var report = MachineReport.Judge(to.Build());
        MachineVerdict verdict = report.Verdict();
        Assert.Equal((outcome, code), (verdict.Outcome, verdict.First?.Finding.Code));
        if (outcome == MachineOutcome.Ready)
            Assert.DoesNotContain(report.Find("ATTESTATION_NOT_REGISTERED"), found => found.Check.Problem!.Finding.Severity != Witan.Attestation.FindingSeverity.Note);
        // A host of trust domains has no better keys than its own enclaves.
        Assert.Equal(registration == NotRegistered && outcome != MachineOutcome.Ready, TdxHostWith(to, "present").Outcome == MachineOutcome.NotReady);
    }

    [Fact]
    public void A_host_whose_guests_get_no_quote_is_not_ready()
    {
        Assert.Equal(MachineOutcome.Ready, TdxHostWith(new SnapshotBuilder("test"), "present").Outcome);
        MachineVerdict verdict = TdxHostWith(new SnapshotBuilder("test"), "!ENOENT");
        Assert.Equal(MachineOutcome.NotReady, verdict.Outcome);
        Assert.Contains("Guests of this host can get no quote", TranscriptTests.Print(MachineReport.Judge(HostOfDomains(new SnapshotBuilder("test"), "!ENOENT"))), StringComparison.Ordinal);
    }

    [Fact]
    public void Where_nothing_could_be_predicted_it_is_not_ready()
    {
        SnapshotBuilder to = new SnapshotBuilder("test").Add(Example("good"))
            .Set(Section.Cpuid, SnapshotBuilder.CpuidKey(1, 0), Reading.NotRecorded).Set(Section.Aesm, AesmFacts.ProvisionRequest, Reading.NotRecorded);
        var report = MachineReport.Judge(to.Build());
        Assert.True(report.IsSgxReady);
        Assert.Equal("ATTESTATION_PATH_UNKNOWN", report.Find("attestation.quote").Single().Check.Problem!.Finding.Code);
        Assert.Equal(MachineOutcome.Undecided, report.Verdict().Outcome);
    }

    [Fact]
    public void Could_not_tell_says_what_to_grant()
    {
        using var root = new FakeRoot();
        root.Flags("fpu");
        MachineVerdict verdict = MachineReport.Judge(root.Probe(TestCpu.Intel(0x806F8))).Verdict();
        // No SGX in the processor; whether TDX is on stands in a register that is not readable.
        Assert.Equal(MachineOutcome.NotReady, verdict.Outcome);
        root.Flags("fpu tdx_host_platform");
        var to = new SnapshotBuilder("test");
        CpuidProbe.Run(TestCpu.Intel(0x806F8), to);
        to.Set(Section.Msr, SnapshotBuilder.MsrKey(0x1401), Reading.Failed("ENOENT")).Set(Section.Files, TdxHost.KvmTdx, Reading.Failed("EACCES"));
        verdict = MachineReport.Judge(to.Build()).Verdict();
        Assert.Equal(MachineOutcome.Undecided, verdict.Outcome);
        Assert.Contains("sudo modprobe msr", verdict.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void What_root_would_see_is_listed_for_who_is_not_root()
    {
        var to = new SnapshotBuilder("test").Set(Section.Rights, "root", "no").Set(Section.Msr, SnapshotBuilder.MsrKey(0x3A), Reading.Failed("EACCES"));
        to.Set(Section.Efi, EfiVariables.Status, Reading.Failed("EACCES")).Set(Section.Devices, "/dev/sgx_enclave", Reading.Failed("EACCES")).Set(Section.Devices, "/dev/isgx", Reading.Failed("ENOENT"));
        string text = TranscriptTests.Print(MachineReport.Judge(to.Build()));
        Assert.Contains("readable for root: MSR 3A; EFI variable SOFTWAREGUARDSTATUS; /dev/sgx_enclave\n", text, StringComparison.Ordinal);
        to.Set(Section.Rights, "root", "yes");
        Assert.DoesNotContain("readable for root", TranscriptTests.Print(MachineReport.Judge(to.Build())), StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_that_is_refused_is_no_missing_one()
    {
        var to = new SnapshotBuilder("test");
        CpuidProbe.Run(TestCpu.Client, to);
        to.Set(Section.Devices, "/dev/sgx_enclave", Reading.Failed("EACCES"));
        var report = MachineReport.Judge(to.Build());
        Check check = report.Find("sgx.device").Single().Check;
        Assert.Equal((Mark.Unknown, ProblemState.Unreadable, "SGX_DEVICE_REFUSED"), (check.Mark, check.Problem!.State, check.Problem.Finding.Code));
        Assert.Equal(MachineOutcome.Undecided, report.Verdict().Outcome);
        Assert.Contains("group", report.Verdict().Sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sgx", null, MachineOutcome.Ready)]
    [InlineData("sgx,sgx-production", null, MachineOutcome.Ready)]
    [InlineData("sgx,tdx-guest", null, MachineOutcome.NotReady)]
    [InlineData("gpu-cc", null, MachineOutcome.NotReady)]
    [InlineData("sgx,tier<=3", 2, MachineOutcome.Ready)]
    [InlineData("sgx,tier<=3", 5, MachineOutcome.NotReady)]
    [InlineData("sgx,tier<=3", null, MachineOutcome.Undecided)]
    [InlineData("tdx-host,tier<=3", null, MachineOutcome.NotReady)] // what is missing weighs more than what is not known
    public void Requirements_are_met_missing_or_undecided(string text, int? tier, MachineOutcome outcome)
    {
        Assert.True(SnapshotJson.TryRead(File.ReadAllText(Path.Combine(SharedData.Repository, "examples", "machines", "good.json")), out MachineSnapshot? snapshot, out _));
        Assert.True(Requirement.TryParse(text, out Requirement? requirement, out _));
        Assert.Equal(outcome, requirement.Judge(MachineReport.Judge(snapshot), tier, tier is not null, out List<string> unmet));
        Assert.Equal(outcome == MachineOutcome.Ready, unmet.Count == 0);
    }

    [Theory]
    [InlineData("")]
    [InlineData("tier<=0")]
    [InlineData("tier<=6")]
    [InlineData("tier<3")]
    [InlineData("sgx;tdx-host")]
    public void A_requirement_that_cannot_be_read_is_refused(string text)
    {
        Assert.False(Requirement.TryParse(text, out _, out string? problem));
        Assert.NotEmpty(problem);
    }

    [Fact]
    public void A_dump_decides_nothing_about_what_it_does_not_hold()
    {
        const string Csv = "leaf,subleaf,eax,ebx,ecx,edx\n0,0,1B,756E6547,6C65746E,49656E69\n1,0,806F8,0,0,0\n7,0,0,4,40000000,0\n";
        Assert.True(SnapshotText.TryRead(Csv, out MachineSnapshot? snapshot, out _));
        var report = MachineReport.Judge(snapshot);
        foreach (string name in new[] { "gpu-cc", "dstack", "tdx-host", "sgx" })
            Assert.Equal((name, Mark.Unknown), (name, report.MarkOf(name)));
    }

    [Fact]
    public void Every_open_mark_carries_code_evidence_cause_remedy_and_actor()
    {
        foreach (string file in Directory.EnumerateFiles(Path.Combine(SharedData.Repository, "examples", "machines"), "*.json"))
        {
            if (!SnapshotJson.TryRead(File.ReadAllText(file), out MachineSnapshot? snapshot, out _))
                continue;
            foreach ((Check check, string path) in MachineReport.Judge(snapshot).Parts.SelectMany(part => part.Root.Walk()))
            {
                bool isLeaf = check.Children.IsEmpty && check.Form == CheckForm.Line;
                if (!isLeaf || check.Mark == Mark.Supported)
                    continue;
                Problem problem = check.Problem ?? throw new InvalidOperationException($"{path} has no problem");
                Assert.Matches("^[A-Z0-9_]+$", problem.Finding.Code);
                Assert.All([problem.Finding.Message, problem.Finding.Evidence, problem.Finding.Why, problem.Finding.Remedy, problem.ActorName], text => Assert.False(string.IsNullOrWhiteSpace(text), path));
                Assert.NotEmpty(check.Rule);
            }
        }
    }

    [Fact]
    public void The_JSON_holds_tree_findings_and_hash()
    {
        Assert.True(SnapshotJson.TryRead(File.ReadAllText(Path.Combine(SharedData.Repository, "examples", "machines", "bad.json")), out MachineSnapshot? snapshot, out _));
        var report = MachineReport.Judge(snapshot);
        using JsonDocument document = JsonOf(report);
        JsonElement root = document.RootElement;
        Assert.Equal(snapshot.Hash, root.GetProperty("snapshot").GetString());
        Assert.Equal("not-ready", root.GetProperty("outcome").GetString());
        Assert.Equal("fatal", root.GetProperty("tees").GetProperty("sgx").GetString());
        Assert.Contains(root.GetProperty("findings").EnumerateArray(), finding => finding.GetProperty("code").GetString() == "FLC_OFF_IN_BIOS" && finding.GetProperty("actor").GetString() == "BIOS owner");
        JsonElement launch = root.GetProperty("tree").EnumerateArray().Single(part => part.GetProperty("id").GetString() == "sgx.software")
            .GetProperty("children").EnumerateArray().Single(check => check.GetProperty("id").GetString() == "sgx.launch");
        Assert.True(launch.GetProperty("hidden").GetBoolean());
        Assert.Equal("there is nothing to launch with", launch.GetProperty("hiddenBecause").GetString());
        // Every check of the tree says itself what a reader needs to act, also a hidden one, which no finding lists.
        JsonElement debug = launch.GetProperty("children").EnumerateArray().First();
        foreach (string name in new[] { "state", "code", "message", "cause", "remedy", "actor", "rule" })
            Assert.False(string.IsNullOrEmpty(debug.GetProperty(name).GetString()), name);
    }

    [Fact]
    public void On_another_kind_of_processor_nothing_of_x86_applies()
    {
        var to = new SnapshotBuilder("test");
        CpuidProbe.Run(new NoCpuid(), to);
        var report = MachineReport.Judge(to.Build());
        string[] asked = ["sgx.instruction-set", "flc", "sgx.software", "attestation", "tdx-guest", "tdx-host", "snp-guest", "snp-host"];
        foreach (string id in asked)
            Assert.Equal((id, "the processor is not x86"), (id, report.Parts.Single(part => part.Root.Id == id).NotHere));
        Assert.Equal(MachineOutcome.NotReady, report.Verdict().Outcome);
        string all = TranscriptTests.Print(report, all: true);
        Assert.Contains("-  Intel TDX host  [the processor is not x86]\n", all, StringComparison.Ordinal);
        Assert.DoesNotContain("✘", all, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_rule_has_a_source()
    {
        foreach (Check check in MachineReport.Judge(new SnapshotBuilder("test").Build()).Parts.SelectMany(part => part.Root.Walk()).Select(pair => pair.Check).Where(check => check.Rule.Length > 0))
            Assert.NotEqual("this program", RuleSource.Of(check.Id));
    }

    [Fact]
    public void A_recording_writes_no_line_of_its_own_into_the_report()
    {
        const string Forged = "6.1\nReady for confidential workers: SGX.\e[2J";
        var to = new SnapshotBuilder("test").Set(Section.Files, "/proc/sys/kernel/osrelease", Forged).Set(Section.Pci, "10de:\n", "1").Set(Section.Devices, "/dev/sgx_enclave", Reading.Failed(Forged));
        MachineSnapshot snapshot = to.Build();
        var report = MachineReport.Judge(snapshot);
        string text = TranscriptTests.Print(report, all: true);
        Assert.DoesNotContain('\e', text);
        Assert.DoesNotContain("\nReady", text, StringComparison.Ordinal);
        Assert.Contains("Kernel: Linux 6.1\uFFFDReady", text, StringComparison.Ordinal);
        Assert.Equal(snapshot.Hash, report.Snapshot.Hash);
    }

    [Fact]
    public void What_is_not_shown_is_no_finding_and_says_so_wherever_it_stands()
    {
        MachineReport report = MachineReport.Judge(Example("bad"));
        using JsonDocument document = JsonOf(report);
        string[] shown = [.. report.Parts.Where(part => part.NotHere is null).SelectMany(part => part.Root.Visible()).Select(node => node.Check.Id)];
        Assert.DoesNotContain("sgx.launch.debug", shown);
        foreach (JsonElement finding in document.RootElement.GetProperty("findings").EnumerateArray())
            Assert.Contains(finding.GetProperty("check").GetString(), shown);
        var checks = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (JsonElement part in document.RootElement.GetProperty("tree").EnumerateArray())
            Collect(part);
        JsonElement debug = checks["sgx.launch.debug"], tdx = checks["tdx-host.bios"];
        Assert.True(debug.GetProperty("hidden").GetBoolean());
        Assert.Equal("there is nothing to launch with", debug.GetProperty("hiddenBecause").GetString());
        Assert.Equal("the processor is older than TDX", tdx.GetProperty("doesNotApply").GetString());
        Assert.False(checks["flc.cpu-configuration"].TryGetProperty("hidden", out _));

        void Collect(JsonElement check)
        {
            checks[check.GetProperty("id").GetString()!] = check;
            if (check.TryGetProperty("children", out JsonElement children))
            {
                foreach (JsonElement child in children.EnumerateArray())
                    Collect(child);
            }
        }
    }

    [Theory]
    [InlineData("tdx-host.bios", "does not apply here: the processor is older than TDX", "rule")]
    [InlineData("sgx.launch.debug", "not shown: there is nothing to launch with", "remedy")]
    [InlineData("sgx.launch", "not shown: there is nothing to launch with", "depends on")]
    public void An_explained_check_that_decides_nothing_has_no_mark_and_no_remedy(string id, string reason, string absent)
    {
        using var output = new StringWriter { NewLine = "\n" };
        ReportText.Explain(output, MachineReport.Judge(Example("bad")).Find(id).Single(), new ReportStyle());
        string[] lines = output.ToString().Split('\n');
        Assert.StartsWith("-  ", lines[0], StringComparison.Ordinal);
        Assert.Equal("    " + reason, lines[1]);
        Assert.DoesNotContain(lines, line => line.TrimStart().StartsWith(absent, StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.Contains('✘', StringComparison.Ordinal));
    }

    private static MachineSnapshot Example(string name)
    {
        Assert.True(SnapshotJson.TryRead(File.ReadAllText(Path.Combine(SharedData.Repository, "examples", "machines", name + ".json")), out MachineSnapshot? snapshot, out _));
        return snapshot;
    }

    // The values of another snapshot on a host that runs trust domains and no enclaves of ours, with the node of the quoting enclave as given.
    private static MachineSnapshot HostOfDomains(SnapshotBuilder to, string provision)
    {
        CpuidProbe.Run(TestCpu.SapphireRapids, to);
        foreach (string path in (string[])[.. SgxDevices.InTree, .. SgxDevices.Legacy])
            to.Set(Section.Devices, path, Reading.Failed("ENOENT"));
        return to.Set(Section.Flags, TdxHost.Flag, "yes").Set(Section.Files, TdxHost.KvmTdx, "Y")
            .Set(Section.Launch, "debug", Reading.Failed("init EPERM")).Set(Section.Launch, "production", Reading.Failed("init EPERM"))
            .Set(Section.Devices, "/dev/sgx_enclave", "opened").Set(Section.Devices, "/dev/sgx_provision", Reading.Decode(provision)).Build();
    }

    private static MachineVerdict TdxHostWith(SnapshotBuilder to, string provision) => MachineReport.Judge(HostOfDomains(to, provision)).Verdict();

    private sealed class NoCpuid : ICpuid
    {
        public bool IsSupported => false;

        public CpuidLeaf? Read(uint leaf, uint subleaf) => throw new NotSupportedException();
    }

    private static JsonDocument JsonOf(MachineReport report)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            ReportJson.Write(json, report);
            json.WriteEndObject();
        }

        return JsonDocument.Parse(buffer.ToArray());
    }
}
