using System.Runtime.InteropServices;

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

    private static int Next(string text, int after) => after + 1 < text.Length ? text.IndexOf('$', after + 1) : -1;

    private static bool IsNamePart(char c, bool first) => char.IsAsciiLetter(c) || c == '_' || (!first && char.IsAsciiDigit(c));
}
