namespace Witan.Machine;

/// <summary>
/// What Hyper-V says of the isolation of a guest: below a paravisor it hides the leaves by which TDX and SEV-SNP guests are known,
/// and evidence comes from the virtual TPM only.
/// </summary>
internal static class HyperV
{
    public const int Snp = 2, Tdx = 3;

    private const uint Features = 0x40000003, Isolation = 0x4000000C;

    /// <summary>The kind of isolation; 0 for none, null where this is no guest of Hyper-V or the leaves are not recorded.</summary>
    public static int? IsolationOf(CpuFacts cpu)
    {
        if (!cpu.IsHyperV)
            return null;
        // A leaf beyond the highest does not exist: such a guest is not isolated.
        if (IsBeyondHighest(cpu))
            return 0;
        if (cpu.Recorded(Features, 0) is not { } features || cpu.Recorded(Isolation, 0) is not { } isolation)
            return null;
        // EBX[22] isolation; EBX[12] management of processors, which only the partition of the host has.
        return (features.Ebx >> 22 & 1) != 0 && (features.Ebx >> 12 & 1) == 0 ? (int)(isolation.Ebx & 0xF) : 0;
    }

    public static string Evidence(CpuFacts cpu) => IsBeyondHighest(cpu)
        ? $"{cpu.Evidence(0x40000000)}: there is no leaf {Isolation:X}"
        : $"{cpu.Evidence(Features)}; {cpu.Evidence(Isolation)}";

    private static bool IsBeyondHighest(CpuFacts cpu) => cpu.Recorded(0x40000000, 0)?.Eax < Isolation;
}
