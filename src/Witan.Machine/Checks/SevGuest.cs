namespace Witan.Machine;

/// <summary>Whether this is an SEV-SNP guest. The CPUID leaf alone proves nothing: some hypervisors leak the host's bits.</summary>
internal static class SevGuest
{
    public const string Device = "/dev/sev-guest";
    public const string PlatformDevice = "/sys/devices/platform/sev-guest";
    public const string Vmpl = "/sys/devices/system/cpu/sev/vmpl";
    public const string ReportRequest = "SNP_GET_REPORT";
    public const uint StatusRegister = 0xC0010131;

    public static TeeCategory Build(MachineSnapshot snapshot, CpuFacts cpu)
    {
        var sev = new SevFacts(cpu);
        bool? isGuest = IsSnp(snapshot, cpu, sev, out string how);
        Mark guest = Marks.Required(isGuest);
        Reading device = snapshot[Section.Devices, Device], provider = snapshot[Section.Files, TdxGuest.Provider];
        Reading report = snapshot[Section.Requests, ReportRequest];
        Mark node = Marks.Required(device.HasValue ? Lines.Answered(report) : device.IsMissing ? false : null).Downgraded();
        Mark tsm = Marks.Required(provider.HasValue ? provider.Text == "sev_guest" : snapshot[Section.Files, TdxGuest.Configfs].IsMissing ? false : null).Downgraded();
        Mark proof = node.Or(tsm);
        bool paravisor = HyperV.IsolationOf(cpu) == HyperV.Snp;
        if (paravisor && proof == Mark.Fatal)
            proof = Mark.Unknown;
        string[] evidence = [.. sev.Describe(), FeatureControl.Evidence(snapshot, StatusRegister), Lines.Evidence(snapshot, Section.Files, PlatformDevice), how];
        var root = new Check("snp-guest", "AMD SEV-SNP guest", guest.And(proof))
        {
            Rule = "SEV_STATUS or the kernel says that this is an SNP guest, AND (the guest device OR configfs gives evidence)",
            Children =
            [
                new Check("snp-guest.status", "Protected guest", guest)
                {
                    Rule = "MSR C0010131[2] = 1, or the kernel made the device sev-guest; under Hyper-V, isolation type 2. The CPUID leaf alone is no proof",
                    Evidence = [.. evidence],
                    Problem = guest switch
                    {
                        Mark.Supported => null,
                        Mark.Fatal => Problem.Of(ProblemState.Absent, "SNP_GUEST_ABSENT", "This virtual machine is not an SEV-SNP guest.", how, sev.IsZero ? "It was started as an ordinary guest." : "The hypervisor shows the host's SEV bits to an ordinary guest: they are no proof.", "Start it as a confidential VM (SEV-SNP).", Actor.CloudProvider),
                        _ => Lines.UnreadMsr(snapshot, "SNP_GUEST_UNREADABLE", "Whether this is an SEV-SNP guest", StatusRegister),
                    },
                },
                new Check("snp-guest.device", $"Guest device ({Device})", node)
                {
                    Rule = $"{Device} opens and returns a report",
                    Evidence = [$"{Device}: {device}", Lines.Evidence(snapshot, Section.Requests, ReportRequest), Lines.Evidence(snapshot, Section.Files, Vmpl)],
                    Problem = node == Mark.Supported ? null : DeviceProblem(device, report, paravisor, tsm == Mark.Supported),
                }.HiddenIf(guest != Mark.Supported, "this is not known to be a protected guest"),
                new Check("snp-guest.tsm", "Reports through the kernel (configfs tsm)", tsm)
                {
                    Rule = $"a directory made below {TdxGuest.Configfs} has the provider sev_guest",
                    Evidence = [Lines.Evidence(snapshot, Section.Files, TdxGuest.Configfs), Lines.Evidence(snapshot, Section.Files, TdxGuest.Provider)],
                    Problem = tsm == Mark.Supported ? null : TsmProblem(snapshot[Section.Files, TdxGuest.Configfs], provider, paravisor, node == Mark.Supported),
                }.HiddenIf(guest != Mark.Supported, "this is not known to be a protected guest"),
            ],
        };
        string? notHere = cpu.IsForeign ? CpuFacts.Foreign : cpu.IsGuest == false ? "this is not a guest" : cpu.Vendor is not null && !cpu.IsAmd ? "the processor is not AMD's" : null;
        return new TeeCategory("snp-guest", root, notHere);
    }

    private static bool? IsSnp(MachineSnapshot snapshot, CpuFacts cpu, SevFacts sev, out string how)
    {
        how = sev.Evidence;
        ulong? status = FeatureControl.Msr(snapshot, StatusRegister);
        bool kernelSays = snapshot[Section.Files, PlatformDevice].HasValue || snapshot[Section.Files, TdxGuest.Provider].Text == "sev_guest";
        // Below a paravisor the guest sees neither the leaf nor the register as they are: there Hyper-V's word counts. KVM may show
        // Hyper-V's name too; what the register or the kernel says for it stands.
        if (HyperV.IsolationOf(cpu) is { } isolation && !IsSnp(status) && !kernelSays)
        {
            how = HyperV.Evidence(cpu);
            return isolation == HyperV.Snp;
        }

        if (status is { } value)
        {
            how = $"SEV_STATUS = 0x{value:x}: SEV {value & 1}, ES {value >> 1 & 1}, SNP {value >> 2 & 1}, vTOM {value >> 3 & 1}";
            return IsSnp(value);
        }

        if (snapshot[Section.Msr, SnapshotBuilder.MsrKey(StatusRegister)].Error == "EIO")
        {
            how = $"SEV_STATUS (MSR {StatusRegister:X}) does not exist here (EIO): every SEV guest can read it";
            return false;
        }

        if (kernelSays)
        {
            how = $"the kernel made {PlatformDevice}";
            return true;
        }

        return sev.Snp == false && !cpu.IsHyperV ? false : null;
    }

    private static bool IsSnp(ulong? status) => (status >> 2 & 1) == 1;

    private static Problem Paravisor(string evidence, bool needless) =>
        Problem.Of(ProblemState.Absent, "SNP_GUEST_PARAVISOR", "Under Hyper-V evidence comes from the virtual TPM.", evidence, "The paravisor keeps the SEV interfaces to itself.", "Use the cloud's attestation through the virtual TPM.", Actor.CloudProvider, needless);

    private static Problem DeviceProblem(Reading device, Reading report, bool paravisor, bool needless) => device switch
    {
        { IsMissing: true } when paravisor => Paravisor($"{Device}: {device}", needless),
        { HasValue: true } when !report.IsFailure => Lines.Unread("SNP_GUEST_REPORT_UNREADABLE", "Whether the SEV guest device gives a report", $"{ReportRequest}: {report}", "The request is not recorded.", "Run this command on the machine itself.", Actor.Nobody, needless),
        { HasValue: true } => Problem.Of(ProblemState.Failed, "SNP_GUEST_REPORT_FAILED", $"The SEV guest device opens and gives no report: {report.Error}.", $"{ReportRequest}: {report}", "The firmware of the host refused the request, or this is not privilege level 0.", "See the kernel log (dmesg | grep -i sev); under an SVSM use configfs.", Actor.CloudProvider, needless),
        { IsMissing: true } => Problem.Of(ProblemState.Absent, "SNP_GUEST_DEVICE_ABSENT", "There is no SEV guest device.", $"{Device}: {device}", "The kernel module sev-guest is not loaded, or the container was not given the device.", "Run `sudo modprobe sev-guest`, or pass the device to the container.", Actor.KernelOwner, needless),
        { IsFailure: true } => Problem.Of(ProblemState.Unreadable, "SNP_GUEST_DEVICE_REFUSED", $"The SEV guest device does not open: {device.Error}.", $"{Device}: {device}", "The device belongs to root.", "Run this command as root.", Actor.KernelOwner, needless),
        _ => Lines.Unread("SNP_GUEST_DEVICE_UNREADABLE", "Whether there is an SEV guest device", $"{Device}: {device}", "It is not recorded.", "Run this command on the machine itself.", Actor.Nobody, needless),
    };

    private static Problem TsmProblem(Reading configfs, Reading provider, bool paravisor, bool needless)
    {
        string evidence = $"{TdxGuest.Configfs}: {configfs}; provider: {provider}";
        if (paravisor)
            return Paravisor(evidence, needless);
        return configfs.IsMissing
            ? Problem.Of(ProblemState.Absent, "SNP_GUEST_TSM_ABSENT", "The kernel's report interface is not there.", evidence, "The kernel is older than 6.7, or configfs is not mounted.", "Use Linux 6.7 or later and mount configfs (mount -t configfs none /sys/kernel/config).", Actor.KernelOwner, needless)
            : provider.HasValue
                ? Problem.Of(ProblemState.Failed, "SNP_GUEST_TSM_OTHER", $"The kernel's report interface belongs to {provider.Text}, not to sev_guest.", evidence, "The module sev-guest is not loaded, or another provider took the interface first.", "Run `sudo modprobe sev-guest`.", Actor.KernelOwner, needless)
                : Lines.Unread("SNP_GUEST_TSM", "The kernel's report interface", evidence, provider.IsRefused ? "Only root may make a report directory." : provider.IsFailure ? "It takes no report: no driver is behind it (sev-guest is not loaded)." : "Its provider is not recorded.", "Run this command as root on the machine itself.", Actor.KernelOwner, needless);
    }
}
