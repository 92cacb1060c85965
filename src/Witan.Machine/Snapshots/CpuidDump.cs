using System.Globalization;

namespace Witan.Machine;

/// <summary>
/// Reads foreign CPUID dumps: the output of <c>cpuid -r</c>, and CSV with the columns leaf, subleaf, eax, ebx, ecx, edx. What
/// such a dump does not hold stays "not recorded".
/// </summary>
internal static class CpuidDump
{
    private const string NoLeaf = "it holds no CPUID leaf";
    private static readonly string[] Registers = ["eax=0x", "ebx=0x", "ecx=0x", "edx=0x"];

    /// <summary>Whether the first line that is neither empty nor a remark names the columns.</summary>
    public static bool LooksLikeCsv(string text)
    {
        foreach (ReadOnlySpan<char> raw in text.AsSpan().TrimStart('\uFEFF').EnumerateLines())
        {
            ReadOnlySpan<char> line = raw.Trim();
            if (line.IsEmpty || line[0] == '#')
                continue;
            return IsHeader(line);
        }

        return false;
    }


    public static bool LooksLikeRaw(string text) => text.Contains(": eax=0x", StringComparison.Ordinal);

    public static bool TryReadCsv(string text, out MachineSnapshot snapshot, out string? problem)
    {
        var builder = new SnapshotBuilder("cpuid csv");
        problem = null;
        int number = 0, leaves = 0;
        foreach (ReadOnlySpan<char> raw in text.AsSpan().EnumerateLines())
        {
            number++;
            ReadOnlySpan<char> line = raw.Trim().TrimStart('\uFEFF');
            if (line.IsEmpty || line[0] == '#' || (leaves == 0 && IsHeader(line)))
                continue;
            string[] cells = line.ToString().Split(',');
            var values = new uint[6];
            bool good = cells.Length == 6;
            for (int i = 0; good && i < 6; i++)
                good = (i == 1 && cells[1].Trim().Length == 0) || Hex(WithoutPrefix(cells[i]), out values[i]);
            if (!good)
            {
                problem = $"line {number} is not leaf,subleaf,eax,ebx,ecx,edx in hexadecimal";
                break;
            }

            builder.SetCpuid(values[0], values[1], values[2], values[3], values[4], values[5]);
            leaves++;
        }

        if (leaves == 0)
            problem ??= NoLeaf;
        snapshot = builder.Build();
        return problem is null;
    }

    /// <summary>Reads the first processor of the dump.</summary>
    public static bool TryReadRaw(string text, out MachineSnapshot snapshot, out string? problem)
    {
        var builder = new SnapshotBuilder("cpuid -r");
        problem = null;
        int processors = 0, number = 0, leaves = 0;
        foreach (ReadOnlySpan<char> raw in text.AsSpan().EnumerateLines())
        {
            number++;
            ReadOnlySpan<char> line = raw.Trim();
            if (line.StartsWith("CPU", StringComparison.Ordinal) && ++processors > 1)
                break;
            if (!line.StartsWith("0x", StringComparison.Ordinal))
                continue;
            if (!TryLine(line, out uint[] values))
            {
                problem = $"line {number} is not a line of cpuid -r";
                break;
            }

            builder.SetCpuid(values[0], values[1], values[2], values[3], values[4], values[5]);
            leaves++;
        }

        if (leaves == 0)
            problem ??= NoLeaf;
        snapshot = builder.Build();
        return problem is null;
    }

    private static bool IsHeader(ReadOnlySpan<char> line) => line.StartsWith("leaf,subleaf,eax,ebx,ecx,edx", StringComparison.OrdinalIgnoreCase);

    private static bool TryLine(ReadOnlySpan<char> line, out uint[] values)
    {
        values = new uint[6];
        string[] parts = line.ToString().Split([' ', ':', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length < 6 || !Hex(parts[0].AsSpan(2), out values[0]) || !parts[1].StartsWith("0x", StringComparison.Ordinal) || !Hex(parts[1].AsSpan(2), out values[1]))
            return false;
        for (int i = 0; i < 4; i++)
        {
            if (!parts[i + 2].StartsWith(Registers[i], StringComparison.Ordinal) || !Hex(parts[i + 2].AsSpan(Registers[i].Length), out values[i + 2]))
                return false;
        }

        return true;
    }

    private static ReadOnlySpan<char> WithoutPrefix(ReadOnlySpan<char> cell)
    {
        cell = cell.Trim();
        return cell.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? cell[2..] : cell;
    }

    private static bool Hex(ReadOnlySpan<char> text, out uint value) =>
        uint.TryParse(text.Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
}
