using System.Diagnostics.CodeAnalysis;

namespace Witan.Machine;

/// <summary>Reads anything that can be judged in place of a machine, recognised by its content and not by its name.</summary>
public static class SnapshotText
{
    /// <summary>Longest text read, in characters.</summary>
    public const int MaximumLength = 8 << 20;

    /// <summary>
    /// Reads a recorded snapshot, the output of <c>cpuid -r</c>, or CSV of CPUID leaves. <paramref name="problem"/> is one
    /// sentence where it is none of them.
    /// </summary>
    public static bool TryRead(string text, [NotNullWhen(true)] out MachineSnapshot? snapshot, [NotNullWhen(false)] out string? problem)
    {
        snapshot = null;
        problem = null;
        if (text.Length > MaximumLength)
            problem = $"it is longer than {MaximumLength} characters";
        else if (text.AsSpan().TrimStart('\uFEFF').TrimStart().StartsWith("{", StringComparison.Ordinal))
            return SnapshotJson.TryRead(text.TrimStart('\uFEFF'), out snapshot, out problem);
        else if (CpuidDump.LooksLikeCsv(text))
            _ = CpuidDump.TryReadCsv(text, out snapshot, out problem);
        else if (CpuidDump.LooksLikeRaw(text))
            _ = CpuidDump.TryReadRaw(text, out snapshot, out problem);
        else
            problem = $"it is neither a snapshot ({MachineSnapshot.Schema}), nor the output of cpuid -r, nor CSV with leaf,subleaf,eax,ebx,ecx,edx";
        if (problem is not null)
            snapshot = null;
        return snapshot is not null;
    }
}
