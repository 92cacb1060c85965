using Witan.Machine;
using Witan.Tests.Harness;
using Witan.Tests.Machine.Dumps;
using Witan.Tests.Machine.Roots;
using Xunit;

namespace Witan.Tests.Machine.Reports;

/// <summary>What a verdict names first: what makes the machine ready, or, where nothing on it does, why; never a step that leads nowhere.</summary>
public class FirstStepTests
{
    public static TheoryData<string> Dumps => [.. DumpTests.Cases.Select(row => row.Data.Item1)];

    [Theory]
    [MemberData(nameof(Dumps))]
    public void Not_ready_never_begins_with_what_was_not_looked_at(string name)
    {
        MachineVerdict verdict = DumpTests.Judge(name).Verdict();
        if (verdict.Outcome == MachineOutcome.NotReady && verdict.First is { } first)
            Assert.NotEqual((verdict.Sentence, ProblemState.Unreadable), (verdict.Sentence, first.State));
    }

    public static TheoryData<string> Trees => ["no device", "legacy device", "SGX off", "legacy device refused"];

    [Theory]
    [MemberData(nameof(Trees))]
    public void Where_only_EPID_is_left_no_step_on_the_machine_is_named(string tree)
    {
        using var root = new FakeRoot();
        if (tree == "legacy device")
            root.Device("/dev/isgx");
        var cpu = TestCpu.Intel(0x806EA, sgx: 1, highest: 0x16);
        MachineSnapshot snapshot = root.Probe(tree == "SGX off" ? cpu : cpu.WithSgx());
        if (tree == "legacy device refused")
            snapshot = With(snapshot, Section.Devices, "/dev/isgx", "!EACCES");
        MachineVerdict verdict = MachineReport.Judge(snapshot).Verdict();
        Assert.Equal((MachineOutcome.NotReady, "ATTESTATION_EPID_ONLY"), (verdict.Outcome, verdict.First?.Finding.Code));
        Assert.Contains(" Why: ", verdict.Sentence, StringComparison.Ordinal);
        Assert.DoesNotContain("First:", verdict.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_one_TEE_cannot_be_had_the_step_for_another_is_named()
    {
        // Sapphire Rapids with SGX fused off; TDX is off in the BIOS.
        using var root = new FakeRoot();
        root.Flags("fpu");
        MachineVerdict verdict = MachineReport.Judge(With(root.Probe(TestCpu.Intel(0x806F8)), Section.Msr, SnapshotBuilder.MsrKey(0x1401), "0000000000000000")).Verdict();
        Assert.Equal((MachineOutcome.NotReady, "TDX_HOST_BIOS_OFF"), (verdict.Outcome, verdict.First?.Finding.Code));
    }

    [Fact]
    public void What_decides_nothing_is_not_named_first()
    {
        // The kernel took a part of the memory only, which is enough; that launching fails is what counts.
        using var root = new FakeRoot();
        root.Device("/dev/sgx_enclave").Msr((0x3A, 0x60005)).Write("/sys/devices/system/node/node0/x86/sgx_total_bytes", "1048576\n");
        MachineSnapshot snapshot = With(With(root.Probe(TestCpu.Client), Section.Launch, "debug", "launched"), Section.Launch, "production", "!init EPERM");
        MachineReport report = MachineReport.Judge(snapshot);
        Assert.NotEmpty(report.Find("SGX_KERNEL_DROPPED_EPC"));
        Assert.Equal("SGX_LAUNCH_PRODUCTION_FAILED", report.Verdict().First!.Finding.Code);
    }

    [Fact]
    public void In_a_guest_that_is_one_its_own_part_comes_first()
    {
        Assert.True(SnapshotJson.TryRead(File.ReadAllText(Path.Combine(SharedData.Repository, "examples", "machines", "tdx-guest.json")), out MachineSnapshot? snapshot, out _));
        foreach (string device in TdxGuest.Devices)
            snapshot = With(snapshot, Section.Devices, device, "!ENOENT");
        snapshot = With(With(snapshot, Section.Files, ReportInterface.Provider, "!ENOENT"), Section.Files, ReportInterface.Folder, "!ENOENT");
        foreach (string socket in Witan.Machine.Dstack.Sockets)
            snapshot = With(snapshot, Section.Sockets, socket, "!ENOENT");
        snapshot = With(snapshot, Section.Requests, "dstack", "!ENOENT");
        MachineVerdict verdict = MachineReport.Judge(snapshot).Verdict();
        Assert.Equal(MachineOutcome.NotReady, verdict.Outcome);
        Assert.StartsWith("TDX_GUEST_", verdict.First!.Finding.Code, StringComparison.Ordinal);
    }

    private static MachineSnapshot With(MachineSnapshot snapshot, string section, string key, string reading) =>
        new SnapshotBuilder("test").Add(snapshot).Set(section, key, Reading.Decode(reading)).Build();
}
