using System.Globalization;

namespace Witan.Machine;

/// <summary>Reads model-specific registers out of a snapshot. MSR 0x3A is IA32_FEATURE_CONTROL.</summary>
internal static class FeatureControl
{
    public const uint Register = 0x3A;

    public static ulong? Msr(MachineSnapshot snapshot, uint register)
    {
        Reading reading = snapshot[Section.Msr, SnapshotBuilder.MsrKey(register)];
        return reading.HasValue && ulong.TryParse(reading.Text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong value) ? value : null;
    }

    /// <summary>The register as evidence: its value, or why there is none.</summary>
    public static string Evidence(MachineSnapshot snapshot, uint register) =>
        Msr(snapshot, register) is { } value ? $"MSR 0x{register:X} = 0x{value:x}" : $"MSR 0x{register:X}: {snapshot[Section.Msr, SnapshotBuilder.MsrKey(register)]}";

    /// <summary>MSR 0x3A with its bits named.</summary>
    public static string Describe(MachineSnapshot snapshot) => Msr(snapshot, Register) is { } value
        ? $"MSR 0x3A = 0x{value:x}: lock {value & 1}, SGX_LC (bit 17) {value >> 17 & 1}, SGX (bit 18) {value >> 18 & 1}"
        : Evidence(snapshot, Register);

    /// <summary>Why a register could not be read, in words.</summary>
    public static string Why(Reading reading) => reading switch
    {
        { HasValue: true } => reading.Text,
        { Error: "ENOENT" or "ENXIO" or "ENODEV" or "ENOTDIR" } => $"no /dev/cpu/0/msr ({reading.Error}): the kernel module msr is not loaded, or this is a container",
        { Error: "EACCES" or "EPERM" } => $"refused ({reading.Error}): it needs root, and a kernel that is not locked down",
        { Error: "EIO" } => "this processor has no such register (EIO)",
        { IsFailure: true } => reading.Error,
        _ => "not recorded",
    };

    /// <summary>What would make a register readable.</summary>
    public static string HowToRead(MachineSnapshot snapshot, Reading reading) => reading.Error switch
    {
        "ENOENT" or "ENXIO" or "ENODEV" or "ENOTDIR" => "Run `sudo modprobe msr`, then run this command again as root; in a container, run it on the host.",
        "EACCES" or "EPERM" when Rights.IsRoot(snapshot) => "Run this command on the host, with a kernel that is not locked down: root here may not.",
        "EACCES" or "EPERM" => "Run this command as root.",
        "EIO" => "Nothing: the register does not exist here.",
        "" => "Run this command on the machine itself: the recording does not hold it.",
        _ when Rights.IsRoot(snapshot) => "See the kernel log, and run this command again.",
        _ => "Run this command again as root.",
    };
}
