using System.Text.RegularExpressions;

namespace Witan.Tests.Machine.Transcripts;

/// <summary>One mark of a printed tree: its depth, the sign, and the words.</summary>
/// <param name="Sign">✔, ✘ or ?; a space for a line without a mark.</param>
public sealed record TreeLine(int Depth, char Sign, string Label)
{
    public override string ToString() => $"{new string(' ', Depth * 2)}{Sign} {Label}";
}

/// <summary>
/// Reads the tree out of the output of <c>sgx-detect</c>, <c>phala sgx-test</c> and this program: ? or ？ with any number of
/// spaces, remarks after <c>//</c>, trailing spaces. Only the documents' three categories are read.
/// </summary>
public static partial class Transcript
{
    private static readonly string[] Categories = ["SGX instruction set", "Flexible launch control", "SGX system software"];

    public static IReadOnlyList<TreeLine> Read(string text)
    {
        var lines = new List<TreeLine>();
        bool inside = false;
        foreach (string raw in text.ReplaceLineEndings("\n").Split('\n'))
        {
            string line = Remark().Replace(raw, "").TrimEnd();
            int indent = line.Length - line.TrimStart().Length;
            if (line.Length == 0 || line[0] == '#' || line.StartsWith("🕮", StringComparison.Ordinal))
            {
                inside = false;
                continue;
            }

            List<TreeLine> found = Marks(line, indent / 2);
            if (indent == 0)
                inside = found.Count == 1 && Categories.Contains(found[0].Label);
            if (inside)
                lines.AddRange(found);
        }

        return lines;
    }

    private static List<TreeLine> Marks(string line, int depth)
    {
        MatchCollection matches = Marked().Matches(line);
        return matches.Count == 0
            ? [new TreeLine(depth, ' ', line.Trim())]
            : [.. matches.Select(match => new TreeLine(depth, match.Groups[1].Value[0] is '？' ? '?' : match.Groups[1].Value[0], match.Groups[2].Value.TrimEnd()))];
    }

    [GeneratedRegex(@"\s*//.*$")]
    private static partial Regex Remark();

    [GeneratedRegex(@"([✔✘?？])\s*([^✔✘?？]+)")]
    private static partial Regex Marked();
}
