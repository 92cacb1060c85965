using System.Runtime.InteropServices;
using System.Text;

namespace Witan.Dstack.ComposeCheck;

/// <summary>A <c>$NAME</c> or <c>${NAME…}</c> in the text of a compose file, as compose substitutes them.</summary>
/// <param name="Name">The variable.</param>
/// <param name="HasDefault">Something is substituted where the variable is not set (<c>:-</c>, <c>-</c>, <c>:+</c>, <c>+</c>).</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct VariableReference(string Name, bool HasDefault)
{
    /// <summary>All references in a text, those inside defaults included. <c>$$</c> is a dollar sign and no reference.</summary>
    public static List<VariableReference> In(string text)
    {
        var found = new List<VariableReference>();
        for (int i = text.IndexOf('$', StringComparison.Ordinal); i >= 0 && i + 1 < text.Length; i = Next(text, i))
        {
            bool braced = text[i + 1] == '{';
            int start = i + (braced ? 2 : 1);
            int end = start;
            while (end < text.Length && IsNamePart(text[end], end == start))
                end++;
            if (end == start)
            {
                if (text[i + 1] == '$')
                    i++;
                continue;
            }

            // What follows the name decides: "}" nothing, "?" an error where unset, "-" and "+" a substitute.
            int op = braced && end < text.Length && text[end] == ':' ? end + 1 : end;
            found.Add(new VariableReference(text[start..end], braced && op < text.Length && (text[op] is '-' or '+')));
            i = end - 1;
        }

        return found;
    }

    /// <summary>
    /// What of a text stands in it as written: without its references, and with what they give where the variable is not set. A doubled
    /// dollar sign is one.
    /// </summary>
    public static string Literals(string text)
    {
        if (!text.Contains('$', StringComparison.Ordinal))
            return text;
        var result = new StringBuilder(text.Length);
        int open = 0;
        for (int i = 0; i < text.Length;)
        {
            bool braced = i + 1 < text.Length && text[i + 1] == '{';
            int start = i + (braced ? 2 : 1), end = start;
            while (text[i] == '$' && end < text.Length && IsNamePart(text[end], end == start))
                end++;
            if (text[i] == '}' && open > 0)
            {
                (i, open) = (i + 1, open - 1);
            }
            else if (text[i] != '$' || end == start)
            {
                result.Append(text[i]);
                i += text[i] == '$' && i + 1 < text.Length && text[i + 1] == '$' ? 2 : 1;
            }
            else if (!braced)
            {
                i = end;
            }
            else
            {
                // A substitute is read on like any other text, up to the brace that belongs to it; all else up to the brace is skipped.
                int op = end < text.Length && text[end] == ':' ? end + 1 : end;
                bool substitutes = op < text.Length && (text[op] is '-' or '+');
                int close = substitutes ? op : text.IndexOf('}', end);
                i = close < 0 ? text.Length : close + 1;
                open += substitutes ? 1 : 0;
            }
        }

        return result.ToString();
    }

    private static int Next(string text, int after) => after + 1 < text.Length ? text.IndexOf('$', after + 1) : -1;

    private static bool IsNamePart(char c, bool first) => char.IsAsciiLetter(c) || c == '_' || (!first && char.IsAsciiDigit(c));
}
