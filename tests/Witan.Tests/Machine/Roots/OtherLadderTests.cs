using Witan.Machine;
using Xunit;

namespace Witan.Tests.Machine.Roots;

/// <summary>The same for TDX, SEV-SNP, GPUs and dstack: hosts and guests as file trees.</summary>
public class OtherLadderTests
{
    private const string NeverTrust = "0xc000090000000000", TooOld = "0xc000050500000000";

    private sealed record Rung(Func<TestCpu> Cpu, Action<FakeRoot> Tree, string Check, Mark Mark, string? Code, ProblemState State, Actor Actor, string Says);

    private static readonly Dictionary<string, Rung> Rungs = new(StringComparer.Ordinal)
    {
        ["TDX off in the BIOS"] = new(Host, root => root.Flags("fpu").Msr((0x982, 2), (0x1401, 0), (0x87, 0)), "tdx-host.bios", Mark.Fatal, "TDX_HOST_BIOS_OFF", ProblemState.Disabled, Actor.BiosOwner, "SEAM memory range is not set"),
        ["memory encryption off"] = new(Host, root => root.Flags("fpu").Msr((0x982, 0), (0x1401, 0x800), (0x87, 1UL << 37)), "tdx-host.bios", Mark.Fatal, "TDX_HOST_BIOS_OFF", ProblemState.Disabled, Actor.BiosOwner, "several keys is off"),
        ["no private key ids"] = new(Host, root => root.Flags("fpu").Msr((0x982, 2), (0x1401, 0x800), (0x87, 0x40)), "tdx-host.bios", Mark.Fatal, "TDX_HOST_BIOS_OFF", ProblemState.Disabled, Actor.BiosOwner, "No private key ids"),
        ["46 bits, no register readable"] = new(() => TestCpu.Intel(0xC06F2, sgx: 1, flc: 1, bits: 46), root => root.Flags("fpu"), "tdx-host.bios", Mark.Fatal, "TDX_HOST_46_BITS", ProblemState.Disabled, Actor.BiosOwner, "46 bits"),
        ["46 bits, and off"] = new(() => TestCpu.Intel(0xC06F2, bits: 46), root => root.Flags("fpu").Msr((0x982, 0), (0x1401, 0)), "tdx-host.bios", Mark.Fatal, "TDX_HOST_BIOS_OFF", ProblemState.Disabled, Actor.BiosOwner, "also limits physical addresses to 46 bits"),
        ["failed memory check"] = new(Host, root => root.Flags("fpu").Msr((0xA0, 0x5), (0x982, 2), (0x1401, 0x800), (0x87, 1UL << 37)), "tdx-host.bios", Mark.Fatal, "TDX_HOST_MCHECK", ProblemState.Failed, Actor.BiosOwner, "populated"),
        ["registers not readable"] = new(Host, root => root.Flags("fpu"), "tdx-host.bios", Mark.Unknown, "TDX_HOST_BIOS_UNREADABLE", ProblemState.Unreadable, Actor.KernelOwner, "module msr is not loaded"),
        ["KVM without TDX"] = new(Host, root => root.Flags("fpu tdx_host_platform").Write("/sys/module/kvm_intel/parameters/tdx", "N\n"), "tdx-host.kvm", Mark.Fatal, "TDX_HOST_KVM_OFF", ProblemState.Disabled, Actor.KernelOwner, "not asked for"),
        ["KVM of an older kernel"] = new(Host, root => root.Flags("fpu tdx_host_platform"), "tdx-host.kvm", Mark.Fatal, "TDX_HOST_KVM_OFF", ProblemState.Absent, Actor.KernelOwner, "no TDX, or kvm_intel is not loaded"),
        ["SGX on and no devices for quotes"] = new(Host, root => root.Flags("fpu tdx_host_platform").Write("/sys/module/kvm_intel/parameters/tdx", "Y\n"), "tdx-host.quoting", Mark.Unsupported, "TDX_HOST_NO_QUOTING_DRIVER", ProblemState.Absent, Actor.KernelOwner, "there is no device"),
        ["SGX off, so no quotes"] = new(() => TestCpu.Intel(0x806F8, sgx: 1, flc: 1), root => root.Flags("fpu tdx_host_platform"), "tdx-host.quoting", Mark.Unsupported, "TDX_HOST_NO_QUOTING", ProblemState.Disabled, Actor.BiosOwner, "quoting enclave of TDX is an SGX enclave"),
        ["the launch key locked to Intel's, so no quotes"] = new(Host, root => root.Flags("fpu tdx_host_platform").Msr((0x3A, 0x40005)), "tdx-host.quoting", Mark.Unsupported, "TDX_HOST_NO_QUOTING", ProblemState.Disabled, Actor.BiosOwner, "SGX devices are missing"),
        ["one SGX device of two"] = new(Host, root => root.Flags("fpu tdx_host_platform").Device("/dev/sgx_enclave"), "tdx-host.quoting", Mark.Unsupported, "TDX_HOST_NO_QUOTING_DEVICE", ProblemState.Absent, Actor.KernelOwner, "/dev/sgx_provision is missing"),
        ["a folder in place of the other"] = new(Host, root => root.Flags("fpu tdx_host_platform").Device("/dev/sgx_enclave").Folder("/dev/sgx_provision"), "tdx-host.quoting", Mark.Unsupported, "TDX_HOST_NO_QUOTING_DEVICE", ProblemState.Absent, Actor.KernelOwner, "/dev/sgx_provision is missing"),
        ["a folder in place of a guest device"] = new(Domain, root => root.Folder("/dev/tdx_guest"), "tdx-guest.device", Mark.Unsupported, "TDX_GUEST_DEVICE_ABSENT", ProblemState.Absent, Actor.KernelOwner, "was not given the device"),
        ["a folder in place of the firmware's device"] = new(Milan, root => root.Write(SevHost.KvmSnp, "Y\n").Folder("/dev/sev"), "snp-host.firmware", Mark.Unknown, "SNP_FIRMWARE_DEVICE", ProblemState.Absent, Actor.KernelOwner, "ccp is not loaded"),
        ["an SEV guest"] = new(Leaked, root => root.Msr((SevGuest.StatusRegister, 1)), "snp-guest.status", Mark.Fatal, "SNP_GUEST_SEV_ONLY", ProblemState.Absent, Actor.CloudProvider, "an SEV guest, without SNP"),
        ["an SEV-ES guest"] = new(Leaked, root => root.Msr((SevGuest.StatusRegister, 3)), "snp-guest.status", Mark.Fatal, "SNP_GUEST_SEV_ONLY", ProblemState.Absent, Actor.CloudProvider, "an SEV-ES guest, without SNP"),
        ["46 bits, and every register good"] = new(() => TestCpu.Intel(0xC06F2, bits: 46), root => root.Flags("fpu").Msr((0x982, 2), (0x1401, 0x800), (0x87, 1UL << 37)), "tdx-host.bios", Mark.Supported, null, default, default, ""),
        ["a debug part"] = new(Host, root => root.Msr((0xCE, 1u << 27), (0x503, 0)), "tdx-host.production", Mark.Unsupported, "TDX_HOST_DEBUG_PART", ProblemState.Failed, Actor.ChipVendor, "production parts only"),
        ["a good TDX host"] = new(Host, root => root.Flags("fpu tdx_host_platform").Device("/dev/sgx_enclave").Device("/dev/sgx_provision").Write("/sys/module/kvm_intel/parameters/tdx", "Y\n"), "tdx-host", Mark.Supported, null, default, default, ""),
        ["no trust domain"] = new(() => TestCpu.Intel(0x806F8, guest: true), _ => { }, "tdx-guest.cpuid", Mark.Fatal, "TDX_GUEST_ABSENT", ProblemState.Absent, Actor.CloudProvider, "ordinary guest"),
        ["a trust domain without a device"] = new(Domain, _ => { }, "tdx-guest.device", Mark.Unsupported, "TDX_GUEST_DEVICE_ABSENT", ProblemState.Absent, Actor.KernelOwner, "not loaded"),
        ["a guest device that gives no report"] = new(Domain, root => root.Device("/dev/tdx_guest"), "tdx-guest.device", Mark.Unsupported, "TDX_GUEST_REPORT_FAILED", ProblemState.Failed, Actor.CloudProvider, "refused the request"),
        ["a trust domain with configfs"] = new(Domain, root => root.Write("/sys/kernel/config/tsm/report/provider", "tdx_guest\n"), "tdx-guest", Mark.Supported, null, default, default, ""),
        ["configfs absent"] = new(Domain, _ => { }, "tdx-guest.tsm", Mark.Unsupported, "TDX_GUEST_TSM_ABSENT", ProblemState.Absent, Actor.KernelOwner, "older than 6.7"),
        ["a trust domain under Hyper-V"] = new(HyperV, _ => { }, "tdx-guest.tsm", Mark.Unsupported, "TDX_GUEST_PARAVISOR", ProblemState.Absent, Actor.CloudProvider, "paravisor"),
        ["a trust domain under Hyper-V needs no module"] = new(HyperV, _ => { }, "tdx-guest.device", Mark.Unsupported, "TDX_GUEST_PARAVISOR", ProblemState.Absent, Actor.CloudProvider, "paravisor"),
        ["an ordinary guest of an older Hyper-V"] = new(() => OldHyperV(TestCpu.Intel(0x806F8, guest: true)), _ => { }, "tdx-guest.cpuid", Mark.Fatal, "TDX_GUEST_ABSENT", ProblemState.Absent, Actor.CloudProvider, "ordinary guest"),
        ["an SNP guest under Hyper-V"] = new(() => HyperVSnp(1 << 22), _ => { }, "snp-guest.status", Mark.Supported, null, default, default, ""),
        ["an SNP guest under Hyper-V needs no module"] = new(() => HyperVSnp(1 << 22), _ => { }, "snp-guest.device", Mark.Unsupported, "SNP_GUEST_PARAVISOR", ProblemState.Absent, Actor.CloudProvider, "paravisor"),
        ["an SNP guest under Hyper-V has no configfs"] = new(() => HyperVSnp(1 << 22), _ => { }, "snp-guest.tsm", Mark.Unsupported, "SNP_GUEST_PARAVISOR", ProblemState.Absent, Actor.CloudProvider, "paravisor"),
        ["an SNP guest whose register the paravisor answers"] = new(() => HyperVSnp(1 << 22), root => root.Msr((SevGuest.StatusRegister, 0)), "snp-guest.status", Mark.Supported, null, default, default, ""),
        ["an SNP guest of KVM that shows Hyper-V's name"] = new(() => OldHyperV(TestCpu.Amd(0x0101FD3F, guest: true)), root => root.Folder(SevGuest.PlatformDevice), "snp-guest.status", Mark.Supported, null, default, default, ""),
        ["the partition of the Hyper-V host"] = new(() => HyperVSnp(1 << 22 | 1 << 12), _ => { }, "snp-guest.status", Mark.Fatal, "SNP_GUEST_ABSENT", ProblemState.Absent, Actor.CloudProvider, "ordinary guest"),
        ["an ordinary AMD guest of an older Hyper-V"] = new(() => OldHyperV(TestCpu.Amd(0x0101FD3F, guest: true)), _ => { }, "snp-guest.status", Mark.Fatal, "SNP_GUEST_ABSENT", ProblemState.Absent, Actor.CloudProvider, "they are no proof"),
        ["SEV without SNP"] = new(() => TestCpu.Amd(0x0001000F), _ => { }, "snp-host.cpu-support", Mark.Fatal, "SNP_CPU_ABSENT", ProblemState.Absent, Actor.ChipVendor, "older than EPYC Milan"),
        ["no table reserved"] = new(Milan, root => root.Msr((0xC0010010, 1u << 23), (0xC0010132, 0), (0xC0010133, 0x1FFF)), "snp-host.bios", Mark.Fatal, "SNP_BIOS_NO_RMP", ProblemState.Disabled, Actor.BiosOwner, "no SNP guest can start"),
        ["memory encryption off (AMD)"] = new(Milan, root => root.Msr((0xC0010010, 0), (0xC0010132, 0), (0xC0010133, 0)), "snp-host.bios", Mark.Fatal, "SNP_BIOS_SME_OFF", ProblemState.Disabled, Actor.BiosOwner, "C0010010[23]"),
        ["SNP registers not readable"] = new(Milan, _ => { }, "snp-host.bios", Mark.Unknown, "SNP_BIOS_UNREADABLE", ProblemState.Unreadable, Actor.KernelOwner, "module msr is not loaded"),
        ["KVM without SNP"] = new(Milan, root => root.Write(SevHost.KvmSnp, "N\n"), "snp-host.kvm", Mark.Fatal, "SNP_KVM_OFF", ProblemState.Disabled, Actor.KernelOwner, "reverse map table"),
        ["no firmware device"] = new(Milan, root => root.Write(SevHost.KvmSnp, "Y\n"), "snp-host.firmware", Mark.Unknown, "SNP_FIRMWARE_DEVICE", ProblemState.Absent, Actor.KernelOwner, "ccp is not loaded"),
        ["a good SNP host"] = new(Milan, root => root.Write(SevHost.KvmSnp, "Y\n"), "snp-host", Mark.Supported, null, default, default, ""),
        ["an ordinary AMD guest"] = new(() => TestCpu.Amd(0, guest: true), _ => { }, "snp-guest.status", Mark.Fatal, "SNP_GUEST_ABSENT", ProblemState.Absent, Actor.CloudProvider, "ordinary guest"),
        ["leaked bits, register unreadable"] = new(Leaked, _ => { }, "snp-guest.status", Mark.Unknown, "SNP_GUEST_UNREADABLE", ProblemState.Unreadable, Actor.KernelOwner, "module msr is not loaded"),
        ["leaked bits, the register says no"] = new(Leaked, root => root.Msr((SevGuest.StatusRegister, 0)), "snp-guest.status", Mark.Fatal, "SNP_GUEST_ABSENT", ProblemState.Absent, Actor.CloudProvider, "they are no proof"),
        ["an SNP guest with configfs"] = new(Leaked, root => root.Msr((SevGuest.StatusRegister, 7)).Write("/sys/kernel/config/tsm/report/provider", "sev_guest\n"), "snp-guest", Mark.Supported, null, default, default, ""),
        ["configfs absent (AMD)"] = new(Leaked, root => root.Msr((SevGuest.StatusRegister, 7)), "snp-guest.tsm", Mark.Unsupported, "SNP_GUEST_TSM_ABSENT", ProblemState.Absent, Actor.KernelOwner, "older than 6.7"),
        ["configfs of a tree, in which nothing is made (AMD)"] = new(Leaked, root => root.Msr((SevGuest.StatusRegister, 7)).Folder(ReportInterface.Folder), "snp-guest.tsm", Mark.Unknown, "SNP_GUEST_TSM_UNREADABLE", ProblemState.Unreadable, Actor.KernelOwner, "not recorded"),
        ["configfs of another provider (AMD)"] = new(Leaked, root => root.Msr((SevGuest.StatusRegister, 7)).Write("/sys/kernel/config/tsm/report/provider", "tdx_guest\n"), "snp-guest.tsm", Mark.Unsupported, "SNP_GUEST_TSM_OTHER", ProblemState.Failed, Actor.KernelOwner, "belongs to tdx_guest"),
        ["KVM of a kernel without SNP"] = new(Milan, _ => { }, "snp-host.kvm", Mark.Fatal, "SNP_KVM_OFF", ProblemState.Absent, Actor.KernelOwner, "kvm_amd is not loaded"),
        ["an SNP guest by its platform device"] = new(Leaked, root => root.Folder(SevGuest.PlatformDevice), "snp-guest.device", Mark.Unsupported, "SNP_GUEST_DEVICE_ABSENT", ProblemState.Absent, Actor.KernelOwner, "sev-guest is not loaded"),
        ["a GPU that is not known"] = new(() => TestCpu.Client, root => Gpu(root, "0x1db4"), "gpu-cc.gpu", Mark.Unknown, "GPU_UNKNOWN", ProblemState.Unreadable, Actor.Nobody, "does not hold it"),
        ["a GPU without its driver"] = new(() => TestCpu.Client, root => Gpu(root.Device("/usr/lib64/libnvidia-ml.so.1"), "0x2330"), "gpu-cc.mode", Mark.Unknown, "GPU_CC_UNREADABLE", ProblemState.Unreadable, Actor.PackageOwner, "would load the driver"),
        ["a GPU without its library"] = new(() => TestCpu.Client, root => Gpu(root, "0x2330"), "gpu-cc.mode", Mark.Unknown, "GPU_CC_UNREADABLE", ProblemState.Unreadable, Actor.PackageOwner, "not installed here"),
    };

    public static TheoryData<string> Names => new(Rungs.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_part_says_what_it_saw(string name)
    {
        Rung rung = Rungs[name];
        using var root = new FakeRoot();
        rung.Tree(root);
        var report = MachineReport.Judge(root.Probe(rung.Cpu()));
        (Check check, _) = report.Find(rung.Check).Single();
        Assert.Equal((rung.Mark, rung.Code), (check.Mark, check.Problem?.Finding.Code));
        if (check.Problem is not { } problem)
            return;
        Assert.Equal((rung.State, rung.Actor), (problem.State, problem.Actor));
        Assert.Contains(rung.Says, problem.Finding.Why + problem.Finding.Message, StringComparison.Ordinal);
        Assert.NotEmpty(problem.Finding.Evidence!);
    }

    [Theory]
    [InlineData("virt/tdx: SEAMCALL (0x21) failed: " + NeverTrust, "TDX_BIOS_TOO_OLD", "BIOS is too old")]
    [InlineData("virt/tdx: SEAMCALL (0x22) failed: " + TooOld, "TDX_MODULE_TOO_OLD", "too old for this kernel")]
    [InlineData("virt/tdx: module not loaded", "TDX_MODULE_NOT_LOADED", "P-SEAMLDR")]
    [InlineData("virt/tdx: initialization failed: Hibernation support is enabled", "TDX_HOST_HIBERNATION", "could hibernate")]
    [InlineData("virt/tdx: initialization failed: too few private KeyIDs available.", "TDX_HOST_START_FAILED", "too few private KeyIDs")]
    [InlineData("virt/tdx: module initialization failed (-12)", "TDX_HOST_START_FAILED", "module initialization failed (-12)")]
    public void The_kernel_log_tells_why_the_module_failed(string line, string code, string cause)
    {
        using var root = new FakeRoot();
        root.Msr((0x982, 2), (0x1401, 0x800), (0x87, 1UL << 37)).Write("/dev/kmsg", $"4,800,1000,-;{line}\n");
        (Check check, _) = MachineReport.Judge(root.Probe(Host())).Find("tdx-host.module").Single();
        Assert.Equal((Mark.Fatal, code), (check.Mark, check.Problem!.Finding.Code));
        Assert.Contains(cause, check.Problem.Finding.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_kernel_log_that_is_refused_is_listed()
    {
        using var root = new FakeRoot();
        Assert.Equal("ENOENT", root.Probe(Host())[Section.Files, TdxModule.KernelLog].Error);
        root.Write(TdxModule.KernelLog, "4,800,1000,-;anything\n");
        Assert.True(root.Probe(Host())[Section.Files, TdxModule.KernelLog].HasValue);
        var refused = new SnapshotBuilder("test").Set(Section.Rights, "root", "no").Set(Section.Files, TdxModule.KernelLog, Reading.Failed("EPERM"));
        Assert.Contains(TdxModule.KernelLog, RootWouldAdd.Of(refused.Build()));
    }

    [Fact]
    public void What_cannot_hibernate_is_asked_for_by_its_argument()
    {
        using var root = new FakeRoot();
        root.Msr((0x982, 2), (0x1401, 0x800), (0x87, 1UL << 37)).Write("/dev/kmsg", "4,800,1000,-;virt/tdx: initialization failed: Hibernation support is enabled\n");
        Check check = MachineReport.Judge(root.Probe(Host())).Find("tdx-host.module").Single().Check;
        Assert.Equal(Actor.KernelOwner, check.Problem!.Actor);
        Assert.Contains("nohibernate", check.Problem.Finding.Remedy, StringComparison.Ordinal);
        Assert.Contains("nohibernate: no", check.Evidence);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_usable_TEE_has_no_error_in_its_own_tree(string name)
    {
        using var root = new FakeRoot();
        Rungs[name].Tree(root);
        Reports.UsableTees.HaveNoError(MachineReport.Judge(root.Probe(Rungs[name].Cpu())), name);
    }

    [Fact]
    public void Links_of_a_tree_lead_within_it()
    {
        using FakeRoot elsewhere = new(), root = new();
        elsewhere.Write("/dstack.sock", "");
        // As in an image: /var/run is a link to /run, and the same path without the tree would be this machine's.
        root.Folder("/run").Folder("/var").Link("/var/run", "/run").Link("/run/dstack", elsewhere.Directory).Link("/dev/tdx_guest", "../../../../dev/null").Link("/dev/isgx", "/dev/isgx");
        MachineSnapshot snapshot = root.Probe(TestCpu.Client);
        foreach (string path in Witan.Machine.Dstack.Sockets)
            Assert.Equal(Reading.Failed("ENOENT"), snapshot[Section.Sockets, path]);
        Assert.Equal(Reading.Failed("ENOENT"), snapshot[Section.Devices, "/dev/tdx_guest"]);
        Assert.True(snapshot[Section.Devices, "/dev/isgx"].IsFailure);
        root.Device("/run/dstack.sock");
        Assert.Equal("ECONNREFUSED", root.Probe(TestCpu.Client)[Section.Sockets, "/var/run/dstack.sock"].Error);
    }

    [Fact]
    public void Under_Hyper_V_an_SNP_guest_is_not_said_to_have_no_evidence()
    {
        using var root = new FakeRoot();
        Assert.Equal(Mark.Unknown, MachineReport.Judge(root.Probe(HyperVSnp(1 << 22))).MarkOf("snp-guest"));
    }

    [Theory]
    [InlineData("0000000000000000", Mark.Supported)]
    [InlineData("!EIO", Mark.Supported)]
    [InlineData("!EACCES", Mark.Unknown)]
    [InlineData("", Mark.Unknown)]
    [InlineData("0000000000000001", Mark.Unsupported)]
    public void A_production_part_is_one_by_both_registers(string debug, Mark mark)
    {
        var to = new SnapshotBuilder("test");
        CpuidProbe.Run(Host(), to);
        to.SetMsr(0xCE, 0);
        if (debug.Length > 0)
            to.Set(Section.Msr, SnapshotBuilder.MsrKey(0x503), Reading.Decode(debug));
        Check check = MachineReport.Judge(to.Build()).Find("tdx-host.production").Single().Check;
        Assert.Equal((mark, mark == Mark.Supported), (check.Mark, check.Problem is null));
        if (mark == Mark.Unknown)
            Assert.Contains("0x503", check.Problem!.Finding.Evidence, StringComparison.Ordinal);
    }

    [Fact]
    public void Dstack_is_found_by_its_socket_only()
    {
        using var root = new FakeRoot();
        var report = MachineReport.Judge(root.Probe(TestCpu.Client));
        Assert.Equal("no dstack.sock", report.Parts.Single(part => part.Root.Id == "dstack").NotHere);
    }

    private static TestCpu Host() => TestCpu.SapphireRapids;

    private static TestCpu Domain() => TestCpu.Intel(0x806F8, guest: true).Set(0x21, 0, 0, 0x65746E49, 0x20202020, 0x5844546C);

    private static TestCpu HyperV() => TestCpu.Intel(0x806F8, guest: true)
        .Set(0x40000000, 0, 0x4000000C, 0x7263694D, 0x666F736F, 0x76482074).Set(0x40000003, 0, 0, 1 << 22, 0, 0).Set(0x4000000C, 0, 0, 0xBE3, 0, 0);

    private static TestCpu HyperVSnp(uint features) => TestCpu.Amd(0, guest: true)
        .Set(0x40000000, 0, 0x4000000C, 0x7263694D, 0x666F736F, 0x76482074).Set(0x40000003, 0, 0, features, 0, 0).Set(0x4000000C, 0, 0, 0xBE2, 0, 0);

    // Its highest leaf lies below that of the isolation, which the processor would answer with whatever it likes.
    private static TestCpu OldHyperV(TestCpu cpu) => cpu.Set(0x40000000, 0, 0x4000000B, 0x7263694D, 0x666F736F, 0x76482074);

    private static TestCpu Milan() => TestCpu.Amd(0x0101FD3F);

    private static TestCpu Leaked() => TestCpu.Amd(0x0101FD3F, guest: true);

    private static void Gpu(FakeRoot root, string device) =>
        root.Write("/sys/bus/pci/devices/0000:41:00.0/vendor", "0x10de\n").Write("/sys/bus/pci/devices/0000:41:00.0/device", device + "\n");
}
