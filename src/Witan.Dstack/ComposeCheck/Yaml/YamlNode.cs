using System.Runtime.InteropServices;

namespace Witan.Dstack.ComposeCheck.Yaml;

/// <summary>A place in the text: line and column count from 1, the offset in UTF-16 units from 0.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct YamlPosition(int Line, int Column, int Offset);

/// <summary>One node of a YAML document, with the place where it was written. Aliases share the node they name.</summary>
internal abstract class YamlNode(YamlPosition start, YamlPosition end, string? tag)
{
    public YamlPosition Start { get; } = start;

    public YamlPosition End { get; } = end;

    /// <summary>The explicit tag such as <c>!reset</c>, or null.</summary>
    public string? Tag { get; } = tag;

    /// <summary>How many nodes this is with every alias below it written out.</summary>
    public int ExpandedSize { get; init; } = 1;
}

/// <summary>Text, in any of the five styles.</summary>
internal sealed class YamlScalar(string value, bool plain, YamlPosition start, YamlPosition end, string? tag)
    : YamlNode(start, end, tag)
{
    public string Value { get; } = value;

    /// <summary>Written without quotes and not as a block, so that words like <c>null</c> have a meaning.</summary>
    public bool IsPlain { get; } = plain;

    public bool IsNull => IsPlain && Value is "" or "~" or "null" or "Null" or "NULL";
}

/// <summary>A list.</summary>
internal sealed class YamlSequence(IReadOnlyList<YamlNode> items, bool flow, YamlPosition start, YamlPosition end, string? tag)
    : YamlNode(start, end, tag)
{
    public IReadOnlyList<YamlNode> Items { get; } = items;

    /// <summary>Written as <c>[a, b]</c>.</summary>
    public bool IsFlow { get; } = flow;
}

/// <summary>A member of a mapping.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct YamlEntry(YamlScalar Key, YamlNode Value);

/// <summary>A mapping, with its members in the order of the text.</summary>
internal sealed class YamlMapping(IReadOnlyList<YamlEntry> entries, bool flow, YamlPosition start, YamlPosition end, string? tag)
    : YamlNode(start, end, tag)
{
    public IReadOnlyList<YamlEntry> Entries { get; } = entries;

    /// <summary>Written as <c>{a: b}</c>.</summary>
    public bool IsFlow { get; } = flow;

    /// <summary>The member of that name, or null. A member whose value is null counts as absent.</summary>
    public YamlEntry? Find(string key)
    {
        foreach (YamlEntry entry in Entries)
        {
            if (entry.Key.Value == key && entry.Value is not YamlScalar { IsNull: true })
                return entry;
        }

        return null;
    }

    /// <summary>The value of that name where it is text, or null.</summary>
    public string? Text(string key) => (Find(key)?.Value as YamlScalar)?.Value;
}
