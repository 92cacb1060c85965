using Witan.Dstack.ComposeCheck.Yaml;

namespace Witan.Dstack.ComposeCheck;

/// <summary>One entry of a service's <c>volumes</c>, in its short or long form.</summary>
internal sealed record ComposeVolume(YamlNode Node, string? Source, string Target, string Type)
{
    /// <summary>A source that is a path relative to a folder which the platform never sees.</summary>
    public bool IsRelative => Type == "bind" && Source is ['.', ..] or ['~', ..];

    /// <summary>A volume that must be declared; an image or a pipe is another kind of source.</summary>
    public bool IsNamed => Source is not null && Type == "volume";

    /// <summary>Reads an entry; null where it is neither text nor a mapping with a target.</summary>
    public static ComposeVolume? Of(YamlNode node)
    {
        if (node is YamlMapping mapping)
        {
            mapping = YamlMerge.Flatten(mapping);
            string? source = mapping.Text("source") ?? mapping.Text("src");
            string? target = mapping.Text("target") ?? mapping.Text("dst") ?? mapping.Text("destination");
            return target is null ? null : new ComposeVolume(node, source, target, mapping.Text("type") ?? "volume");
        }

        if (node is not YamlScalar { Value: var text })
            return null;
        string[] parts = Split(text);
        return parts.Length == 1
            ? new ComposeVolume(node, null, parts[0], "volume")
            : new ComposeVolume(node, parts[0], parts[1], parts[0] is ['/', ..] or ['.', ..] or ['~', ..] ? "bind" : "volume");
    }

    // A colon inside ${VAR:-default} does not separate.
    private static string[] Split(string text)
    {
        var parts = new List<string>();
        int start = 0, braces = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '{')
                braces++;
            else if (text[i] == '}')
                braces--;
            else if (text[i] == ':' && braces <= 0)
            {
                parts.Add(text[start..i]);
                start = i + 1;
            }
        }

        parts.Add(text[start..]);
        return [.. parts];
    }
}
