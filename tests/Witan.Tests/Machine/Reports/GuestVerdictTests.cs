using Witan.Machine;
using Witan.Tests.Harness;
using Witan.Tests.Machine.Dumps;
using Witan.Tests.Machine.Roots;
using Witan.Tests.Machine.Transcripts;
using Xunit;

namespace Witan.Tests.Machine.Reports;

/// <summary>What the verdict says of TDX and SEV-SNP machines: what counts as evidence, and what of it was only predicted.</summary>
public class GuestVerdictTests
{
    private const string Predicted = "that quotes can be made is predicted, not tried", Ready = "Ready for confidential workers: ";

    /// <summary>Device, provider, agent, the report that was asked for; the verdict's sentence, or its beginning.</summary>
    public static TheoryData<string, string, string, string, string> Domains => new()
    {
        { "opened", "tdx_guest", "HTTP/1.1 200 OK", "generation 1, 8000 bytes", Ready + "Intel TDX guest." },
        { "opened", "tdx_guest", "HTTP/1.1 200 OK", "", Ready + $"Intel TDX guest ({Predicted}: --attest)." },
        { "!ENOENT", "tdx_guest", "", "", Ready + $"Intel TDX guest ({Predicted}: --attest)." },
        { "!ENOENT", "!ENOENT", "HTTP/1.1 200 OK", "", Ready + $"Intel TDX guest ({Predicted})." }, // a container with dstack's socket
        { "!ENOENT", "!ENOENT", "HTTP/1.1 200 OK", "generation 1, 8000 bytes", Ready + $"Intel TDX guest ({Predicted})." }, // through what is not there nothing was made
        { "opened", "!ENOENT", "", "", Ready + $"Intel TDX guest ({Predicted})." },
        { "opened", "tdx_guest", "HTTP/1.1 200 OK", "!outblob ETIMEDOUT", "Not ready for confidential workers." },
        { "opened", "tdx_guest", "", "generation 2, 8000 bytes", "Not ready for confidential workers." },
        { "!ENOENT", "!ENOENT", "HTTP/1.1 500 Internal Server Error", "", "Not ready for confidential workers." },
        { "!ENOENT", "!ENOENT", "", "", "Not ready for confidential workers." },
        { "!ENOENT", "!ENOENT", "!timeout", "", "Could not tell whether confidential workers can run here (Intel TDX guest)." },
    };

    [Theory]
    [MemberData(nameof(Domains))]
    public void A_trust_domain_is_ready_where_quotes_can_be_had(string device, string provider, string agent, string report, string sentence)
    {
        var to = new SnapshotBuilder("test");
        CpuidProbe.Run(TestCpu.Intel(0x806F8, guest: true).Set(0x21, 0, 0, 0x65746E49, 0x20202020, 0x5844546C), to);
        foreach (string path in TdxGuest.Devices)
            to.Set(Section.Devices, path, Reading.Failed("ENOENT"));
        to.Set(Section.Devices, "/dev/tdx_guest", Reading.Decode(device)).Set(Section.Files, ReportInterface.Folder, Reading.Decode(provider)).Set(Section.Files, ReportInterface.Provider, Reading.Decode(provider));
        foreach (string socket in Witan.Machine.Dstack.Sockets)
            to.Set(Section.Sockets, socket, agent.Length > 0 ? Reading.Of("connected") : Reading.Failed("ENOENT"));
        if (device == "opened")
            to.Set(Section.Requests, TdxGuest.ReportRequest, "answered");
        if (agent.Length > 0)
            to.Set(Section.Requests, "dstack", Reading.Decode(agent));
        if (report.Length > 0)
            to.Set(Section.Requests, ReportInterface.Request, Reading.Decode(report));
        MachineReport judged = MachineReport.Judge(to.Build());
        Assert.StartsWith(sentence, judged.Verdict().Sentence, StringComparison.Ordinal);
        UsableTees.HaveNoError(judged, sentence);
        Assert.Null(judged.Parts.Single(part => part.Root.Id == "dstack").NotHere);
        bool failed = report.StartsWith('!') || report.StartsWith("generation 2", StringComparison.Ordinal);
        Assert.Equal(failed, judged.Find("TDX_GUEST_QUOTE_FAILED").Any());
        if (sentence[0] == 'C')
            Assert.Contains("guest agent", judged.Verdict().Sentence, StringComparison.Ordinal);
    }

    /// <summary>The device's answer is a signed report; a provider alone is a promise.</summary>
    [Theory]
    [InlineData("opened", "sev_guest", "", "AMD SEV-SNP guest.")]
    [InlineData("!ENOENT", "sev_guest", "", "AMD SEV-SNP guest (that reports can be made is predicted, not tried: --attest).")]
    [InlineData("!ENOENT", "sev_guest", "generation 1, 1184 bytes", "AMD SEV-SNP guest.")]
    [InlineData("opened", "sev_guest", "!outblob EIO", null)]
    public void An_SNP_guest_likewise(string device, string provider, string report, string? usable)
    {
        var to = new SnapshotBuilder("test");
        CpuidProbe.Run(TestCpu.Amd(0x0101FD3F, guest: true), to);
        to.SetMsr(SevGuest.StatusRegister, 7).Set(Section.Devices, SevGuest.Device, Reading.Decode(device)).Set(Section.Files, ReportInterface.Folder, "present").Set(Section.Files, ReportInterface.Provider, provider);
        if (device == "opened")
            to.Set(Section.Requests, SevGuest.ReportRequest, "answered");
        if (report.Length > 0)
            to.Set(Section.Requests, ReportInterface.Request, Reading.Decode(report));
        MachineVerdict verdict = MachineReport.Judge(to.Build()).Verdict();
        Assert.Equal(usable is null ? MachineOutcome.NotReady : MachineOutcome.Ready, verdict.Outcome);
        if (usable is not null)
            Assert.Equal(Ready + usable, verdict.Sentence);
    }

    [Theory]
    [InlineData(0u, MachineOutcome.Ready)]
    [InlineData(1u << 27, MachineOutcome.NotReady)]
    public void A_host_of_a_part_that_verifiers_refuse_is_not_ready(uint part, MachineOutcome outcome)
    {
        var to = new SnapshotBuilder("test");
        CpuidProbe.Run(TestCpu.Intel(0x806F8, flc: 1), to);
        to.Set(Section.Flags, TdxHost.Flag, "yes").Set(Section.Files, TdxHost.KvmTdx, "Y").Set(Section.Devices, "/dev/sgx_enclave", "opened").Set(Section.Devices, "/dev/sgx_provision", "present").SetMsr(0xCE, part).SetMsr(0x503, 0);
        MachineReport report = MachineReport.Judge(to.Build());
        Assert.Equal(outcome, report.Verdict().Outcome);
        if (outcome == MachineOutcome.Ready)
            Assert.Equal(Ready + "Intel TDX host (quotes of its guests are predicted, not tried).", report.Verdict().Sentence);
        // It starts guests all the same.
        Assert.Equal(Mark.Supported, report.MarkOf("tdx-host"));
    }

    [Fact]
    public void A_usable_TEE_of_an_example_has_no_error_in_its_own_tree()
    {
        foreach (string file in Directory.EnumerateFiles(Path.Combine(SharedData.Repository, "examples", "machines"), "*.json"))
        {
            if (SnapshotJson.TryRead(File.ReadAllText(file), out MachineSnapshot? snapshot, out _))
                UsableTees.HaveNoError(MachineReport.Judge(snapshot), file);
        }
    }

    [Theory]
    [MemberData(nameof(DumpTests.Cases), MemberType = typeof(DumpTests))]
    public void Nor_has_one_of_a_dump(string name, string marks)
    {
        _ = marks;
        string file = name.EndsWith("cpuid-r", StringComparison.Ordinal) ? $"{name}.txt" : $"instlatx64/{name}.leaves.csv";
        Assert.True(SnapshotText.TryRead(File.ReadAllText(SharedData.Path("data", "machine", "cpuid", file)), out MachineSnapshot? snapshot, out _));
        UsableTees.HaveNoError(MachineReport.Judge(snapshot), name);
    }

    [Theory]
    [MemberData(nameof(TranscriptTests.Cases), MemberType = typeof(TranscriptTests))]
    public void Nor_has_one_of_a_transcript(string file, uint signature, string[] codes)
    {
        _ = codes;
        UsableTees.HaveNoError(MachineReport.Judge(ImpliedSnapshot.Of(File.ReadAllText(SharedData.Path("data", "machine", file)), signature)), file);
    }
}
