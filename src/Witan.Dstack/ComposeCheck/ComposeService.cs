using Witan.Dstack.ComposeCheck.Yaml;

namespace Witan.Dstack.ComposeCheck;

/// <summary>One service: as written, for edits, and with its merges, <c>extends</c> and overrides applied, for checks.</summary>
internal sealed class ComposeService
{
    /// <summary>The socket, under the one path that both the platform and the SDKs use.</summary>
    public const string Socket = "/var/run/dstack.sock";

    /// <summary>The label that names a role where name and image do not: <c>coordinator</c>, <c>worker</c>, <c>trustee</c> or <c>none</c>.</summary>
    public const string RoleLabel = "witan.role";

    public ComposeService(YamlScalar key, YamlMapping? own, YamlMapping effective)
    {
        Key = key;
        Own = own;
        Effective = effective;
        Image = effective.Text("image");
        Volumes = Last((effective.Find("volumes")?.Value as YamlSequence)?.Items.Select(ComposeVolume.Of).OfType<ComposeVolume>() ?? [], volume => volume.Target);
        Environment = Last(EnvironmentEntry.Of(effective.Find("environment")?.Value), entry => entry.Name);
        Role = RoleOf(key.Value, Image, EnvironmentEntry.Of(effective.Find("labels")?.Value));
        MountsSocket = Volumes.Any(volume => Canonical(volume.Source) == Socket || volume.Target == Socket);
    }

    public string Name => Key.Value;

    public YamlScalar Key { get; }

    /// <summary>The mapping written under the service's own key; null where it is an alias or nothing.</summary>
    public YamlMapping? Own { get; }

    public YamlMapping Effective { get; }

    public string? Image { get; }

    public IReadOnlyList<ComposeVolume> Volumes { get; }

    public IReadOnlyList<EnvironmentEntry> Environment { get; }

    public ServiceRole Role { get; }

    public bool MountsSocket { get; }

    /// <summary>The three mandatory settings apply.</summary>
    public bool NeedsDstack => Role != ServiceRole.Other || MountsSocket;

    /// <summary>A port of it can be reached from outside the guest.</summary>
    public bool PublishesPorts => Effective.Find("ports")?.Value is YamlSequence { Items.Count: > 0 } || Effective.Text("network_mode") == "host";

    /// <summary>The names of the top-level <c>configs</c> or <c>secrets</c> that it takes.</summary>
    public IEnumerable<string> Sources(string section) =>
        from item in (Effective.Find(section)?.Value as YamlSequence)?.Items ?? []
        let name = item switch
        {
            YamlScalar scalar => scalar.Value,
            YamlMapping mapping => YamlMerge.Flatten(mapping).Text("source"),
            _ => null,
        }
        where name is not null
        select name;

    /// <summary><c>/var/run</c> is a link to <c>/run</c> on every guest.</summary>
    public static string? Canonical(string? path) =>
        path is not null && path.StartsWith("/run/", StringComparison.Ordinal) ? "/var" + path : path;

    // Of several for one name or place compose takes the last.
    private static IReadOnlyList<T> Last<T>(IEnumerable<T> items, Func<T, string> place) => [.. items.Reverse().DistinctBy(place, StringComparer.Ordinal).Reverse()];

    private static ServiceRole RoleOf(string name, string? image, IEnumerable<EnvironmentEntry> labels)
    {
        string? label = labels.LastOrDefault(entry => entry.Name == RoleLabel)?.Value;
        if (label is not null)
            return RoleNamed(label.Trim()) ?? ServiceRole.Other;
        IEnumerable<string> words = ImageReference.Words(name);
        if (image is not null)
            words = ImageReference.Words(ImageReference.Parse(image).Name).Concat(words);
        return words.Select(RoleNamed).FirstOrDefault(role => role is not null) ?? ServiceRole.Other;
    }

    private static ServiceRole? RoleNamed(string word) => word switch
    {
        "coordinator" => ServiceRole.Coordinator,
        "worker" => ServiceRole.Worker,
        "trustee" => ServiceRole.Trustee,
        _ => null,
    };
}
