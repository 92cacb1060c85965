namespace Witan.Machine;

/// <summary>Whether this host can run TDX guests, and which rung of the ladder it stands on if not.</summary>
internal sealed class TdxHost(MachineSnapshot snapshot, CpuFacts cpu)
{
    public const string KvmTdx = "/sys/module/kvm_intel/parameters/tdx";
    public const string Flag = "tdx_host_platform";

    public static readonly uint[] Registers = [0x87, 0xA0, 0xCE, 0x503, 0x981, 0x982, 0x1400, 0x1401];

    private const string QuotingId = "tdx-host.quoting", ProductionId = "tdx-host.production";
    private const string NoRange = "this processor has no TDX", Off = "TDX is off in the BIOS";

    private bool? HasFlag => Lines.Flag(snapshot, Flag);

    private bool? SeamRange => FeatureControl.Msr(snapshot, 0x1401) is { } value ? (value >> 11 & 1) != 0 : null;

    private bool? PrivateKeys => FeatureControl.Msr(snapshot, 0x87) is { } value ? value >> 32 != 0 : null;

    private bool? MemoryEncryption => FeatureControl.Msr(snapshot, 0x982) is { } value ? (value >> 1 & 1) != 0 : null;

    // Without SEAM the register of its range does not exist.
    private bool LacksRange => snapshot[Section.Msr, SnapshotBuilder.MsrKey(0x1401)].Error == "EIO" && HasFlag != true;

    private ulong? MemoryCheck => FeatureControl.Msr(snapshot, 0xA0);

    private bool? Kvm => Lines.Parameter(snapshot, KvmTdx);

    public TeeCategory Build()
    {
        var started = new TdxModule(snapshot);
        var quotes = new TdxQuoting(snapshot, cpu);
        Mark processor = Processor(), bios = Bios(), module = started.Mark, kvm = Marks.Required(Kvm), production = Production();
        // A kernel that started TDX in KVM is proof of all below it.
        if (kvm == Mark.Supported)
            processor = bios = module = Mark.Supported;
        string whyNot = LacksRange ? NoRange : Off;
        var root = new Check("tdx-host", "Intel TDX host", processor.And(bios).And(module).And(kvm))
        {
            Rule = "CPU support AND BIOS configuration AND TDX module AND KVM; KVM with TDX proves the three before it",
            Children =
            [
                new Check("tdx-host.cpu-support", "CPU support", processor)
                {
                    Rule = "a server processor from Sapphire Rapids on, or the kernel's flag tdx_host_platform, or a valid SEAM range",
                    Evidence = [cpu.Evidence(1), Lines.Evidence(snapshot, Section.Flags, Flag)],
                    Problem = processor switch
                    {
                        Mark.Supported => null,
                        Mark.Unknown => SgxAdvice.NotRecorded("TDX_HOST_CPU_UNREADABLE", "Whether the processor has TDX", cpu.Evidence(1)),
                        _ => Problem.Of(ProblemState.Absent, "TDX_HOST_CPU_ABSENT", "This processor has no TDX.", cpu.Evidence(1), "Server processors have it from Sapphire Rapids on.", "Use such a processor.", Actor.ChipVendor),
                    },
                },
                new Check("tdx-host.bios", "BIOS configuration", bios)
                {
                    Rule = "tdx_host_platform in /proc/cpuinfo; else MSR 0x982[1], 0x1401[11] and 0x87[63:32] > 0; without MSR 0x1401 there is no TDX",
                    Evidence = [.. BiosEvidence(), FeatureControl.Evidence(snapshot, 0x981)],
                    Problem = bios == Mark.Supported ? null : BiosProblem(bios),
                },
                new Check("tdx-host.module", "TDX module", module)
                {
                    Rule = "the kernel names the module's version, or KVM runs with TDX",
                    Evidence = [.. started.Evidence],
                    Problem = module == Mark.Supported ? null : started.Problem(),
                }.HiddenIf(bios == Mark.Fatal, whyNot),
                new Check("tdx-host.kvm", "KVM (kvm_intel.tdx)", kvm)
                {
                    Rule = $"{KvmTdx} is Y",
                    Evidence = [Lines.Evidence(snapshot, Section.Files, KvmTdx), Lines.Evidence(snapshot, Section.Arguments, "kvm_intel.tdx")],
                    Problem = kvm == Mark.Supported ? null : KvmProblem(kvm),
                }.HiddenIf(bios == Mark.Fatal, whyNot),
                new Check(QuotingId, "Quotes for guests (SGX devices)", quotes.Mark)
                {
                    Rule = "/dev/sgx_enclave and /dev/sgx_provision exist: the quoting enclave of TDX is an SGX enclave",
                    Evidence = [.. quotes.Evidence],
                    Problem = quotes.Problem(),
                }.HiddenIf(bios == Mark.Fatal, whyNot),
                new Check(ProductionId, "Production part", production)
                {
                    Rule = "MSR 0xCE[27] = 0 and MSR 0x503 = 0, or no such register",
                    Evidence = [FeatureControl.Evidence(snapshot, 0xCE), FeatureControl.Evidence(snapshot, 0x503)],
                    Problem = ProductionProblem(production),
                },
            ],
        };
        // Only a guest can ask for a quote.
        return new TeeCategory("tdx-host", root, NotHere()) { Caveat = "quotes of its guests are predicted, not tried" };
    }

    /// <summary>What a host is worth to confidential workers: nothing where its guests get no quote, or none that a verifier accepts.</summary>
    public static Mark ForWorkers(Check host)
    {
        foreach (Check child in host.Children)
        {
            if (child is { Id: QuotingId or ProductionId, Mark: Mark.Unsupported })
                return Mark.Fatal;
        }

        return host.Mark;
    }

    private string? NotHere() =>
        cpu.IsForeign ? CpuFacts.Foreign
        : cpu.IsGuest == true ? "this is a guest"
        : cpu.Vendor is not null && !cpu.IsIntel ? "the processor is not Intel's"
        : Platform.Of(cpu) is Generation.BeforeIceLakeServer or Generation.IceLakeServer && HasFlag != true ? "the processor is older than TDX"
        : null;

    private Mark Processor() =>
        Platform.Of(cpu) == Generation.SapphireRapidsOrLater || HasFlag == true || SeamRange == true ? Mark.Supported
        : Platform.Of(cpu) == Generation.Unknown ? Mark.Unknown
        : Mark.Fatal;

    private Mark Bios() => HasFlag == true
        ? Mark.Supported
        : LacksRange || SeamRange == false || PrivateKeys == false || MemoryEncryption == false || MemoryCheck > 0 ? Mark.Fatal
        : SeamRange is null && HasFlag == false && IsLimitedTo46Bits ? Mark.Fatal
        : SeamRange == true && PrivateKeys == true && MemoryEncryption != false ? Mark.Supported
        : Mark.Unknown;

    private bool IsLimitedTo46Bits => Platform.Of(cpu) == Generation.SapphireRapidsOrLater && (cpu.Leaf(0x80000008)?.Eax & 0xFF) == 46;

    private Mark Production()
    {
        ulong? part = FeatureControl.Msr(snapshot, 0xCE), debug = FeatureControl.Msr(snapshot, 0x503);
        return part is { } value && (value >> 27 & 1) != 0 || debug is > 0 ? Mark.Unsupported : part is null || !KnowsDebug ? Mark.Unknown : Mark.Supported;
    }

    // A processor without the register has nothing to switch on by it.
    private bool KnowsDebug => FeatureControl.Msr(snapshot, 0x503) is not null || snapshot[Section.Msr, SnapshotBuilder.MsrKey(0x503)].Error == "EIO";

    private IEnumerable<string> BiosEvidence()
    {
        yield return Lines.Evidence(snapshot, Section.Flags, Flag);
        foreach (uint register in new uint[] { 0x982, 0x1401, 0x1400, 0x87, 0xA0 })
            yield return FeatureControl.Evidence(snapshot, register);
        yield return cpu.Evidence(0x80000008) + (IsLimitedTo46Bits ? ": 46 physical address bits" : "");
    }

    private Problem BiosProblem(Mark mark)
    {
        string evidence = string.Join("; ", BiosEvidence());
        Problem SwitchedOff(string code, string cause, string remedy) => Problem.Of(ProblemState.Disabled, code, "TDX is switched off.", evidence, cause, remedy, Actor.BiosOwner);
        if (MemoryCheck is > 0 and var check)
            return Problem.Of(ProblemState.Failed, "TDX_HOST_MCHECK", $"The processor's memory check failed: MSR 0xA0 = 0x{check:x}.", evidence, "Memory is not populated as TDX demands, or the microcode is too old.", "Update the BIOS; populate the memory symmetrically.", Actor.BiosOwner);
        if (LacksRange)
            return Problem.Of(ProblemState.Absent, "TDX_HOST_NO_SEAM", "This processor has no TDX.", evidence, "The register of the SEAM range (MSR 0x1401) does not exist: processors of this family are also sold without TDX.", "Use a processor with TDX.", Actor.ChipVendor);
        const string Limit = "with that limit memory encryption with several keys, and so TDX, stays grey";
        if (IsLimitedTo46Bits && HasFlag != true && SeamRange is null)
        {
            return mark == Mark.Fatal || HasFlag == false
                ? SwitchedOff("TDX_HOST_46_BITS", $"The BIOS limits physical addresses to 46 bits; {Limit}.", "Switch the limit of the physical address to 46 bits off in the BIOS, then memory encryption and TDX on.")
                : Lines.Unread("TDX_HOST_46_BITS", "Whether TDX is on", evidence, "The registers are not readable here; but physical addresses are limited to 46 bits, and with that limit TDX cannot be switched on.", "Switch the limit of the physical address to 46 bits off in the BIOS, then memory encryption and TDX on.", Actor.BiosOwner);
        }

        if (SeamRange == false || MemoryEncryption == false || PrivateKeys == false)
        {
            string missing = MemoryEncryption == false ? "Memory encryption with several keys is off" : SeamRange == false ? "The SEAM memory range is not set" : "No private key ids are set aside";
            string alsoLimited = IsLimitedTo46Bits ? $" The BIOS also limits physical addresses to 46 bits; {Limit}." : "";
            return SwitchedOff(
                "TDX_HOST_BIOS_OFF", $"{missing}.{alsoLimited}",
                $"{(IsLimitedTo46Bits ? "Switch the limit to 46 bits off in the BIOS, then enable" : "Enable")} memory encryption (TME, TME-MT), TDX and the SEAM loader in the BIOS, with at least one TDX key id, and reboot.");
        }

        return Lines.UnreadMsr(snapshot, "TDX_HOST_BIOS_UNREADABLE", "Whether TDX is on in the BIOS", 0x1401);
    }

    private Problem KvmProblem(Mark mark) => mark == Mark.Unknown
        ? Lines.Unread("TDX_HOST_KVM_UNREADABLE", "Whether KVM runs with TDX", Lines.Evidence(snapshot, Section.Files, KvmTdx), snapshot[Section.Files, KvmTdx].IsFailure ? "The parameter is refused to this user." : "It is not recorded.", "Run this command on the host, as root.", snapshot[Section.Files, KvmTdx].IsFailure ? Actor.KernelOwner : Actor.Nobody)
        : Problem.Of(
            snapshot[Section.Files, KvmTdx].IsMissing ? ProblemState.Absent : ProblemState.Disabled, "TDX_HOST_KVM_OFF", "KVM runs without TDX.", Lines.Evidence(snapshot, Section.Files, KvmTdx),
            snapshot[Section.Files, KvmTdx].IsMissing ? "The kernel's KVM has no TDX, or kvm_intel is not loaded." : "TDX is not asked for, or its module failed to start.",
            "Boot Linux 6.16 or later with kvm_intel.tdx=1.", Actor.KernelOwner);

    private Problem? ProductionProblem(Mark production) => production switch
    {
        Mark.Supported => null,
        Mark.Unknown => Lines.UnreadMsr(snapshot, "TDX_HOST_PRODUCTION_UNREADABLE", "Whether this is a production part", FeatureControl.Msr(snapshot, 0xCE) is null ? 0xCEu : 0x503, harmless: true),
        _ => Problem.Of(ProblemState.Failed, "TDX_HOST_DEBUG_PART", "This is not a production part, or SGX debugging is on.", $"{FeatureControl.Evidence(snapshot, 0xCE)}; {FeatureControl.Evidence(snapshot, 0x503)}", "Verifiers accept production parts only.", "Use a production processor.", Actor.ChipVendor),
    };
}
