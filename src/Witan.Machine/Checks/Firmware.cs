namespace Witan.Machine;

/// <summary>
/// Who decides what the firmware switches on, and what to ask of them: on a machine of one's own the BIOS, in a guest whoever rents the
/// guest out, because a guest has no BIOS that could switch a processor's feature on.
/// </summary>
internal static class Firmware
{
    public static Actor Owner(CpuFacts cpu) => cpu.IsGuest == true ? Actor.CloudProvider : Actor.BiosOwner;

    /// <summary>The remedy for a machine, or the one for a guest.</summary>
    public static string Remedy(CpuFacts cpu, string onMachine, string inGuest) => cpu.IsGuest == true ? inGuest : onMachine;

    /// <summary>How flexible launch control comes on; <paramref name="onMachine"/> where more is to be said of it on a machine of one's own.</summary>
    public static string EnableLaunchControl(CpuFacts cpu, string onMachine = "Enable flexible launch control in the BIOS.") =>
        Remedy(cpu, onMachine, "Ask the provider for a machine type with flexible launch control.");
}
