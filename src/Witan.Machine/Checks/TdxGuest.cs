namespace Witan.Machine;

/// <summary>Whether this is a TDX guest, and whether it can make evidence.</summary>
internal static class TdxGuest
{
    public static readonly string[] Devices = ["/dev/tdx_guest", "/dev/tdx-guest", "/dev/tdx-attest"];
    public const string Configfs = "/sys/kernel/config/tsm/report";
    public const string Provider = Configfs + "/provider";
    public const string ReportRequest = "TDX_CMD_GET_REPORT0";
    public const string EventLog = "/sys/firmware/acpi/tables/CCEL";

    public static TeeCategory Build(MachineSnapshot snapshot, CpuFacts cpu)
    {
        bool? isolated = IsTdx(cpu, out string how);
        string? device = Devices.FirstOrDefault(path => snapshot[Section.Devices, path] is { } reading && (reading.HasValue || (reading.IsFailure && !reading.IsMissing)));
        Reading opened = device is null ? snapshot[Section.Devices, Devices[0]] : snapshot[Section.Devices, device];
        Reading configfs = snapshot[Section.Files, Configfs], provider = snapshot[Section.Files, Provider];
        Mark guest = Marks.Required(isolated);
        Reading report = snapshot[Section.Requests, ReportRequest];
        Mark node = Marks.Required(opened.HasValue ? Lines.Answered(report) : opened.IsMissing ? false : null).Downgraded();
        Mark tsm = Marks.Required(provider.HasValue ? provider.Text == "tdx_guest" : configfs.IsMissing ? false : null).Downgraded();
        Mark evidence = node.Or(tsm);
        bool paravisor = HyperV.IsolationOf(cpu) == HyperV.Tdx;
        if (paravisor && evidence == Mark.Fatal)
            evidence = Mark.Unknown;
        var root = new Check("tdx-guest", "Intel TDX guest", guest.And(evidence))
        {
            Rule = "the processor says that this is a TDX guest, AND (the guest device OR configfs gives evidence)",
            Children =
            [
                new Check("tdx-guest.cpuid", "Trust domain", guest)
                {
                    Rule = "CPUID 21.0 is \"IntelTDX    \"; under Hyper-V, isolation type 3 of leaf 4000000C",
                    Evidence = [how, Lines.Evidence(snapshot, Section.Flags, "tdx_guest")],
                    Problem = guest switch
                    {
                        Mark.Supported => null,
                        Mark.Unknown => SgxAdvice.NotRecorded("TDX_GUEST_UNREADABLE", "Whether this is a trust domain", how),
                        _ => Problem.Of(ProblemState.Absent, "TDX_GUEST_ABSENT", "This virtual machine is not a trust domain.", how, "It was started as an ordinary guest.", "Start it as a confidential VM (TDX).", Actor.CloudProvider),
                    },
                },
                new Check("tdx-guest.device", device is null ? "Guest device" : $"Guest device ({device})", node)
                {
                    Rule = "/dev/tdx_guest opens and returns a TD report",
                    Evidence = [.. Devices.Select(path => Lines.Evidence(snapshot, Section.Devices, path)), Lines.Evidence(snapshot, Section.Requests, ReportRequest)],
                    Problem = node == Mark.Supported ? null : DeviceProblem(snapshot, device, opened, paravisor, tsm == Mark.Supported),
                }.HiddenIf(guest == Mark.Fatal, "this is no trust domain"),
                new Check("tdx-guest.tsm", "Quotes through the kernel (configfs tsm)", tsm)
                {
                    Rule = $"a directory made below {Configfs} has the provider tdx_guest",
                    Evidence = [Lines.Evidence(snapshot, Section.Files, Configfs), Lines.Evidence(snapshot, Section.Files, Provider)],
                    Problem = tsm == Mark.Supported ? null : TsmProblem(configfs, provider, paravisor, node == Mark.Supported),
                }.HiddenIf(guest == Mark.Fatal, "this is no trust domain"),
            ],
        };
        string? notHere = cpu.IsForeign ? CpuFacts.Foreign : isolated == true ? null : cpu.IsGuest == false ? "this is not a guest" : cpu.IsGuest == true && !cpu.IsIntel && cpu.Vendor is not null ? "the processor is not Intel's" : null;
        return new TeeCategory("tdx-guest", root, notHere);
    }

    /// <summary>Leaf 0x21 by its signature; under Hyper-V, which hides it, the isolation type. Null where not recorded.</summary>
    public static bool? IsTdx(CpuFacts cpu, out string how)
    {
        how = cpu.Evidence(0x21);
        if (cpu.IsGuest == false)
            return false;
        if (cpu.Leaf(0x21) is { } leaf && leaf is { Ebx: 0x65746E49, Edx: 0x5844546C, Ecx: 0x20202020 })
            return true;
        if (cpu.IsHyperV)
        {
            how = HyperV.Evidence(cpu);
            return HyperV.IsolationOf(cpu) is { } isolation ? isolation == HyperV.Tdx : null;
        }

        return cpu.IsOutOfRange(0x21) || cpu.Leaf(0x21) is not null ? false : cpu.HighestBasic is null ? null : cpu.Vendor == "GenuineIntel" ? null : false;
    }

    private static Problem Paravisor(string evidence, bool needless) =>
        Problem.Of(ProblemState.Absent, "TDX_GUEST_PARAVISOR", "Under Hyper-V evidence comes from the virtual TPM.", evidence, "The paravisor keeps the TDX interfaces to itself.", "Use the cloud's attestation through the virtual TPM.", Actor.CloudProvider, needless);

    private static Problem DeviceProblem(MachineSnapshot snapshot, string? device, Reading opened, bool paravisor, bool needless)
    {
        string evidence = Lines.Evidence(snapshot, Section.Devices, device ?? Devices[0]);
        Reading report = snapshot[Section.Requests, ReportRequest];
        return opened switch
        {
            { IsMissing: true } when paravisor => Paravisor(evidence, needless),
            { HasValue: true } when !report.IsFailure => Lines.Unread("TDX_GUEST_REPORT_UNREADABLE", "Whether the guest device gives a report", $"{ReportRequest}: {report}", "The request is not recorded.", "Run this command on the machine itself.", Actor.Nobody, needless),
            { HasValue: true } => Problem.Of(ProblemState.Failed, "TDX_GUEST_REPORT_FAILED", $"{device} opens and gives no report: {report.Error}.", $"{ReportRequest}: {report}", "The TDX module refused the request, or the driver speaks another interface.", "See the kernel log (dmesg | grep -i tdx).", Actor.CloudProvider, needless),
            { IsMissing: true } => Problem.Of(ProblemState.Absent, "TDX_GUEST_DEVICE_ABSENT", "There is no TDX guest device.", evidence, "The kernel module tdx_guest is not loaded, the kernel is older than 6.2, or the container was not given the device.", "Run `sudo modprobe tdx_guest`, or pass /dev/tdx_guest to the container.", Actor.KernelOwner, needless),
            { IsFailure: true } => Problem.Of(ProblemState.Unreadable, "TDX_GUEST_DEVICE_REFUSED", $"{device} does not open: {opened.Error}.", evidence, "The device belongs to root.", "Run this command as root.", Actor.KernelOwner, needless),
            _ => Lines.Unread("TDX_GUEST_DEVICE_UNREADABLE", "Whether there is a guest device", evidence, "It is not recorded.", "Run this command on the machine itself.", Actor.Nobody, needless),
        };
    }

    private static Problem TsmProblem(Reading configfs, Reading provider, bool paravisor, bool needless)
    {
        string evidence = $"{Configfs}: {configfs}; provider: {provider}";
        if (paravisor)
            return Paravisor(evidence, needless);
        return provider.IsFailure && !provider.IsMissing && !configfs.IsMissing
            ? Problem.Of(ProblemState.Unreadable, "TDX_GUEST_TSM_REFUSED", "The kernel's report interface is refused to this user.", evidence, "Only root may make a report directory.", "Run this command as root.", Actor.KernelOwner, needless)
            : configfs.IsMissing
                ? Problem.Of(ProblemState.Absent, "TDX_GUEST_TSM_ABSENT", "The kernel's report interface is not there.", evidence, "The kernel is older than 6.7, or configfs is not mounted.", "Use Linux 6.7 or later and mount configfs (mount -t configfs none /sys/kernel/config).", Actor.KernelOwner, needless)
                : Lines.Unread("TDX_GUEST_TSM_UNREADABLE", "The kernel's report interface", evidence, "Its provider is not recorded.", "Run this command as root on the machine itself.", Actor.KernelOwner, needless);
    }
}
