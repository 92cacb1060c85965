using System.Text;

namespace Witan.Worker.Deliberation;

/// <summary>Takes a name out of what is said to the other voters. How somebody writes cannot be hidden here.</summary>
internal static class Nameless
{
    private const string Instead = "this member";

    /// <summary>The text with "this member" in place of the name wherever it is a whole word, or words.</summary>
    public static string Of(string text, string name)
    {
        name = name.Trim();
        if (name.Length == 0)
            return text;
        var said = new StringBuilder();
        int from = 0;
        for (int at = text.IndexOf(name, StringComparison.OrdinalIgnoreCase); at >= 0; at = text.IndexOf(name, at + 1, StringComparison.OrdinalIgnoreCase))
        {
            int end = at + name.Length;
            if (at < from || (at > 0 && char.IsLetterOrDigit(text[at - 1])) || (end < text.Length && char.IsLetterOrDigit(text[end])))
                continue;
            said.Append(text, from, at - from).Append(Instead);
            from = end;
        }

        return said.Append(text, from, text.Length - from).ToString();
    }
}
