namespace Witan.Dstack.ComposeCheck.Yaml;

/// <summary>The three ways in which one mapping is laid over another: merge keys, <c>extends</c> and further documents.</summary>
internal static class YamlMerge
{
    /// <summary>
    /// A mapping with its merge keys (<c>&lt;&lt;: *base</c>) written out. Members of the mapping itself win over merged ones, and an earlier
    /// base over a later one.
    /// </summary>
    public static YamlMapping Flatten(YamlMapping mapping)
    {
        if (!mapping.Entries.Any(entry => entry.Key.Value == "<<"))
            return mapping;
        var entries = new List<YamlEntry>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (YamlEntry entry in mapping.Entries.Where(entry => entry.Key.Value != "<<"))
        {
            seen.Add(entry.Key.Value);
            entries.Add(entry);
        }

        foreach (YamlEntry merge in mapping.Entries.Where(entry => entry.Key.Value == "<<"))
        {
            foreach (YamlMapping source in Bases(merge.Value))
                entries.AddRange(Flatten(source).Entries.Where(entry => seen.Add(entry.Key.Value)));
        }

        return With(mapping, entries);
    }

    /// <summary>
    /// Lays <paramref name="above"/> over <paramref name="below"/> as compose does with override files: mappings are merged member by
    /// member, lists are joined, text is replaced; <c>!reset</c> removes and <c>!override</c> replaces. Variables and labels are merged by name
    /// in either form, and a command is replaced. Of the items of a list that are for the same place the last counts, see
    /// <see cref="ComposeService"/>.
    /// </summary>
    public static YamlMapping Overlay(YamlMapping below, YamlMapping above)
    {
        below = Flatten(below);
        above = Flatten(above);
        var over = new Dictionary<string, YamlEntry>(StringComparer.Ordinal);
        foreach (YamlEntry entry in above.Entries)
            over[entry.Key.Value] = entry;
        var entries = new List<YamlEntry>();
        foreach (YamlEntry entry in below.Entries)
        {
            if (!over.Remove(entry.Key.Value, out YamlEntry other))
                entries.Add(entry);
            else if (other.Value.Tag != "!reset")
                entries.Add(new YamlEntry(other.Key, Lay(other.Key.Value, entry.Value, other.Value)));
        }

        entries.AddRange(above.Entries.Where(entry => entry.Value.Tag != "!reset" && over.Remove(entry.Key.Value)));
        return With(above, entries);
    }

    private static YamlNode Lay(string key, YamlNode below, YamlNode above) => (below, above) switch
    {
        _ when above.Tag == "!override" => above,
        (YamlMapping, YamlMapping or YamlSequence) or (YamlSequence, YamlMapping) when key is "environment" or "labels" => ByName(below, above),
        (YamlSequence, YamlSequence) when key is "command" or "entrypoint" or "test" => above,
        (YamlMapping under, YamlMapping over) => Overlay(under, over),
        (YamlSequence under, YamlSequence over) =>
            new YamlSequence([.. under.Items, .. over.Items], over.IsFlow, over.Start, over.End, over.Tag)
            {
                ExpandedSize = Math.Min(YamlLimits.ExpandedNodes + 1, under.ExpandedSize + over.ExpandedSize),
            },
        (_, YamlScalar { IsNull: true }) => below,
        _ => above,
    };

    // A name without a value above takes the value below away: the variable is then passed through.
    private static YamlMapping ByName(YamlNode below, YamlNode above)
    {
        List<YamlEntry> over = [.. Named(above)];
        HashSet<string> names = [.. over.Select(entry => entry.Key.Value)];
        List<YamlEntry> entries = [.. Named(below).Where(entry => !names.Contains(entry.Key.Value)), .. over.Where(entry => entry.Value.Tag != "!reset")];
        return With(above, entries);
    }

    private static IEnumerable<YamlEntry> Named(YamlNode node) =>
        node is YamlMapping mapping ? Flatten(mapping).Entries : ((YamlSequence)node).Items.Select(Entry);

    private static YamlEntry Entry(YamlNode item)
    {
        if (item is not YamlScalar { Value: var text })
            return new YamlEntry(new YamlScalar("", plain: false, item.Start, item.End, null), item);
        int sign = text.IndexOf('=', StringComparison.Ordinal);
        YamlScalar Part(string value, bool plain) => new(value, plain, item.Start, item.End, item.Tag);
        return sign < 0 ? new YamlEntry(Part(text, false), Part("", true)) : new YamlEntry(Part(text[..sign], false), Part(text[(sign + 1)..], false));
    }

    private static IEnumerable<YamlMapping> Bases(YamlNode value) =>
        value is YamlSequence list ? list.Items.OfType<YamlMapping>() : value is YamlMapping one ? [one] : [];

    private static YamlMapping With(YamlNode place, IReadOnlyList<YamlEntry> entries) =>
        new(entries, place is YamlMapping { IsFlow: true }, place.Start, place.End, place.Tag)
        {
            ExpandedSize = (int)Math.Min(YamlLimits.ExpandedNodes + 1L, 1 + entries.Sum(entry => 1L + entry.Value.ExpandedSize)),
        };
}
