namespace Witan.Dstack.ComposeCheck;

/// <summary>The pre-launch script, as far as it can be known without running it: which variables it may set for the containers.</summary>
/// <param name="text">The script; empty for none, null where it is left to the platform.</param>
internal sealed class StartScript(string? text)
{
    /// <summary>What Phala's own script sets.</summary>
    public static IReadOnlyList<string> PlatformVariables { get; } = ["DSTACK_APP_ID", "DSTACK_APP_DOMAIN", "DSTACK_GATEWAY_DOMAIN"];

    private readonly HashSet<string> _words = text is null ? [.. PlatformVariables] : Words(text);

    /// <summary>Whether a variable's name is a word of the script.</summary>
    public bool MaySet(string name) => _words.Contains(name);

    private static HashSet<string> Words(string text)
    {
        var words = new HashSet<string>(StringComparer.Ordinal);
        for (int start = 0, end; start < text.Length; start = end + 1)
        {
            end = start;
            while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] == '_'))
                end++;
            words.Add(text[start..end]);
        }

        return words;
    }
}
