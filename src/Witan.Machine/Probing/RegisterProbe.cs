namespace Witan.Machine;

/// <summary>Reads the model-specific registers of the processor's vendor, and the EFI variables about SGX.</summary>
internal static class RegisterProbe
{
    private const string Device = "/dev/cpu/0/msr";

    private static readonly uint[][] Intel = [[FeatureControl.Register, 0x8C, 0x8D, 0x8E, 0x8F, 0x500], TdxHost.Registers];
    private static readonly uint[][] Amd = [SevHost.Registers, [SevGuest.StatusRegister]];

    public static void Msr(SystemRoot root, SnapshotBuilder to, CpuFacts cpu)
    {
        foreach (uint[] registers in cpu.IsIntel ? Intel : cpu.IsAmd ? Amd : [])
        {
            foreach (uint register in registers)
                to.Set(Section.Msr, SnapshotBuilder.MsrKey(register), root.UInt64At(Device, register));
        }
    }

    public static void Efi(SystemRoot root, SnapshotBuilder to)
    {
        string? mount = null;
        foreach (Mount candidate in Mount.ReadAll(root))
        {
            if (candidate.Type == "efivarfs")
                mount = candidate.Point;
        }

        foreach (string name in EfiVariables.Read)
        {
            if (mount is null)
            {
                to.Set(Section.Efi, name, Reading.Failed("ENOENT"));
                continue;
            }

            Reading failure = root.Bytes($"{mount}/{name}", 4096, out byte[] bytes);
            // The first four bytes are the variable's attributes.
            to.Set(Section.Efi, name, failure.IsFailure ? failure : bytes.Length > 4 ? Reading.Of(Convert.ToHexStringLower(bytes.AsSpan(4))) : Reading.Failed("ENODATA"));
        }
    }
}
