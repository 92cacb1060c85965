using System.Globalization;
using System.Text;

namespace Witan.Machine;

/// <summary>Four registers of one CPUID leaf.</summary>
internal sealed record CpuidLeaf(uint Eax, uint Ebx, uint Ecx, uint Edx)
{
    public bool IsZero => (Eax | Ebx | Ecx | Edx) == 0;

    public override string ToString() => $"{Eax:x8} {Ebx:x8} {Ecx:x8} {Edx:x8}";
}

/// <summary>What the processor says of itself, decoded from the CPUID leaves of a snapshot.</summary>
internal sealed class CpuFacts
{
    public const string Foreign = "the processor is not x86";

    private readonly MachineSnapshot _snapshot;

    public CpuFacts(MachineSnapshot snapshot)
    {
        _snapshot = snapshot;
        CpuidLeaf? first = Raw(0, 0), extended = Raw(0x80000000, 0);
        HighestBasic = first?.Eax;
        HighestExtended = extended?.Eax;
        IsForeign = snapshot[Section.Cpuid, SnapshotBuilder.CpuidKey(0, 0)].Error == CpuidProbe.NoInstruction;
        Vendor = first is null ? null : Ascii(first.Ebx, first.Edx, first.Ecx);
        CpuidLeaf? signature = Leaf(1);
        Signature = signature?.Eax;
        IsGuest = signature is null ? null : (signature.Ecx & (1u << 31)) != 0;
        CpuidLeaf? hypervisor = IsGuest == true ? Raw(0x40000000, 0) : null;
        Hypervisor = hypervisor is null ? null : Ascii(hypervisor.Ebx, hypervisor.Ecx, hypervisor.Edx).TrimEnd('\0', ' ');
        Brand = ReadBrand();
    }

    public uint? HighestBasic { get; }

    public uint? HighestExtended { get; }

    /// <summary>Twelve characters, such as GenuineIntel; null where not recorded.</summary>
    public string? Vendor { get; }

    /// <summary>Whether this is no x86 processor: then none of the questions about one applies.</summary>
    public bool IsForeign { get; }

    public bool IsIntel => Vendor == "GenuineIntel";

    public bool IsAmd => Vendor == "AuthenticAMD";

    /// <summary>Leaf 1 EAX: family, model, stepping as one number.</summary>
    public uint? Signature { get; }

    /// <summary>Whether a hypervisor says that it is there.</summary>
    public bool? IsGuest { get; }

    public string? Hypervisor { get; }

    public string? Brand { get; }

    public bool IsHyperV => Hypervisor == "Microsoft Hv";

    public int Family
    {
        get
        {
            int family = (int)((Signature ?? 0) >> 8 & 0xF);
            return family == 0xF ? family + (int)((Signature ?? 0) >> 20 & 0xFF) : family;
        }
    }

    public int Model => (int)((Signature ?? 0) >> 4 & 0xF) | (int)((Signature ?? 0) >> 12 & 0xF0);

    public int Stepping => (int)((Signature ?? 0) & 0xF);

    /// <summary>Whether a basic or extended leaf lies above the highest one of its range: then it does not exist.</summary>
    public bool IsOutOfRange(uint leaf) =>
        leaf >= 0x80000000 ? HighestExtended is { } extended && leaf > extended
        : leaf < 0x40000000 && HighestBasic is { } basic && leaf > basic;

    /// <summary>A leaf; null where it is out of range or not recorded.</summary>
    public CpuidLeaf? Leaf(uint leaf, uint subleaf = 0) => IsOutOfRange(leaf) ? null : Raw(leaf, subleaf);

    /// <summary>A bit of a register: false where the leaf is out of range, null where it is not recorded.</summary>
    public bool? Bit(uint leaf, uint subleaf, Func<CpuidLeaf, uint> register, int bit) =>
        IsOutOfRange(leaf) ? false : Raw(leaf, subleaf) is { } value ? (register(value) >> bit & 1) != 0 : null;

    /// <summary>A leaf as evidence.</summary>
    public string Evidence(uint leaf, uint subleaf = 0)
    {
        string name = $"CPUID {leaf:X}.{subleaf:X}";
        if (IsOutOfRange(leaf))
            return $"{name} does not exist: the highest leaf is {(leaf >= 0x80000000 ? HighestExtended : HighestBasic):X}";
        return Raw(leaf, subleaf) is { } value ? $"{name} = {value}" : $"{name}: {_snapshot[Section.Cpuid, SnapshotBuilder.CpuidKey(leaf, subleaf)]}";
    }

    /// <summary>A leaf as it is recorded, also where it is out of range; null where it is not.</summary>
    public CpuidLeaf? Recorded(uint leaf, uint subleaf) => Raw(leaf, subleaf);

    private CpuidLeaf? Raw(uint leaf, uint subleaf)
    {
        Reading reading = _snapshot[Section.Cpuid, SnapshotBuilder.CpuidKey(leaf, subleaf)];
        if (!reading.HasValue)
            return null;
        string text = reading.Text;
        return text.Length == 35 && Hex(text, 0, out uint a) && Hex(text, 9, out uint b) && Hex(text, 18, out uint c) && Hex(text, 27, out uint d)
            ? new CpuidLeaf(a, b, c, d)
            : null;
    }

    private string? ReadBrand()
    {
        var text = new StringBuilder();
        for (uint leaf = 0x80000002; leaf <= 0x80000004; leaf++)
        {
            if (Leaf(leaf) is not { } part)
                return null;
            text.Append(Ascii(part.Eax, part.Ebx, part.Ecx)).Append(Ascii(part.Edx));
        }

        string brand = text.ToString().Replace("\0", "", StringComparison.Ordinal).Trim();
        while (brand.Contains("  ", StringComparison.Ordinal))
            brand = brand.Replace("  ", " ", StringComparison.Ordinal);
        return brand.Length == 0 ? null : brand;
    }

    private static bool Hex(string text, int at, out uint value) =>
        uint.TryParse(text.AsSpan(at, 8), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);

    private static string Ascii(params ReadOnlySpan<uint> registers)
    {
        var text = new StringBuilder(registers.Length * 4);
        foreach (uint register in registers)
        {
            for (int shift = 0; shift < 32; shift += 8)
            {
                char c = (char)(register >> shift & 0xFF);
                text.Append(c is >= ' ' and <= '~' ? c : '\0');
            }
        }

        return text.ToString();
    }
}
