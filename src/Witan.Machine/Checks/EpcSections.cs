using System.Globalization;

namespace Witan.Machine;

/// <summary>The enclave page cache as CPUID leaf 12 lists it: total bytes by kind of protection.</summary>
/// <param name="Protected">Sections with confidentiality and integrity (type 1).</param>
/// <param name="ConfidentialOnly">Sections with confidentiality only (type 2).</param>
/// <param name="HasUnknown">Whether a section or a type is none that is known here.</param>
/// <param name="IsRecorded">Whether the subleaves are recorded at all.</param>
/// <param name="Evidence">The registers, one text a section.</param>
internal sealed record EpcSections(ulong Protected, ulong ConfidentialOnly, bool HasUnknown, bool IsRecorded, List<string> Evidence)
{
    /// <summary>What the smallest enclave needs: one version array, one SECS, two regular pages, one TCS.</summary>
    public const ulong Least = 0x5000;

    private const uint MostSections = 64;

    public ulong Total => checked(Protected + ConfidentialOnly);

    public static EpcSections Of(CpuFacts cpu)
    {
        ulong[] totals = [0, 0];
        bool unknown = false, recorded = cpu.IsOutOfRange(0x12);
        var evidence = new List<string>();
        for (uint n = 2; n < 2 + MostSections; n++)
        {
            if (cpu.Leaf(0x12, n) is not { } leaf)
                break;
            recorded = true;
            uint kind = leaf.Eax & 0xF;
            if (kind == 0)
                break;
            ulong size = (ulong)(leaf.Edx & 0xFFFFF) << 32 | (leaf.Ecx & 0xFFFFF000);
            uint type = leaf.Ecx & 0xF;
            evidence.Add($"{cpu.Evidence(0x12, n)}: {(kind == 1 ? $"{Size(size)}, type {type}" : $"unknown kind of section {kind}")}");
            if (kind == 1 && type is 1 or 2)
                totals[type - 1] = unchecked(totals[type - 1] + size);
            else
                unknown = true;
        }

        if (evidence.Count == 0)
            evidence.Add(cpu.Evidence(0x12, 2));
        return new EpcSections(totals[0], totals[1], unknown, recorded, evidence);
    }

    /// <summary>The EPC line of the tree.</summary>
    public string Line()
    {
        string text = "Total EPC size:";
        if (Total == 0)
            return text + " unknown" + (HasUnknown ? " (kind of section unknown here)" : IsRecorded ? "" : " (not recorded)");
        if (Protected > 0)
            text += " " + Size(Protected);
        if (ConfidentialOnly > 0)
            text += " " + Size(ConfidentialOnly) + " (no integrity protection)";
        return text;
    }

    /// <summary>MiB, from 1024 MiB GiB, one decimal, a tie to the even digit.</summary>
    public static string Size(ulong bytes)
    {
        decimal mib = bytes / 1048576m;
        (decimal value, string unit) = mib >= 1024 ? (mib / 1024, "GiB") : (mib, "MiB");
        return Math.Round(value, 1, MidpointRounding.ToEven).ToString("0.0", CultureInfo.InvariantCulture) + unit;
    }
}
