using Witan.Dstack.ComposeCheck.Yaml;

namespace Witan.Dstack.ComposeCheck;

/// <summary>One variable of a service's <c>environment</c>. <see cref="Value"/> is null where it is passed through by name alone.</summary>
internal sealed record EnvironmentEntry(string Name, string? Value, YamlNode Node, bool IsListForm)
{
    /// <summary>Reads either form: a mapping, or a list of <c>NAME=value</c>.</summary>
    public static IEnumerable<EnvironmentEntry> Of(YamlNode? environment)
    {
        if (environment is YamlMapping mapping)
        {
            foreach (YamlEntry entry in YamlMerge.Flatten(mapping).Entries)
            {
                if (entry.Value is YamlScalar scalar)
                    yield return new EnvironmentEntry(entry.Key.Value, scalar.IsNull ? null : Given(scalar), scalar.IsNull ? entry.Key : scalar, false);
            }
        }
        else if (environment is YamlSequence list)
        {
            foreach (YamlScalar item in list.Items.OfType<YamlScalar>())
            {
                int equals = item.Value.IndexOf('=', StringComparison.Ordinal);
                yield return equals < 0
                    ? new EnvironmentEntry(item.Value, null, item, true)
                    : new EnvironmentEntry(item.Value[..equals], item.Value[(equals + 1)..], item, true);
            }
        }
    }

    // Without quotes these are switches, and compose writes a switch into the environment in lower case.
    private static string Given(YamlScalar scalar) => scalar switch
    {
        { IsPlain: true, Tag: not "tag:yaml.org,2002:str", Value: "True" or "TRUE" } => "true",
        { IsPlain: true, Tag: not "tag:yaml.org,2002:str", Value: "False" or "FALSE" } => "false",
        _ => scalar.Value,
    };
}
