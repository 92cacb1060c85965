using System.Diagnostics.CodeAnalysis;
using Witan.Dstack.ComposeCheck.Yaml;

namespace Witan.Dstack.ComposeCheck;

/// <summary>A compose file read: its text, its documents laid over one another, and its services.</summary>
internal sealed class ComposeDocument
{
    private readonly bool _tooLarge;

    private ComposeDocument(string text, IReadOnlyList<YamlMapping> parts)
    {
        Text = text;
        Parts = parts;
        Root = parts.Skip(1).Aggregate(YamlMerge.Flatten(parts[0]), YamlMerge.Overlay);
        Services = ServicesOf(Root, out _tooLarge);
    }

    public string Text { get; }

    /// <summary>The documents of the stream as written.</summary>
    public IReadOnlyList<YamlMapping> Parts { get; }

    /// <summary>All documents laid over one another, as compose does.</summary>
    public YamlMapping Root { get; }

    public IReadOnlyList<ComposeService> Services { get; }

    /// <summary>What ends a line in this file.</summary>
    public string NewLine => Text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";

    public static bool TryRead(
        string text,
        [NotNullWhen(true)] out ComposeDocument? document,
        [NotNullWhen(false)] out YamlSyntaxError? error)
    {
        document = null;
        if (!YamlReader.TryRead(text, out IReadOnlyList<YamlNode>? nodes, out error))
            return false;
        if (nodes.Count == 0)
        {
            error = new YamlSyntaxError("the file is empty", 1, 1);
            return false;
        }

        foreach (YamlNode node in nodes)
        {
            if (node is not YamlMapping)
            {
                error = new YamlSyntaxError("a compose file is a mapping", node.Start.Line, node.Start.Column);
                return false;
            }
        }

        var read = new ComposeDocument(text, [.. nodes.Cast<YamlMapping>()]);
        if (read._tooLarge)
        {
            error = new YamlSyntaxError($"its services stand for more than {YamlLimits.ExpandedNodes} nodes", 1, 1);
            return false;
        }

        document = read;
        return true;
    }

    /// <summary>The entries of a top-level section such as <c>volumes</c>, with merge keys written out.</summary>
    public IEnumerable<YamlEntry> Section(string name) =>
        from entry in Root.Find(name)?.Value is YamlMapping section ? YamlMerge.Flatten(section).Entries : []
        select entry.Value is YamlMapping mapping ? new YamlEntry(entry.Key, YamlMerge.Flatten(mapping)) : entry;

    /// <summary>Every text value, each written node once however often aliases name it.</summary>
    public IEnumerable<YamlScalar> Values()
    {
        var seen = new HashSet<YamlNode>(ReferenceEqualityComparer.Instance);
        var open = new Stack<YamlNode>(Parts.Reverse());
        while (open.TryPop(out YamlNode? node))
        {
            if (!seen.Add(node))
                continue;
            if (node is YamlScalar scalar)
                yield return scalar;
            IEnumerable<YamlNode> below = node switch
            {
                YamlMapping mapping => mapping.Entries.Select(entry => entry.Value),
                YamlSequence sequence => sequence.Items,
                _ => [],
            };
            foreach (YamlNode child in below.Reverse())
                open.Push(child);
        }
    }

    /// <summary>Every mapping as written, once.</summary>
    public IEnumerable<YamlMapping> Mappings()
    {
        var seen = new HashSet<YamlNode>(ReferenceEqualityComparer.Instance);
        var open = new Stack<YamlNode>(Parts.Reverse());
        while (open.TryPop(out YamlNode? node))
        {
            if (!seen.Add(node))
                continue;
            if (node is YamlMapping mapping)
            {
                yield return mapping;
                foreach (YamlEntry entry in mapping.Entries.Reverse())
                    open.Push(entry.Value);
            }
            else if (node is YamlSequence sequence)
            {
                foreach (YamlNode child in sequence.Items.Reverse())
                    open.Push(child);
            }
        }
    }

    private static List<ComposeService> ServicesOf(YamlMapping root, out bool tooLarge)
    {
        tooLarge = false;
        var read = new List<ComposeService>();
        if (root.Find("services")?.Value is not YamlMapping services)
            return read;
        long size = 0;
        var all = new Dictionary<string, YamlMapping>(StringComparer.Ordinal);
        YamlMapping flat = YamlMerge.Flatten(services);
        foreach (YamlEntry entry in flat.Entries)
        {
            if (entry.Value is YamlMapping mapping)
                all[entry.Key.Value] = YamlMerge.Flatten(mapping);
        }

        foreach (YamlEntry entry in flat.Entries)
        {
            // A service that stands before its own key is an alias: editing it would edit another one.
            YamlMapping? own = entry.Value as YamlMapping;
            if (own is not null && own.Start.Offset < entry.Key.Start.Offset)
                own = null;
            YamlMapping effective = all.TryGetValue(entry.Key.Value, out YamlMapping? found)
                ? Extended(found, all, 0)
                : new YamlMapping([], false, entry.Key.Start, entry.Key.End, null);
            // Many services that extend a long one would multiply it.
            size += effective.ExpandedSize;
            tooLarge = size > YamlLimits.ExpandedNodes;
            if (tooLarge)
                return read;
            read.Add(new ComposeService(entry.Key, own, effective));
        }

        return read;
    }

    // extends inside the same file; a chain longer than this is a circle.
    private static YamlMapping Extended(YamlMapping service, Dictionary<string, YamlMapping> all, int depth)
    {
        if (depth > 16 || service.Find("extends") is not { } extends)
            return service;
        string? name = extends.Value switch
        {
            YamlScalar scalar => scalar.Value,
            YamlMapping mapping when mapping.Find("file") is null => mapping.Text("service"),
            _ => null,
        };
        return name is not null && all.TryGetValue(name, out YamlMapping? below)
            ? YamlMerge.Overlay(Extended(below, all, depth + 1), service)
            : service;
    }
}
