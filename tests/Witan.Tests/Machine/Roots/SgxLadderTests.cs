using Witan.Machine;
using Xunit;

namespace Witan.Tests.Machine.Roots;

/// <summary>
/// Every way in which SGX can be missing, as a file tree that shows it: each gets its own code, state and actor, and absent,
/// disabled and unreadable are never mixed up.
/// </summary>
public class SgxLadderTests
{
    private const string Status = EfiVariables.Status;
    private const string Registration = EfiVariables.RegistrationStatus;

    // What the table's rows are: the processor, the tree, and the finding that has to come out.
    private sealed record Rung(Func<TestCpu> Cpu, Action<FakeRoot> Tree, string Code, ProblemState State, Actor Actor, string Says);

    private static readonly Dictionary<string, Rung> Rungs = new(StringComparer.Ordinal)
    {
        ["no SGX in the processor"] = new(() => TestCpu.Intel(0x50657), _ => { }, "SGX_CPU_ABSENT", ProblemState.Absent, Actor.ChipVendor, "built without"),
        ["fused off on a server that could have it"] = new(() => TestCpu.Intel(0x806F8), _ => { }, "SGX_CPU_ABSENT", ProblemState.Absent, Actor.ChipVendor, "fused off or hidden"),
        ["not given to the guest"] = new(() => TestCpu.Intel(0x806F8, guest: true), _ => { }, "SGX_CPU_ABSENT", ProblemState.Absent, Actor.CloudProvider, "hypervisor"),
        ["shown to the guest and empty"] = new(() => TestCpu.Intel(0x806F8, guest: true, sgx: 1), _ => { }, "SGX_GUEST_OFF", ProblemState.Disabled, Actor.CloudProvider, "nothing to use"),
        ["off in the BIOS"] = new(BiosOff, root => root.Efi(Status, 0), "SGX_BIOS_OFF", ProblemState.Disabled, Actor.BiosOwner, "SGX is off in the BIOS."),
        ["the BIOS says a state that does not exist"] = new(BiosOff, root => root.Efi(Status, 3), "SGX_BIOS_OFF", ProblemState.Disabled, Actor.BiosOwner, "does not exist (3)"),
        ["the BIOS says nothing"] = new(BiosOff, _ => { }, "SGX_BIOS_OFF", ProblemState.Disabled, Actor.BiosOwner, "no EFI variable says more"),
        ["the BIOS says on and it is not"] = new(BiosOff, root => root.Efi(Status, 1), "SGX_BIOS_CLAIMS_ON", ProblemState.Disabled, Actor.BiosOwner, "fault of the BIOS"),
        ["the BIOS gives memory and SGX is off"] = new(BiosOff, root => root.Efi(EfiVariables.EpcBios, Sizes(64, 64)), "SGX_BIOS_CLAIMS_ON", ProblemState.Disabled, Actor.BiosOwner, "fault of the BIOS"),
        ["software controlled"] = new(BiosOff, root => root.Efi(Status, 2), "SGX_BIOS_SOFTWARE_CONTROLLED", ProblemState.Disabled, Actor.BiosOwner, "nobody has asked"),
        ["software controlled by the sizes"] = new(BiosOff, root => root.Efi(EfiVariables.EpcBios, Sizes(64, 0)), "SGX_BIOS_SOFTWARE_CONTROLLED", ProblemState.Disabled, Actor.BiosOwner, "nobody has asked"),
        ["off in the BIOS, whatever the sizes"] = new(BiosOff, root => root.Efi(Status, 0).Efi(EfiVariables.EpcBios, Sizes(64, 0)), "SGX_BIOS_OFF", ProblemState.Disabled, Actor.BiosOwner, "SGX is off in the BIOS."),
        ["claimed to be on, whatever the sizes"] = new(BiosOff, root => root.Efi(Status, 1).Efi(EfiVariables.EpcBios, Sizes(64, 0)), "SGX_BIOS_CLAIMS_ON", ProblemState.Disabled, Actor.BiosOwner, "fault of the BIOS"),
        ["a server that nobody registered"] = new(Server, root => root.Efi(Registration, 1, 0, 3, 0, 2, 0, 0), "ATTESTATION_NOT_REGISTERED", ProblemState.Absent, Actor.PackageOwner, "no software has made it"),
        ["a registration that Intel's service refused"] = new(Server, root => root.Efi(Registration, 1, 0, 3, 0, 1, 0, 0xA4), "ATTESTATION_NOT_REGISTERED", ProblemState.Failed, Actor.BiosOwner, "refused the registration (0xA4)"),
        ["an empty registration"] = new(Server, root => root.Efi(Registration), "ATTESTATION_REGISTRATION_UNREADABLE", ProblemState.Unreadable, Actor.KernelOwner, "is empty"),
        ["a registration that failed"] = new(Server, root => root.Efi(Registration, 1, 0, 3, 0, 0, 0, 0x85), "ATTESTATION_NOT_REGISTERED", ProblemState.Failed, Actor.PackageOwner, "tried and failed"),
        ["a BIOS that cannot register"] = new(Server, root => root.Efi(Registration, 1, 0, 3, 0, 0, 0, 0x01), "ATTESTATION_NOT_REGISTERED", ProblemState.Failed, Actor.BiosOwner, "The BIOS could not"),
        ["a registration of another version"] = new(Server, root => root.Efi(Registration, 2, 0, 3, 0, 1, 0, 0), "ATTESTATION_REGISTRATION_UNREADABLE", ProblemState.Unreadable, Actor.KernelOwner, "not of version 1"),
        ["a registration cut short"] = new(Server, root => root.Efi(Registration, 1, 0, 3, 0, 1, 0), "ATTESTATION_REGISTRATION_UNREADABLE", ProblemState.Unreadable, Actor.KernelOwner, "not of version 1"),
        ["software controlled and asked for"] = new(BiosOff, root => root.Efi(Status, 2).Efi(EfiVariables.EpcSoftware, 64, 0, 0, 0), "SGX_BIOS_SOFTWARE_CONTROLLED", ProblemState.Disabled, Actor.KernelOwner, "asked for it already"),
        ["sizes that cannot be"] = new(() => TestCpu.Client.Set(0x12, 0, 1, 0, 0, 0x0101), _ => { }, "SGX_SIZES_INVALID", ProblemState.Failed, Actor.BiosOwner, "fault"),
        ["attributes missing"] = new(() => TestCpu.Client.Set(0x12, 1, 0x26, 0, 3, 0), _ => { }, "SGX_ATTRIBUTES_INCOMPLETE", ProblemState.Failed, Actor.BiosOwner, "fault"),
        ["no vector state"] = new(() => TestCpu.Client.Set(0x12, 1, 0x36, 0, 1, 0), _ => { }, "SGX_ATTRIBUTES_INCOMPLETE", ProblemState.Failed, Actor.BiosOwner, "fault"),
        ["no enclave memory"] = new(() => TestCpu.Client.Set(0x12, 2, 0, 0, 0, 0), _ => { }, "SGX_EPC_NONE", ProblemState.Disabled, Actor.BiosOwner, "reserved no enclave memory"),
        ["memory of an unknown type"] = new(() => TestCpu.Client.Set(0x12, 2, 1, 0, 0x05E00003, 0), _ => { }, "SGX_EPC_ODD", ProblemState.Unreadable, Actor.Nobody, "newer than this program"),
        ["a section of an unknown kind"] = new(() => TestCpu.Client.Set(0x12, 2, 2, 0, 0x05E00001, 0), _ => { }, "SGX_EPC_ODD", ProblemState.Unreadable, Actor.Nobody, "newer than this program"),
        ["memory that the kernel took in part"] = new(() => TestCpu.Client, root => root.Write("/sys/devices/system/node/node0/x86/sgx_total_bytes", "1048576\n"), "SGX_KERNEL_DROPPED_EPC", ProblemState.Failed, Actor.BiosOwner, "dropped a section"),
        ["no launch control in the processor"] = new(() => TestCpu.Intel(0x806EA, sgx: 1).WithSgx(), _ => { }, "FLC_CPU_ABSENT", ProblemState.Absent, Actor.ChipVendor, "built without"),
        ["launch control off in the BIOS"] = new(() => TestCpu.Client, root => root.Msr((0x3A, 0x40005)), "FLC_OFF_IN_BIOS", ProblemState.Disabled, Actor.BiosOwner, "locked to Intel's"),
        ["launch control set and not locked"] = new(() => TestCpu.Client, root => root.Msr((0x3A, 0x60004)), "FLC_OFF_IN_BIOS", ProblemState.Disabled, Actor.BiosOwner, "not locked the register"),
        ["launch control not readable"] = new(() => TestCpu.Client, _ => { }, "FLC_CONFIGURATION_UNREADABLE", ProblemState.Unreadable, Actor.KernelOwner, "module msr is not loaded"),
        ["no driver in the kernel"] = new(() => TestCpu.Client.Set(0x12, 2, 1, 0, 0x05E00003, 0), root => root.Msr((0x3A, 0x60005)).Flags("fpu"), "SGX_DEVICE_ABSENT", ProblemState.Absent, Actor.KernelOwner, "no SGX driver"),
        ["a driver in the kernel, and no device"] = new(() => TestCpu.Client, root => root.Msr((0x3A, 0x60005)), "SGX_DEVICE_ABSENT", ProblemState.Failed, Actor.KernelOwner, "made no device"),
        ["the same, launch control not readable"] = new(() => TestCpu.Client, _ => { }, "SGX_DEVICE_ABSENT", ProblemState.Failed, Actor.KernelOwner, "made no device"),
        ["launch control locked, as the flags say"] = new(() => TestCpu.Client, root => root.Flags("fpu sgx"), "SGX_DEVICE_NEEDS_FLC", ProblemState.Disabled, Actor.BiosOwner, "locked launch control"),
        ["launch control locked, as the guests' device says"] = new(() => TestCpu.Client, root => root.Device("/dev/sgx_vepc"), "SGX_DEVICE_NEEDS_FLC", ProblemState.Disabled, Actor.BiosOwner, "locked launch control"),
        ["launch control locked or no driver"] = new(() => TestCpu.Client, root => root.Flags("fpu"), "SGX_KERNEL_DROPPED_EPC", ProblemState.Disabled, Actor.KernelOwner, "which could not be read here"),
        ["a kernel from before the driver"] = new(() => TestCpu.Client, root => root.Flags("fpu").Write("/proc/sys/kernel/osrelease", "5.4.0-91-generic\n"), "SGX_KERNEL_DROPPED_EPC", ProblemState.Absent, Actor.KernelOwner, "Linux 5.4 is older than the driver"),
        ["the kernel was told not to"] = new(() => TestCpu.Client, root => root.Write("/proc/cmdline", "quiet nosgx\n"), "SGX_KERNEL_OFF", ProblemState.Disabled, Actor.KernelOwner, "argument nosgx"),
        ["the kernel dropped all memory"] = new(() => TestCpu.Client, root => root.Flags("fpu").Msr((0x3A, 0x60005)), "SGX_KERNEL_DROPPED_EPC", ProblemState.Disabled, Actor.KernelOwner, "94.0MiB"),
        ["module at hand, not loaded"] = new(() => TestCpu.Client, root => root.Flags("fpu").Write("/lib/modules/6.12.1/modules.dep", "kernel/drivers/isgx.ko.xz:\n"), "SGX_MODULE_NOT_LOADED", ProblemState.Disabled, Actor.KernelOwner, "isgx"),
        ["module at hand, no launch control"] = new(() => TestCpu.Intel(0x806EA, sgx: 1).WithSgx(), root => root.Flags("fpu").Write("/lib/modules/6.12.1/modules.dep", "extra/isgx.ko:\nextra/intel_sgx.ko:\n"), "SGX_MODULE_NOT_LOADED", ProblemState.Disabled, Actor.KernelOwner, "isgx"),
        ["a module that needs launch control does not help"] = new(() => TestCpu.Intel(0x806EA, sgx: 1).WithSgx(), root => root.Flags("fpu").Write("/lib/modules/6.12.1/modules.dep", "extra/intel_sgx.ko:\n"), "SGX_DEVICE_NEEDS_FLC", ProblemState.Absent, Actor.ChipVendor, "only where flexible launch control"),
        ["module loaded, no device"] = new(() => TestCpu.Client, root => root.Flags("fpu").Write("/sys/module/isgx/initstate", "live\n"), "SGX_DEVICE_ABSENT", ProblemState.Failed, Actor.KernelOwner, "made no device"),
        ["a driver needs launch control"] = new(() => TestCpu.Client, root => root.Msr((0x3A, 0x40005)), "SGX_DEVICE_NEEDS_FLC", ProblemState.Disabled, Actor.BiosOwner, "only where flexible launch control"),
        ["noexec on /dev"] = new(() => TestCpu.Client, root => root.Device("/dev/sgx_enclave").Mount("/dev", "rw,nosuid,noexec", "tmpfs"), "SGX_DEVICE_NOEXEC", ProblemState.Failed, Actor.KernelOwner, "noexec mount forbids"),
        ["noexec on a mount of its own"] = new(() => TestCpu.Client, root => root.Device("/dev/sgx/enclave").Mount("/dev/sgx", "rw,noexec", "tmpfs"), "SGX_DEVICE_NOEXEC", ProblemState.Failed, Actor.KernelOwner, "noexec mount forbids"),
        ["no library"] = new(() => TestCpu.Client, _ => { }, "SGX_LIBRARY_ABSENT", ProblemState.Absent, Actor.PackageOwner, "not installed"),
        ["no library, and no need of it"] = new(() => TestCpu.Client, root => root.Device("/dev/sgx_enclave"), "SGX_LIBRARY_ABSENT", ProblemState.Absent, Actor.Nobody, "not installed"),
        ["AESM not installed"] = new(() => TestCpu.Client, root => root.Msr((0x3A, 0x60005)), "AESM_ABSENT", ProblemState.Absent, Actor.Nobody, "only for quotes made through AESM"),
        ["AESM stopped"] = new(() => TestCpu.Client, root => root.Write("/lib/systemd/system/aesmd.service", ""), "AESM_STOPPED", ProblemState.Disabled, Actor.PackageOwner, "stopped"),
        ["AESM runs elsewhere"] = new(() => TestCpu.Client, root => root.Folder("/sys/fs/cgroup/system.slice/aesmd.service"), "AESM_NO_SOCKET", ProblemState.Failed, Actor.PackageOwner, "only if it is mounted"),
        ["launch control off, AESM for tokens"] = new(() => TestCpu.Client, root => root.Msr((0x3A, 0x40005)), "AESM_ABSENT", ProblemState.Absent, Actor.PackageOwner, "launch tokens"),
        ["no launch control, AESM for tokens"] = new(() => TestCpu.Intel(0x806EA, sgx: 1).WithSgx(), _ => { }, "AESM_ABSENT", ProblemState.Absent, Actor.PackageOwner, "launch tokens"),
        ["legacy driver"] = new(() => TestCpu.Client, root => root.Device("/dev/isgx"), "SGX_LAUNCH_DEBUG_NOT_TRIED", ProblemState.Unreadable, Actor.Nobody, "a device opens"),
        ["EPID only"] = new(() => TestCpu.Intel(0x806EA, sgx: 1).WithSgx(), _ => { }, "ATTESTATION_EPID_ONLY", ProblemState.Absent, Actor.ChipVendor, "2 April 2025"),
    };

    public static TheoryData<string> Names => new(Rungs.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_failure_has_its_code_state_cause_and_actor(string name)
    {
        Rung rung = Rungs[name];
        using var root = new FakeRoot();
        rung.Tree(root);
        var report = MachineReport.Judge(root.Probe(rung.Cpu()));
        Check? check = report.Find(rung.Code).FirstOrDefault()?.Check;
        Assert.True(check is not null, $"{rung.Code} is not among {string.Join(", ", Codes(report))}");
        Problem problem = check.Problem!;
        Assert.Equal((rung.State, rung.Actor), (problem.State, problem.Actor));
        Assert.Contains(rung.Says, problem.Finding.Why + problem.Finding.Message, StringComparison.Ordinal);
        Assert.NotEmpty(problem.Finding.Evidence!);
        Assert.NotEmpty(problem.Finding.Remedy!);
        Assert.Equal(rung.State == ProblemState.Unreadable && check.HasMark, check.Mark == Mark.Unknown && check.HasMark);
    }

    /// <summary>The same machines as guests: a guest has no BIOS that could switch a processor's feature on.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void A_guest_is_never_sent_to_its_BIOS(string name)
    {
        Rung rung = Rungs[name];
        using var root = new FakeRoot();
        rung.Tree(root);
        TestCpu cpu = rung.Cpu();
        cpu.Set(1, 0, cpu.Read(1, 0)!.Eax, 0, 1u << 31, 0);
        foreach ((Check check, string path) in MachineReport.Judge(root.Probe(cpu)).Parts.Where(part => part.Root.Id.StartsWith("sgx", StringComparison.Ordinal) || part.Root.Id == "flc").SelectMany(part => part.Root.Walk()))
        {
            Assert.NotEqual((path, Actor.BiosOwner), (path, check.Problem?.Actor));
            Assert.DoesNotContain("in the BIOS", check.Problem?.Finding.Remedy ?? "", StringComparison.Ordinal);
        }
    }

    /// <summary>What cannot be shown by a tree to root, who may open everything: a reading, who looked, and what comes out.</summary>
    public static TheoryData<string, string, string, string, string, ProblemState, string> Readings => new()
    {
        { Section.Devices, "/dev/sgx_enclave", "!EBUSY", "no", "SGX_DEVICE_FAILED", ProblemState.Failed, "dmesg" },
        { Section.Devices, "/dev/sgx_enclave", "!EIO", "yes", "SGX_DEVICE_FAILED", ProblemState.Failed, "dmesg" },
        { Section.Devices, "/dev/sgx_enclave", "!EPERM", "no", "SGX_DEVICE_REFUSED", ProblemState.Unreadable, "as root" },
        { Section.Devices, "/dev/sgx_enclave", "!EPERM", "yes", "SGX_DEVICE_REFUSED", ProblemState.Unreadable, "--device" },
        { Section.Msr, "0000003a", "!EPERM", "no", "FLC_CONFIGURATION_UNREADABLE", ProblemState.Unreadable, "as root" },
        { Section.Msr, "0000003a", "!EPERM", "yes", "FLC_CONFIGURATION_UNREADABLE", ProblemState.Unreadable, "on the host" },
        { Section.Efi, EfiVariables.Status, "!EACCES", "no", "SGX_BIOS_UNREADABLE", ProblemState.Disabled, "as root" },
        { Section.Efi, EfiVariables.Status, "!EACCES", "yes", "SGX_BIOS_UNREADABLE", ProblemState.Disabled, "on the host" },
        { Section.Sockets, AesmSocket.Path, "!EACCES", "no", "AESM_REFUSED", ProblemState.Unreadable, "group" },
    };

    [Theory]
    [MemberData(nameof(Readings))]
    public void What_was_refused_names_the_right_that_is_missing(string section, string key, string reading, string root, string code, ProblemState state, string remedy)
    {
        var to = new SnapshotBuilder("test").Set(Section.Rights, "root", root);
        CpuidProbe.Run(section == Section.Efi ? BiosOff() : TestCpu.Client, to);
        to.Set(section, key, Reading.Decode(reading));
        Problem problem = MachineReport.Judge(to.Build()).Find(code).Single().Check.Problem!;
        Assert.Equal(state, problem.State);
        Assert.Contains(remedy, problem.Finding.Remedy, StringComparison.Ordinal);
        if (root == "yes")
            Assert.DoesNotContain("as root", problem.Finding.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1u, 0x60005UL, "", "Use the driver in the kernel")]
    [InlineData(1u, 0x40005UL, "", "Enable flexible launch control in the BIOS. Then use the driver in the kernel")]
    [InlineData(0u, 0UL, "Nothing to do", "")]
    public void The_legacy_driver_is_replaced_only_where_another_can_work(uint flc, ulong msr, string nothing, string remedy)
    {
        using var root = new FakeRoot();
        root.Device("/dev/isgx");
        if (msr != 0)
            root.Msr((0x3A, msr));
        SnapshotBuilder to = new SnapshotBuilder("test").Add(root.Probe(TestCpu.Intel(0x906ED, sgx: 1, flc: flc, highest: 0x16).WithSgx()))
            .Set(Section.Launch, "debug", Reading.Failed(LaunchOutcomes.LegacyDriver));
        MachineReport report = MachineReport.Judge(to.Build());
        string said = report.Find("sgx.launch.debug").Single().Check.Problem!.Finding.Remedy!;
        Assert.StartsWith(nothing.Length > 0 ? nothing : remedy, said, StringComparison.Ordinal);
        if (flc == 0)
            Assert.DoesNotContain("sgx_enclave", report.Verdict().Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_launch_control_nothing_appears_by_itself()
    {
        using var root = new FakeRoot();
        string Remedy(TestCpu cpu) => MachineReport.Judge(root.Probe(cpu)).Find("sgx.device").Single().Check.Problem!.Finding.Remedy!;
        Assert.Contains("appears by itself", Remedy(BiosOff()), StringComparison.Ordinal);
        Assert.Contains("only the legacy driver", Remedy(TestCpu.Intel(0x806EA, sgx: 1, highest: 0x16)), StringComparison.Ordinal);
    }

    [Fact]
    public void Bits_of_a_newer_processor_are_a_note()
    {
        using var root = new FakeRoot();
        root.Device("/dev/sgx_enclave");
        TestCpu cpu = TestCpu.Client.Set(0x12, 0, 1 | 1 << 20, 2, 0, 0x241F).Set(0x12, 1, 0xB6 | 1 << 30, 0, 0x2E7, 0);
        Check check = MachineReport.Judge(root.Probe(cpu)).Find("sgx.attributes").Single().Check;
        Assert.Equal(Mark.Supported, check.Mark);
        string evidence = string.Join('\n', check.Evidence);
        Assert.Contains("12.0 EAX 0x100000", evidence, StringComparison.Ordinal);
        Assert.Contains("12.1 EAX 0x40000000", evidence, StringComparison.Ordinal);
        Assert.Contains("CPINFO", evidence, StringComparison.Ordinal);
    }

    [Fact]
    public void A_good_tree_has_no_problem_but_what_was_not_tried()
    {
        using var root = new FakeRoot();
        root.Device("/dev/sgx_enclave").Msr((0x3A, 0x60005)).Mount("/sys", "rw", "sysfs");
        root.Write("/sys/devices/system/node/node0/x86/sgx_total_bytes", $"{0x05E00000}\n");
        var report = MachineReport.Judge(root.Probe(TestCpu.Client));
        string[] errors = [.. report.Parts.Where(part => part.NotHere is null).SelectMany(part => part.Root.Walk()).Select(node => node.Check)
            .Where(check => check.Problem is { State: not ProblemState.Unreadable, Finding.Severity: Witan.Attestation.FindingSeverity.Error }).Select(check => check.Id)];
        Assert.Empty(errors);
    }

    [Fact]
    public void A_registered_server_is_said_to_be_one_and_a_machine_that_is_not_asked_says_nothing()
    {
        using var root = new FakeRoot();
        Assert.Equal("the BIOS says nothing of a registration", Registered(root).HiddenBecause);
        root.Efi(Registration, 1, 0, 3, 0, 3, 0, 0);
        Check check = Registered(root);
        Assert.Equal((Mark.Supported, null, null), (check.Mark, check.Problem, check.HiddenBecause));
        // Intel's agent sets the same bit where the service refused for good, and leaves the error there.
        root.Efi(Registration, 1, 0, 3, 0, 3, 0, 0x84);
        check = Registered(root);
        Assert.Equal((Mark.Unsupported, null), (check.Mark, check.HiddenBecause));
        Assert.Contains("complete, error 0x84", check.Evidence.Single(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("!ENOENT", "the BIOS says nothing of a registration")]
    [InlineData("", "what the BIOS says of a registration is not recorded")]
    [InlineData("!EIO", null)]
    [InlineData("!EACCES", null)]
    [InlineData("!timeout", null)]
    public void A_registration_that_cannot_be_read_is_not_one_that_nobody_asks_for(string reading, string? hidden)
    {
        var to = new SnapshotBuilder("test");
        if (reading.Length > 0)
            to.Set(Section.Efi, Registration, Reading.Decode(reading));
        Check check = MachineReport.Judge(to.Build()).Find("attestation.registration").Single().Check;
        Assert.Equal((Mark.Unknown, hidden), (check.Mark, check.HiddenBecause));
        if (hidden is null)
            Assert.DoesNotContain("not of version 1", check.Problem!.Finding.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void The_BIOS_counts_enclave_memory_in_MiB()
    {
        using var root = new FakeRoot();
        // 8 GiB: more bytes than the variable has bits for.
        root.Efi(EfiVariables.EpcBios, Sizes(8192, 64)).Efi(EfiVariables.EpcSoftware, 128, 0, 0, 0);
        MachineReport report = MachineReport.Judge(root.Probe(BiosOff()));
        string evidence = string.Join('\n', report.Find("sgx.cpu-configuration").Single().Check.Evidence);
        Assert.Contains("(largest 8.0GiB, now 64.0MiB)", evidence, StringComparison.Ordinal);
        Assert.Contains("(asked for 128.0MiB)", evidence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0x00000F29u, AttestationPathKind.EpidOnly)] // Pentium 4
    [InlineData(0x00300F10u, AttestationPathKind.EpidOnly)] // Nova Lake, a client
    [InlineData(0x00400F10u, AttestationPathKind.DcapOnly)] // Diamond Rapids
    public void A_family_of_its_own_is_not_always_a_server(uint signature, AttestationPathKind path)
    {
        var to = new SnapshotBuilder("test");
        CpuidProbe.Run(TestCpu.Intel(signature, sgx: 1), to);
        Assert.Equal(path, MachineReport.Judge(to.Build()).AttestationPath);
    }

    [Fact]
    public void A_device_that_was_not_looked_at_is_not_absent()
    {
        SnapshotBuilder to = new SnapshotBuilder("test").Set(Section.Devices, "/dev/sgx", Reading.Failed("ENOENT"));
        Check check = MachineReport.Judge(to.Build()).Find("sgx.device").Single().Check;
        Assert.Equal((Mark.Unknown, "SGX_DEVICE_UNREADABLE"), (check.Mark, check.Problem!.Finding.Code));
        foreach (string path in (string[])[.. SgxDevices.InTree, .. SgxDevices.Legacy])
            to.Set(Section.Devices, path, Reading.Failed("ENOENT"));
        Assert.Equal(Mark.Fatal, MachineReport.Judge(to.Build()).Find("sgx.device").Single().Check.Mark);
    }

    [Fact]
    public void Dropped_enclave_memory_is_not_printed_behind_a_tick()
    {
        using var root = new FakeRoot();
        root.Write("/sys/devices/system/node/node0/x86/sgx_total_bytes", "1048576\n");
        string text = Transcripts.TranscriptTests.Print(MachineReport.Judge(root.Probe(TestCpu.Client)));
        string line = text.Split('\n').Single(line => line.EndsWith("SGX_KERNEL_DROPPED_EPC", StringComparison.Ordinal));
        Assert.StartsWith("✘", line, StringComparison.Ordinal);
    }

    private static Check Registered(FakeRoot root) => MachineReport.Judge(root.Probe(Server())).Find("attestation.registration").Single().Check;

    private static TestCpu Server() => TestCpu.Intel(0x806F8, sgx: 1, flc: 1);

    private static TestCpu BiosOff() => TestCpu.Intel(0x906ED, sgx: 1, flc: 1, highest: 0x16);

    private static byte[] Sizes(int most, int current)
    {
        byte[] bytes = new byte[140];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), most);
        System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), current);
        return bytes;
    }

    private static IEnumerable<string> Codes(MachineReport report) =>
        report.Parts.SelectMany(part => part.Root.Walk()).Select(node => node.Check.Problem?.Finding.Code).OfType<string>().Distinct();
}
