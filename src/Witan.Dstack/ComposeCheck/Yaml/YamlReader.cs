using System.Diagnostics.CodeAnalysis;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Witan.Dstack.ComposeCheck.Yaml;

/// <summary>
/// Reads YAML into nodes with positions. Uses the parser's events only: no reflection, no type is ever created from a tag,
/// and every bound of <see cref="YamlLimits"/> is counted while reading.
/// </summary>
internal sealed class YamlReader
{
    private readonly Parser _parser;
    private readonly string _text;
    private readonly int[] _lines;
    private readonly Dictionary<string, YamlNode?> _anchors = new(StringComparer.Ordinal);
    private int _nodes;

    private YamlReader(string text)
    {
        _text = text;
        _lines = LineStarts(text);
        _parser = new Parser(new StringReader(text));
    }

    /// <summary>Reads all documents of a stream. Never throws: text that cannot be read gives an error with its place.</summary>
    public static bool TryRead(
        string text,
        [NotNullWhen(true)] out IReadOnlyList<YamlNode>? documents,
        [NotNullWhen(false)] out YamlSyntaxError? error)
    {
        documents = null;
        error = null;
        if (text.Length > YamlLimits.Characters)
        {
            error = new YamlSyntaxError($"the file is longer than {YamlLimits.Characters} characters", 1, 1);
            return false;
        }

        try
        {
            documents = new YamlReader(text).Documents();
            return true;
        }
        catch (YamlException e)
        {
            string message = e.InnerException?.Message ?? e.Message;
            error = new YamlSyntaxError(message, (int)Math.Max(1, e.Start.Line), (int)Math.Max(1, e.Start.Column));
            return false;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or FormatException or OverflowException)
        {
            // What the scanner throws on text that is not YAML at all (escapes beyond Unicode, broken directives).
            error = new YamlSyntaxError($"not YAML: {e.Message}", 1, 1);
            return false;
        }
    }

    private List<YamlNode> Documents()
    {
        var documents = new List<YamlNode>();
        _parser.Consume<StreamStart>();
        while (!_parser.TryConsume<StreamEnd>(out _))
        {
            DocumentStart start = _parser.Consume<DocumentStart>();
            if (documents.Count == YamlLimits.Documents)
                throw Refuse(start, $"more than {YamlLimits.Documents} documents");
            _anchors.Clear();
            documents.Add(Node(0));
            _parser.Consume<DocumentEnd>();
        }

        return documents;
    }

    private YamlNode Node(int depth)
    {
        ParsingEvent next = _parser.Consume<ParsingEvent>();
        if (++_nodes > YamlLimits.Nodes)
            throw Refuse(next, $"more than {YamlLimits.Nodes} nodes");
        if (depth > YamlLimits.Depth)
            throw Refuse(next, $"nested deeper than {YamlLimits.Depth}");

        if (next is AnchorAlias alias)
            return Aliased(alias);

        string? anchor = next is NodeEvent { Anchor.IsEmpty: false } anchored ? anchored.Anchor.Value : null;
        if (anchor is not null)
            _anchors[anchor] = null; // open: an alias inside it would contain itself
        YamlNode node = next switch
        {
            Scalar scalar => new YamlScalar(
                scalar.Value, scalar.Style == ScalarStyle.Plain, At(scalar.Start), At(scalar.End), Tag(scalar)),
            SequenceStart start => Sequence(start, depth),
            MappingStart start => Mapping(start, depth),
            _ => throw Refuse(next, "a node was expected"),
        };
        if (node.ExpandedSize > YamlLimits.ExpandedNodes)
            throw Refuse(next, $"its aliases stand for more than {YamlLimits.ExpandedNodes} nodes");
        if (anchor is not null)
            _anchors[anchor] = node;
        return node;
    }

    private YamlNode Aliased(AnchorAlias alias)
    {
        if (!_anchors.TryGetValue(alias.Value.Value, out YamlNode? node))
            throw Refuse(alias, $"there is no anchor &{alias.Value.Value} before this");
        return node ?? throw Refuse(alias, $"*{alias.Value.Value} stands inside its own anchor");
    }

    private YamlSequence Sequence(SequenceStart start, int depth)
    {
        var items = new List<YamlNode>();
        int size = 1;
        while (_parser.Current is not SequenceEnd)
        {
            items.Add(Node(depth + 1));
            size = Add(size, items[^1]);
        }

        SequenceEnd end = _parser.Consume<SequenceEnd>();
        return new YamlSequence(items, start.Style == SequenceStyle.Flow, At(start.Start), At(end.End), Tag(start))
        {
            ExpandedSize = size,
        };
    }

    private YamlMapping Mapping(MappingStart start, int depth)
    {
        var entries = new List<YamlEntry>();
        int size = 1;
        while (_parser.Current is not MappingEnd)
        {
            ParsingEvent at = _parser.Current ?? start;
            if (Node(depth + 1) is not YamlScalar key)
                throw Refuse(at, "a key must be text");
            YamlNode value = Node(depth + 1);
            entries.Add(new YamlEntry(key, value));
            size = Add(size, value) + 1;
        }

        MappingEnd end = _parser.Consume<MappingEnd>();
        return new YamlMapping(entries, start.Style == MappingStyle.Flow, At(start.Start), At(end.End), Tag(start))
        {
            ExpandedSize = size,
        };
    }

    // Saturates: the sum of two sizes within bounds cannot overflow, and the bound is checked after each node.
    private static int Add(int size, YamlNode node) => Math.Min(size + node.ExpandedSize, (2 * YamlLimits.ExpandedNodes) + 1);

    private static string? Tag(NodeEvent node) => node.Tag.IsEmpty ? null : node.Tag.Value;

    private static YamlException Refuse(ParsingEvent at, string message) => new(at.Start, at.End, message);

    // The parser's own index counts differently from the text where lines end in CR LF, so offsets come from line and column.
    private YamlPosition At(Mark mark)
    {
        int line = (int)Math.Clamp(mark.Line, 1, _lines.Length);
        int column = (int)Math.Max(1, mark.Column);
        return new YamlPosition(line, column, Math.Min(_lines[line - 1] + column - 1, _text.Length));
    }

    private static int[] LineStarts(string text)
    {
        var starts = new List<int> { 0 };
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\r' && i + 1 < text.Length && text[i + 1] == '\n')
                continue;
            if (text[i] is '\n' or '\r' or '\u0085' or '\u2028' or '\u2029')
                starts.Add(i + 1);
        }

        return [.. starts];
    }
}
