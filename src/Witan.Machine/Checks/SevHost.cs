using System.Buffers.Binary;

namespace Witan.Machine;

/// <summary>Whether this host can run SEV-SNP guests. "The processor can" and "it is usable" are different lines.</summary>
internal sealed class SevHost(MachineSnapshot snapshot, CpuFacts cpu)
{
    public const string KvmSnp = "/sys/module/kvm_amd/parameters/sev_snp";
    public static readonly string[] Files = [KvmSnp, "/sys/module/kvm_amd/parameters/sev", "/sys/module/kvm_amd/parameters/sev_es"];
    public static readonly uint[] Registers = [0xC0010010, 0xC0010132, 0xC0010133];
    public const string StatusRequest = "SNP_PLATFORM_STATUS";

    // The end of the reverse map table where the BIOS has reserved none.
    private const ulong NoTableEnd = 0x1FFF;

    private readonly SevFacts _sev = new(cpu);

    private bool? IsEncrypting => FeatureControl.Msr(snapshot, 0xC0010010) is { } value ? (value >> 23 & 1) != 0 : null;

    private bool? HasTable => FeatureControl.Msr(snapshot, 0xC0010132) is { } first && FeatureControl.Msr(snapshot, 0xC0010133) is { } last ? last > first && !(first == 0 && last == NoTableEnd) : null;

    private bool? Kvm => Lines.Parameter(snapshot, KvmSnp);

    public TeeCategory Build()
    {
        Mark processor = Marks.Required(_sev.Snp), kvm = Marks.Required(Kvm), bios = kvm == Mark.Supported ? Mark.Supported : Bios(), firmware = Firmware();
        const string NoCpu = "this processor has no SEV-SNP";
        var root = new Check("snp-host", "AMD SEV-SNP host", processor.And(bios).And(kvm).And(firmware == Mark.Unknown ? Mark.Unsupported : firmware))
        {
            Rule = "CPU support AND BIOS configuration AND KVM; a firmware that says it is too old counts against it",
            Children =
            [
                new Check("snp-host.cpu-support", "CPU support", processor)
                {
                    Rule = "CPUID 8000001F EAX[4] = 1",
                    Evidence = [.. _sev.Describe()],
                    Problem = processor switch
                    {
                        Mark.Supported => null,
                        Mark.Unknown => SgxAdvice.NotRecorded("SNP_CPU_UNREADABLE", "Whether the processor has SEV-SNP", _sev.Evidence),
                        _ => Problem.Of(ProblemState.Absent, "SNP_CPU_ABSENT", _sev.Sev == true ? "The processor has SEV, but not SEV-SNP." : "The processor has no SEV-SNP.", _sev.Evidence, _sev.Sev == true ? "It is older than EPYC Milan, or the BIOS hides SNP: SEV without SNP protects no guest from a hostile host." : "It was built without it, or the BIOS hides it.", "Use EPYC Milan or later; where it is one, enable SNP in the BIOS.", Actor.ChipVendor),
                    },
                },
                new Check("snp-host.bios", "BIOS configuration", bios)
                {
                    Rule = "KVM runs with SNP; else MSR C0010010[23] = 1 and a reverse map table (MSR C0010132 below C0010133); bit 24 is set by the kernel, not by the BIOS",
                    Evidence = [.. BiosEvidence()],
                    Problem = bios == Mark.Supported ? null : BiosProblem(),
                }.HiddenIf(processor == Mark.Fatal, NoCpu),
                new Check("snp-host.kvm", "KVM (kvm_amd.sev_snp)", kvm)
                {
                    Rule = $"{KvmSnp} is Y",
                    Evidence = [.. Files.Select(path => Lines.Evidence(snapshot, Section.Files, path)), Lines.Evidence(snapshot, Section.Arguments, "kvm_amd.sev_snp"), Lines.Evidence(snapshot, Section.Arguments, "mem_encrypt")],
                    Problem = kvm switch
                    {
                        Mark.Supported => null,
                        Mark.Unknown => Lines.Unread("SNP_KVM_UNREADABLE", "Whether KVM runs with SEV-SNP", Lines.Evidence(snapshot, Section.Files, KvmSnp), "It is not recorded, or refused.", "Run this command on the host.", Actor.Nobody),
                        _ => Problem.Of(snapshot[Section.Files, KvmSnp].IsMissing ? ProblemState.Absent : ProblemState.Disabled, "SNP_KVM_OFF", "KVM runs without SEV-SNP.", Lines.Evidence(snapshot, Section.Files, KvmSnp), snapshot[Section.Files, KvmSnp].IsMissing ? "The module kvm_amd is not loaded, or the kernel is older than 6.11." : "The BIOS reserved no reverse map table, or SNP is not asked for.", "Boot Linux 6.11 or later, with SNP enabled in the BIOS; see the kernel log (dmesg | grep -i sev).", Actor.KernelOwner),
                    },
                }.HiddenIf(processor == Mark.Fatal, NoCpu),
                new Check("snp-host.firmware", "SEV firmware (/dev/sev)", firmware)
                {
                    Rule = "/dev/sev answers SNP_PLATFORM_STATUS: firmware 1.51 or later, table initialised, alias check done",
                    Evidence = [Lines.Evidence(snapshot, Section.Devices, "/dev/sev"), Lines.Evidence(snapshot, Section.Requests, StatusRequest), .. FirmwareFacts()],
                    Problem = firmware == Mark.Supported ? null : FirmwareProblem(firmware),
                }.HiddenIf(processor == Mark.Fatal, NoCpu),
            ],
        };
        string? notHere = cpu.IsForeign ? CpuFacts.Foreign : cpu.IsGuest == true ? "this is a guest" : cpu.Vendor is not null && !cpu.IsAmd ? "the processor is not AMD's" : null;
        return new TeeCategory("snp-host", root, notHere);
    }

    private Mark Bios() => IsEncrypting == false || HasTable == false ? Mark.Fatal : IsEncrypting is null || HasTable is null ? Mark.Unknown : Mark.Supported;

    private IEnumerable<string> BiosEvidence()
    {
        foreach (string flag in new[] { "sme", "sev", "sev_es", "sev_snp" })
            yield return Lines.Evidence(snapshot, Section.Flags, flag);
        foreach (uint register in Registers)
            yield return FeatureControl.Evidence(snapshot, register);
    }

    private Problem BiosProblem()
    {
        string evidence = string.Join("; ", BiosEvidence());
        if (IsEncrypting == false)
            return Problem.Of(ProblemState.Disabled, "SNP_BIOS_SME_OFF", "Memory encryption is off.", evidence, "MSR C0010010[23] is 0.", "Enable SMEE (memory encryption) and SNP in the BIOS and reboot.", Actor.BiosOwner);
        if (HasTable == false)
            return Problem.Of(ProblemState.Disabled, "SNP_BIOS_NO_RMP", "The processor has SEV-SNP, but the BIOS reserved no memory for the reverse map table.", evidence, "Without the table no SNP guest can start.", "Enable SEV-SNP and \"SNP memory (RMP table) coverage\" in the BIOS, and set the least SEV ASID; reboot.", Actor.BiosOwner);
        return Lines.UnreadMsr(snapshot, "SNP_BIOS_UNREADABLE", "Whether SEV-SNP is on in the BIOS", Array.Find(Registers, register => FeatureControl.Msr(snapshot, register) is null));
    }

    private byte[]? Status => HexText.Decode(snapshot[Section.Requests, StatusRequest].Text) is { Length: >= 32 } bytes ? bytes : null;

    private Mark Firmware() => Status is { } status
        ? Marks.Required(Version(status) >= 1 * 256 + 51 && (status[3] & 1) != 0 && (status[3] & 2) != 0)
        : Device is { IsFailure: true, IsMissing: false, IsRefused: false } ? Mark.Unsupported
        : Mark.Unknown;

    private Reading Device => snapshot[Section.Devices, "/dev/sev"];

    private static int Version(byte[] status) => status[0] * 256 + status[1];

    private IEnumerable<string> FirmwareFacts()
    {
        if (Status is not { } status)
            yield break;
        yield return $"firmware {status[0]}.{status[1]}, build {BinaryPrimitives.ReadUInt32LittleEndian(status.AsSpan(4))}, table initialised {status[3] & 1}, alias check {status[3] >> 1 & 1}";
        yield return $"TCB now {BinaryPrimitives.ReadUInt64LittleEndian(status.AsSpan(16)):x16}, reported {BinaryPrimitives.ReadUInt64LittleEndian(status.AsSpan(24)):x16}";
    }

    private Problem FirmwareProblem(Mark mark)
    {
        Reading request = snapshot[Section.Requests, StatusRequest];
        string evidence = string.Join("; ", [$"/dev/sev: {Device}", $"{StatusRequest}: {request}", .. FirmwareFacts()]);
        if (mark == Mark.Fatal)
            return Problem.Of(ProblemState.Failed, "SNP_FIRMWARE", "The SEV firmware is too old, or is not ready.", evidence, "It needs version 1.51, an initialised table, and the alias check against CVE-2024-21944.", "Update the BIOS, or load newer SEV firmware (/lib/firmware/amd).", Actor.BiosOwner);
        return Device switch
        {
            { IsMissing: true } => Problem.Of(ProblemState.Absent, "SNP_FIRMWARE_DEVICE", "There is no /dev/sev.", evidence, "The module ccp is not loaded, or SEV is off in the BIOS.", "Run `sudo modprobe ccp`; enable SEV in the BIOS.", Actor.KernelOwner, harmless: true),
            { IsRefused: true } when Rights.IsRoot(snapshot) => Lines.Unread("SNP_FIRMWARE_REFUSED", "The SEV firmware", evidence, "Root has looked: the container, or a security module, was not given /dev/sev.", "Run this command on the host, or give the device to the container (--device /dev/sev).", harmless: true),
            { IsRefused: true } => Lines.Unread("SNP_FIRMWARE_REFUSED", "The SEV firmware", evidence, "/dev/sev belongs to root.", "Run this command as root.", harmless: true),
            { IsFailure: true } => Problem.Of(ProblemState.Failed, "SNP_FIRMWARE_DEVICE_FAILED", $"/dev/sev does not open: {Device.Error}.", evidence, "What lies there is no working device of the module ccp.", "Run `sudo modprobe ccp`; see the kernel log (dmesg | grep -i ccp).", Actor.KernelOwner, harmless: true),
            _ => Lines.Unread("SNP_FIRMWARE_UNREADABLE", "The SEV firmware", evidence, "It did not answer, or is not recorded.", "Run this command as root on the host.", harmless: true),
        };
    }
}
