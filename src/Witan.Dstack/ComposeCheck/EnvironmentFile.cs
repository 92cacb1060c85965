namespace Witan.Dstack.ComposeCheck;

/// <summary>
/// A file of <c>NAME=value</c> lines as <c>docker compose --env-file</c> reads it: blank lines and lines that begin with <c>#</c> are skipped,
/// <c>export</c> is allowed, single quotes keep everything, double quotes know <c>\n \r \t \" \\ \$</c>, a bare value ends at <c> #</c>.
/// Variables inside values are not substituted: a secret with a dollar sign in it stays what it is.
/// </summary>
public static class EnvironmentFile
{
    /// <summary>Reads the variables in the order of the file; a later line of the same name wins.</summary>
    /// <exception cref="FormatException">A line is neither a comment nor an assignment. The message names the line and no value.</exception>
    public static IReadOnlyDictionary<string, string> Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        string[] lines = text.TrimStart('\ufeff').ReplaceLineEndings("\n").Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i].Trim();
            if (line.Length == 0 || line[0] == '#')
                continue;
            if (line.StartsWith("export ", StringComparison.Ordinal))
                line = line[7..].TrimStart();
            int equals = line.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? "" : line[..equals].TrimEnd();
            if (!IsName(name))
                throw new FormatException($"line {i + 1} is not NAME=value");
            variables[name] = Value(line[(equals + 1)..].Trim(), i + 1);
        }

        return variables;
    }

    private static bool IsName(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

    private static string Value(string raw, int line)
    {
        if (raw is ['\'' or '"', ..])
        {
            int end = Closing(raw);
            if (end < 0 || raw[(end + 1)..].Trim() is not ("" or ['#', ..]))
                throw new FormatException($"line {line} has a quote that is not closed, or text behind it");
            string inner = raw[1..end];
            return raw[0] == '"' ? Unescape(inner) : inner;
        }

        int comment = raw.IndexOf(" #", StringComparison.Ordinal);
        return (comment < 0 ? raw : raw[..comment]).TrimEnd();
    }

    private static int Closing(string raw)
    {
        for (int i = 1; i < raw.Length; i++)
        {
            if (raw[0] == '"' && raw[i] == '\\')
                i++;
            else if (raw[i] == raw[0])
                return i;
        }

        return -1;
    }

    private static string Unescape(string text)
    {
        var result = new System.Text.StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\' || i + 1 == text.Length)
            {
                result.Append(text[i]);
                continue;
            }

            i++;
            result.Append(text[i] switch { 'n' => "\n", 'r' => "\r", 't' => "\t", '"' => "\"", '\\' => "\\", '$' => "$", var other => $"\\{other}" });
        }

        return result.ToString();
    }
}
