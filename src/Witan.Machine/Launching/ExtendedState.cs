namespace Witan.Machine;

/// <summary>
/// Chooses XFRM: as much of the machine's extended state as fits into one page of the state save area. With the tiles of AMX
/// the frame would not fit, and ECREATE would fail with EIO.
/// </summary>
internal static class ExtendedState
{
    /// <summary>x87 and SSE: what every enclave has.</summary>
    public const ulong Least = 3;

    // The fixed part of a frame: general registers, and exception information.
    private const uint GeneralRegisters = 184, ExceptionInformation = 16;
    private const uint LegacyArea = 512 + 64;

    // Groups that go together, in the order in which they are worth having.
    private static readonly ulong[] Groups = [1 << 2, 7 << 5, 1 << 9, 3 << 3, 3 << 17];

    public static ulong Choose(CpuFacts cpu, ulong? xcr0)
    {
        if (xcr0 is not { } enabled || cpu.Leaf(0x12, 1) is not { } mask)
            return Least;
        ulong allowed = enabled & ((ulong)mask.Edx << 32 | mask.Ecx);
        ulong chosen = Least;
        foreach (ulong group in Groups)
        {
            bool needsAvx = group == 7UL << 5;
            if ((allowed & group) == group && (!needsAvx || (chosen & 4) != 0) && Fits(cpu, chosen | group))
                chosen |= group;
        }

        return chosen;
    }

    /// <summary>Whether a frame with this state fits into one page; false where the size of a part is not known.</summary>
    public static bool Fits(CpuFacts cpu, ulong xfrm)
    {
        uint end = LegacyArea;
        for (int component = 2; component < 32; component++)
        {
            if ((xfrm >> component & 1) == 0)
                continue;
            if (cpu.Leaf(0xD, (uint)component) is not { } leaf || leaf.Eax == 0)
                return false;
            end = Math.Max(end, checked(leaf.Eax + leaf.Ebx));
        }

        return end + GeneralRegisters + ExceptionInformation <= EnclavePage.Size;
    }
}
