namespace Witan.Machine;

/// <summary>Cause, remedy and actor for what the processor and the BIOS say about SGX.</summary>
internal static class SgxAdvice
{
    public static Problem NotRecorded(string code, string what, string evidence, bool harmless = false) => Problem.Of(
        ProblemState.Unreadable, code, $"{what} is not recorded.", evidence,
        "The recording does not hold the leaf: a dump may lose subleaves.",
        "Run this command on the machine itself.", Actor.Nobody, harmless);

    public static Problem? CpuSupport(CpuFacts cpu, Mark mark)
    {
        string evidence = cpu.Evidence(7);
        if (mark == Mark.Supported)
            return null;
        if (mark == Mark.Unknown)
            return NotRecorded("SGX_CPU_UNREADABLE", "Whether the processor offers SGX", evidence);
        if (cpu.IsGuest == true)
        {
            return Problem.Of(
                ProblemState.Absent, "SGX_CPU_ABSENT", "This virtual machine has no SGX.", evidence,
                "The hypervisor does not give SGX to this guest; the processor below may or may not have it.",
                "Ask for a machine type with SGX, or run on the host.", Actor.CloudProvider);
        }

        string cause = Platform.Of(cpu) is Generation.SapphireRapidsOrLater or Generation.IceLakeServer
            ? $"Processors of this family ({Platform.Name(cpu)}) exist with SGX; on this one it is fused off or hidden by the BIOS."
            : "The processor was built without SGX.";
        return Problem.Of(
            ProblemState.Absent, "SGX_CPU_ABSENT", "This processor does not offer SGX.", evidence, cause,
            "Use another processor; a setting brings it back only where the BIOS hides it.", Actor.ChipVendor);
    }

    /// <summary>The ladder for "the processor has SGX, and it is off".</summary>
    public static Problem SwitchedOff(MachineSnapshot snapshot, CpuFacts cpu)
    {
        string evidence = string.Join("; ", [cpu.Evidence(0x12), .. EfiVariables.Describe(snapshot)]);
        Problem Off(string code, string cause, string remedy, Actor actor = Actor.BiosOwner) => Problem.Of(
            ProblemState.Disabled, code, "The processor has SGX, but it is switched off.", evidence, cause, remedy, actor);

        if (cpu.IsGuest == true)
            return Off("SGX_GUEST_OFF", "The hypervisor shows the SGX bit to this guest and gives it nothing to use.", "Ask for a machine type with SGX.", Actor.CloudProvider);
        int? status = EfiVariables.SgxStatus(snapshot);
        (ulong Most, ulong Current)? sizes = EfiVariables.BiosSizes(snapshot);
        // What the BIOS says in words weighs more than its sizes.
        if (status == 2 || (status is not (0 or 1) && sizes is { Most: > 0, Current: 0 }))
        {
            return EfiVariables.Requested(snapshot) > 0
                ? Off("SGX_BIOS_SOFTWARE_CONTROLLED", "The BIOS leaves SGX to the operating system, which has asked for it already (EPCSW).", "Reboot once.", Actor.KernelOwner)
                : Off("SGX_BIOS_SOFTWARE_CONTROLLED", "The BIOS leaves SGX to the operating system (\"software controlled\"), and nobody has asked for it.", "Set SGX to \"enabled\" in the BIOS, or have the operating system ask for it (EFI variable EPCSW) and reboot.");
        }

        if (status == 0)
            return Off("SGX_BIOS_OFF", "SGX is off in the BIOS.", "Enable SGX in the BIOS (often under security or processor settings) and reboot.");
        if (status == 3)
            return Off("SGX_BIOS_OFF", "SGX is off, and the BIOS says a state that does not exist (3).", "Enable SGX in the BIOS and reboot; update the BIOS, then ask the board's vendor.");
        if (status == 1 || sizes is { Current: > 0 })
            return Off("SGX_BIOS_CLAIMS_ON", "The BIOS says that SGX is on and did not switch it on: a fault of the BIOS.", "Update the BIOS; where it offers \"software controlled\", choose \"enabled\" instead; then ask the board's vendor.");
        return EfiVariables.IsRefused(snapshot)
            ? Off("SGX_BIOS_UNREADABLE", "What the BIOS says about it could not be read: the EFI variables are refused to this user.", $"Enable SGX in the BIOS and reboot; to see what the BIOS says, {(Rights.IsRoot(snapshot) ? "run this command on the host: root here may not read /sys/firmware/efi/efivars" : "run this command as root")}.")
            : Off("SGX_BIOS_OFF", EfiVariables.IsRecorded(snapshot) ? "SGX is off in the BIOS; no EFI variable says more." : "SGX is off in the BIOS; what the EFI variables say is not recorded.", "Enable SGX in the BIOS and reboot; if there is no such setting, update the BIOS, then ask the board's vendor.");
    }

    public static Problem InvalidSizes(CpuFacts cpu) => Problem.Of(
        ProblemState.Failed, "SGX_SIZES_INVALID", "SGX is on, but the largest enclave allowed is too small to exist.", cpu.Evidence(0x12),
        "A fault of the processor's firmware or of the hypervisor.", Firmware.Remedy(cpu, "Update the BIOS.", "Tell the provider of this virtual machine."),
        Firmware.Owner(cpu));

    public static Problem MissingAttributes(CpuFacts cpu, List<string> missing) => Problem.Of(
        ProblemState.Failed, "SGX_ATTRIBUTES_INCOMPLETE", $"Enclaves may not have {string.Join(", ", missing)}.", cpu.Evidence(0x12, 1),
        "A fault of the processor's firmware or of the hypervisor.", Firmware.Remedy(cpu, "Update the BIOS.", "Tell the provider of this virtual machine."),
        Firmware.Owner(cpu));

    public static Problem NoPageCache(CpuFacts cpu, EpcSections epc) => Problem.Of(
        ProblemState.Disabled, "SGX_EPC_NONE", "There is no memory for enclaves.", string.Join("; ", epc.Evidence),
        cpu.IsGuest == true ? "The hypervisor gave this guest no enclave memory." : "The BIOS reserved no enclave memory.",
        Firmware.Remedy(cpu, "Set the enclave memory (PRM or EPC size) in the BIOS and reboot.", "Ask for a machine type with enclave memory."), Firmware.Owner(cpu));

    public static Problem OddPageCache(EpcSections epc) => Problem.Of(
        ProblemState.Unreadable, "SGX_EPC_ODD", "The enclave memory is of a kind that this program does not know.", string.Join("; ", epc.Evidence),
        "The platform is newer than this program.", "Use a newer version of this program; the raw registers are above.", Actor.Nobody);

    public static Problem NoFeature(string name, string evidence) => Problem.Of(
        ProblemState.Absent, $"SGX_{name}_ABSENT", $"{name} is not offered; nothing here needs it.", evidence,
        "The processor does not have it, or the BIOS does not switch it on.", "Nothing to do.", Actor.Nobody, harmless: true);
}
