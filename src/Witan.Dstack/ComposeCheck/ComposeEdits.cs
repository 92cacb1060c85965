using Witan.Dstack.ComposeCheck.Yaml;

namespace Witan.Dstack.ComposeCheck;

/// <summary>
/// Changes to the text of a compose file that leave every comment and every other line alone. Each returns null where the
/// place is not the service's own text (an alias, a merge), because a change there would change other services too.
/// </summary>
internal static class ComposeEdits
{
    /// <summary>Adds <c>key: value</c> to a service that has no such member.</summary>
    public static TextEdit? AddMember(ComposeDocument document, ComposeService service, string key, string value)
    {
        if (service.Own is not { Entries.Count: > 0 } own)
            return null;
        string member = value is ['\r' or '\n', ..] ? $"{key}:{value}" : $"{key}: {value}";
        if (Empty(own, key) is { } empty)
            return InPlace(document, empty, " " + value);
        if (own.IsFlow)
            return new TextEdit(own.Start.Offset + 1, 0, member + ", ");

        // Below the image reads best; where that is not one plain line, above the first member.
        string text = document.Text;
        if (own.Find("image") is { Value: YamlScalar image } entry && image.Start.Line == image.End.Line
            && entry.Key.Start.Line == image.Start.Line && Indentation(text, entry.Key.Start) is { } indent)
        {
            return new TextEdit(EndOfLine(text, image.End.Offset), 0, document.NewLine + indent + member);
        }

        YamlPosition first = own.Entries[0].Key.Start;
        return Indentation(text, first) is { } spaces
            ? new TextEdit(first.Offset, 0, member + document.NewLine + spaces)
            : null;
    }

    /// <summary>Adds an item to a service's list, and the list where there is none.</summary>
    public static TextEdit? AddItem(ComposeDocument document, ComposeService service, string list, string item)
    {
        if (service.Effective.Find(list) is not { } entry)
        {
            if (service.Own is not { IsFlow: false, Entries.Count: > 0 } own)
                return AddMember(document, service, list, $"[{item}]");
            string? indent = Indentation(document.Text, own.Entries[0].Key.Start);
            if (indent is null)
                return null;
            string items = $"{document.NewLine}{indent}  - {item}";
            return Empty(own, list) is { Value: YamlScalar { Value: "" } } empty
                ? new TextEdit(EndOfLine(document.Text, empty.Key.End.Offset), 0, items)
                : AddMember(document, service, list, items);
        }

        if (entry.Value is not YamlSequence sequence || !Owns(service, sequence))
            return null;
        if (sequence.IsFlow)
            return new TextEdit(sequence.Start.Offset + 1, 0, sequence.Items.Count == 0 ? item : item + ", ");
        YamlPosition first = sequence.Items[0].Start;
        int line = first.Offset - (first.Column - 1);
        string prefix = document.Text[line..first.Offset];
        return prefix.TrimStart(' ').TrimEnd(' ') == "-" ? new TextEdit(line, 0, prefix + item + document.NewLine) : null;
    }

    /// <summary>Replaces a text value.</summary>
    public static TextEdit? Replace(ComposeService service, YamlNode? node, string text) =>
        node is YamlScalar scalar && Owns(service, scalar) && scalar.Start.Line == scalar.End.Line
            ? new TextEdit(scalar.Start.Offset, scalar.End.Offset - scalar.Start.Offset, text)
            : null;

    private static bool Owns(ComposeService service, YamlNode node) =>
        service.Own is { } own && node.Start.Offset >= own.Start.Offset && node.End.Offset <= own.End.Offset;

    // A key that stands there with nothing or a null behind it: a second one would make the file invalid.
    private static YamlEntry? Empty(YamlMapping own, string key)
    {
        foreach (YamlEntry entry in own.Entries)
        {
            if (entry.Key.Value == key && entry.Value is YamlScalar { IsNull: true })
                return entry;
        }

        return null;
    }

    // Over a null that is written out behind its key (an alias stands elsewhere, and is somebody else's too), else behind the colon.
    private static TextEdit? InPlace(ComposeDocument document, YamlEntry entry, string text)
    {
        if (entry.Value is YamlScalar { Value.Length: > 0 } written)
        {
            return written.Start.Offset >= entry.Key.End.Offset && written.Start.Line == entry.Key.End.Line
                ? new TextEdit(written.Start.Offset, written.End.Offset - written.Start.Offset, text.TrimStart(' '))
                : null;
        }

        int key = entry.Key.End.Offset, colon = document.Text.IndexOf(':', key);
        return colon < 0 || colon > EndOfLine(document.Text, key) ? null : new TextEdit(colon + 1, 0, text);
    }

    // The blanks before a position, or null where something else stands there.
    private static string? Indentation(string text, YamlPosition position)
    {
        int line = position.Offset - (position.Column - 1);
        string before = text[line..position.Offset];
        return before.AsSpan().IndexOfAnyExcept(' ') < 0 ? before : null;
    }

    private static int EndOfLine(string text, int from)
    {
        int end = text.AsSpan(from).IndexOfAny('\r', '\n');
        return end < 0 ? text.Length : from + end;
    }
}
