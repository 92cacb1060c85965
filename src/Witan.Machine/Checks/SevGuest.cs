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
        var device = new GuestDevice(snapshot, GuestKind.Snp, [Device], ReportRequest);
        var tsm = new ReportInterface(snapshot, GuestKind.Snp);
        bool hasParavisor = HyperV.IsolationOf(cpu) == HyperV.Snp, withoutDevice = tsm.Mark == Mark.Supported, withoutTsm = device.Mark == Mark.Supported;
        Func<string, Problem>? Paravisor(bool needless) => hasParavisor ? evidence => BehindParavisor(evidence, needless) : null;
        Mark proof = device.Mark.Or(tsm.Mark);
        if (hasParavisor && proof == Mark.Fatal)
            proof = Mark.Unknown;
        // What was tried and failed outweighs every sign that it could work.
        if (tsm.Gave == false)
            proof = Mark.Fatal;
        string[] evidence = [.. sev.Describe(), FeatureControl.Evidence(snapshot, StatusRegister), Lines.Evidence(snapshot, Section.Files, PlatformDevice), how];
        var root = new Check("snp-guest", "AMD SEV-SNP guest", guest.And(proof))
        {
            Rule = "SEV_STATUS or the kernel says that this is an SNP guest, AND (the guest device OR configfs gives evidence); a report that was asked for with --attest and not made counts against it",
            Children =
            [
                new Check("snp-guest.status", "Protected guest", guest)
                {
                    Rule = "MSR C0010131[2] = 1, or the kernel made the device sev-guest; under Hyper-V, isolation type 2. The CPUID leaf alone is no proof",
                    Evidence = [.. evidence],
                    Problem = guest switch
                    {
                        Mark.Supported => null,
                        Mark.Fatal => NoGuest(snapshot, sev, how),
                        _ => Lines.UnreadMsr(snapshot, "SNP_GUEST_UNREADABLE", "Whether this is an SEV-SNP guest", StatusRegister),
                    },
                },
                new Check("snp-guest.device", $"Guest device ({Device})", device.Mark)
                {
                    Rule = $"{Device} opens and returns a report",
                    Evidence = [.. device.Evidence, Lines.Evidence(snapshot, Section.Files, Vmpl)],
                    Problem = device.Problem(Paravisor(withoutDevice), withoutDevice),
                }.HiddenIf(guest != Mark.Supported, "this is not known to be a protected guest"),
                new Check("snp-guest.tsm", "Reports through the kernel (configfs tsm)", tsm.Mark)
                {
                    Rule = tsm.Rule,
                    Evidence = [.. tsm.Evidence],
                    Problem = tsm.Problem(Paravisor(withoutTsm), withoutTsm),
                }.HiddenIf(guest != Mark.Supported, "this is not known to be a protected guest"),
            ],
        };
        string? notHere = cpu.IsForeign ? CpuFacts.Foreign : cpu.IsGuest == false ? "this is not a guest" : cpu.Vendor is not null && !cpu.IsAmd ? "the processor is not AMD's" : null;
        return new TeeCategory("snp-guest", root, notHere)
        {
            IsInside = isGuest == true,
            // The device answers with a report that the firmware has signed.
            Caveat = device.Mark == Mark.Supported || tsm.Gave == true ? null : "that reports can be made is predicted, not tried: --attest",
        };
    }

    private static bool? IsSnp(MachineSnapshot snapshot, CpuFacts cpu, SevFacts sev, out string how)
    {
        how = sev.Evidence;
        ulong? status = FeatureControl.Msr(snapshot, StatusRegister);
        bool kernelSays = snapshot[Section.Files, PlatformDevice].HasValue || snapshot[Section.Files, ReportInterface.Provider].Text == GuestKind.Snp.Provider;
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

    private static Problem NoGuest(MachineSnapshot snapshot, SevFacts sev, string how)
    {
        const string Remedy = "Start it as a confidential VM (SEV-SNP).";
        if (FeatureControl.Msr(snapshot, StatusRegister) is { } status && (status & 3) != 0)
        {
            string name = (status & 2) != 0 ? "SEV-ES" : "SEV";
            return Problem.Of(ProblemState.Absent, "SNP_GUEST_SEV_ONLY", $"This virtual machine is an {name} guest, without SNP.", how, $"{name} encrypts the guest's memory, but neither protects it from being changed by the host nor gives the guest a report of itself.", Remedy, Actor.CloudProvider);
        }

        string cause = sev.IsZero ? "It was started as an ordinary guest." : "The hypervisor shows the host's SEV bits to an ordinary guest: they are no proof.";
        return Problem.Of(ProblemState.Absent, "SNP_GUEST_ABSENT", "This virtual machine is not an SEV-SNP guest.", how, cause, Remedy, Actor.CloudProvider);
    }

    private static bool IsSnp(ulong? status) => (status >> 2 & 1) == 1;

    private static Problem BehindParavisor(string evidence, bool needless) =>
        Problem.Of(ProblemState.Absent, "SNP_GUEST_PARAVISOR", "Under Hyper-V evidence comes from the virtual TPM.", evidence, "The paravisor keeps the SEV interfaces to itself.", "Use the cloud's attestation through the virtual TPM.", Actor.CloudProvider, needless);
}
