namespace Witan.Machine;

/// <summary>Whether this is a TDX guest, and whether it can make evidence.</summary>
internal static class TdxGuest
{
    public static readonly string[] Devices = ["/dev/tdx_guest", "/dev/tdx-guest", "/dev/tdx-attest"];
    public const string ReportRequest = "TDX_CMD_GET_REPORT0";
    public const string EventLog = "/sys/firmware/acpi/tables/CCEL";

    public static TeeCategory Build(MachineSnapshot snapshot, CpuFacts cpu)
    {
        bool? isolated = IsTdx(cpu, out string how);
        var device = new GuestDevice(snapshot, GuestKind.Tdx, Devices, ReportRequest);
        var tsm = new ReportInterface(snapshot, GuestKind.Tdx);
        Mark guest = Marks.Required(isolated), agent = Dstack.Agent(snapshot);
        bool hasParavisor = HyperV.IsolationOf(cpu) == HyperV.Tdx;
        Func<string, Problem>? Paravisor(bool needless) => hasParavisor ? evidence => BehindParavisor(evidence, needless) : null;
        bool withoutDevice = tsm.Mark == Mark.Supported || agent == Mark.Supported, withoutTsm = device.Mark == Mark.Supported || agent == Mark.Supported;
        Mark evidence = device.Mark.Or(tsm.Mark).Or(agent);
        if (hasParavisor && evidence == Mark.Fatal)
            evidence = Mark.Unknown;
        // What was tried and failed outweighs every sign that it could work.
        if (tsm.Gave == false)
            evidence = Mark.Fatal;
        var root = new Check("tdx-guest", "Intel TDX guest", guest.And(evidence))
        {
            Rule = "the processor says that this is a TDX guest, AND (the guest device OR configfs OR dstack's guest agent gives evidence); a quote that was asked for with --attest and not made counts against it",
            Evidence = [$"dstack's guest agent: {Dstack.Answer(snapshot)}"],
            Children =
            [
                new Check("tdx-guest.cpuid", "Trust domain", guest)
                {
                    Rule = "CPUID 21.0 is \"IntelTDX    \"; under Hyper-V, isolation type 3 of leaf 4000000C",
                    Evidence = [how, Lines.Evidence(snapshot, Section.Flags, "tdx_guest"), $"event log {Lines.Evidence(snapshot, Section.Files, EventLog)}"],
                    Problem = guest switch
                    {
                        Mark.Supported => null,
                        Mark.Unknown => SgxAdvice.NotRecorded("TDX_GUEST_UNREADABLE", "Whether this is a trust domain", how),
                        _ => Problem.Of(ProblemState.Absent, "TDX_GUEST_ABSENT", "This virtual machine is not a trust domain.", how, "It was started as an ordinary guest.", "Start it as a confidential VM (TDX).", Actor.CloudProvider),
                    },
                },
                new Check("tdx-guest.device", device.Path is null ? "TD report (local)" : $"TD report (local, {device.Path})", device.Mark)
                {
                    Rule = "/dev/tdx_guest opens and returns a TD report; nobody signs that, so it shows nothing to others",
                    Evidence = [.. device.Evidence],
                    Problem = device.Problem(Paravisor(withoutDevice), withoutDevice),
                }.HiddenIf(guest == Mark.Fatal, "this is no trust domain"),
                new Check("tdx-guest.tsm", "Quotes through the kernel (configfs tsm)", tsm.Mark)
                {
                    Rule = tsm.Rule,
                    Evidence = [.. tsm.Evidence],
                    Problem = tsm.Problem(Paravisor(withoutTsm), withoutTsm),
                }.HiddenIf(guest == Mark.Fatal, "this is no trust domain"),
            ],
        };
        string? notHere = cpu.IsForeign ? CpuFacts.Foreign : isolated == true ? null : cpu.IsGuest == false ? "this is not a guest" : cpu.IsGuest == true && !cpu.IsIntel && cpu.Vendor is not null ? "the processor is not Intel's" : null;
        return new TeeCategory("tdx-guest", root, notHere)
        {
            IsInside = isolated == true,
            // Only a quote is what others verify: the local report and the agent's greeting are none.
            Caveat = tsm.Gave == true ? null : "that quotes can be made is predicted, not tried" + (tsm.IsServed ? ": --attest" : ""),
        };
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

    private static Problem BehindParavisor(string evidence, bool needless) =>
        Problem.Of(ProblemState.Absent, "TDX_GUEST_PARAVISOR", "Under Hyper-V evidence comes from the virtual TPM.", evidence, "The paravisor keeps the TDX interfaces to itself.", "Use the cloud's attestation through the virtual TPM.", Actor.CloudProvider, needless);
}
