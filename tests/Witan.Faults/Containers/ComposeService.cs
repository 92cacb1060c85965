using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace Witan.Faults.Containers;

/// <summary>The one service of a compose file, with its variables put in: what an engine is told to do.</summary>
/// <param name="Environment">Variables of the container.</param>
/// <param name="Volumes">What is mounted: a host path or the name of a volume, and where.</param>
/// <param name="Temporary">Where memory is mounted.</param>
/// <param name="IsReadOnly">Whether the image's own files cannot be written.</param>
/// <param name="Restart">Restart policy.</param>
public sealed partial record ComposeService(
    IReadOnlyDictionary<string, string> Environment, IReadOnlyList<(string Source, string Target)> Volumes,
    IReadOnlyList<string> Temporary, bool IsReadOnly, string Restart)
{
    private static readonly string[] s_known =
    [
        "image", "platform", "restart", "stop_grace_period", "ports", "environment", "volumes", "read_only", "tmpfs", "cap_drop", "security_opt", "logging",
    ];

    /// <summary>
    /// Reads a file as the files under <c>deploy/</c> are written; another shape throws. Configs do: compose copies them into the container, which
    /// an engine refuses where the container is read-only.
    /// </summary>
    public static ComposeService Read(string path, IReadOnlyDictionary<string, string> variables)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(File.ReadAllText(path)));
        var root = (YamlMappingNode)stream.Documents[0].RootNode;
        var service = (YamlMappingNode)((YamlMappingNode)root["services"]).Children.Single().Value;
        if (service.Children.Keys.Select(key => ((YamlScalarNode)key).Value!).Except(s_known, StringComparer.Ordinal).FirstOrDefault() is { } unknown)
            throw new InvalidDataException($"{path}: what {unknown} means for a container is not known here");
        string Filled(YamlNode text) => Variable().Replace(((YamlScalarNode)text).Value!, match => match.Value == "$$" ? "$" : variables[match.Groups[1].Value]);
        return new ComposeService(
            ((YamlMappingNode)service["environment"]).Children.ToDictionary(pair => ((YamlScalarNode)pair.Key).Value!, pair => Filled(pair.Value), StringComparer.Ordinal),
            [.. ((YamlSequenceNode)service["volumes"]).Select(volume => Filled(volume).Split(':')).Select(parts => (parts[0], parts[1]))],
            [.. ((YamlSequenceNode)service["tmpfs"]).Select(Filled)],
            Filled(service["read_only"]) == "true",
            Filled(service["restart"]));
    }

    [GeneratedRegex(@"\$\$|\$\{(\w+)\}")]
    private static partial Regex Variable();
}
