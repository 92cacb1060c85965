using Witan.Dstack.ComposeCheck.Yaml;

namespace Witan.Dstack.ComposeCheck.Rules;

/// <summary>L04 (lock and legacy mounts) and L07: what survives a restart, and files that are not shipped.</summary>
internal static class StorageRules
{
    // Where well-known images keep what must not be lost.
    private static readonly Dictionary<string, string> StatefulImages = new(StringComparer.Ordinal)
    {
        ["postgres"] = "/var/lib/postgresql",
        ["postgresql"] = "/var/lib/postgresql",
        ["mysql"] = "/var/lib/mysql",
        ["mariadb"] = "/var/lib/mysql",
        ["mongo"] = "/data/db",
        ["redis"] = "/data",
        ["valkey"] = "/data",
        ["minio"] = "/data",
        ["clickhouse-server"] = "/var/lib/clickhouse",
        ["rabbitmq"] = "/var/lib/rabbitmq",
        ["nats"] = "/data",
        ["etcd"] = "/var/lib/etcd",
        ["influxdb"] = "/var/lib/influxdb2",
        ["qdrant"] = "/qdrant/storage",
    };

    private const string WitanState = "/var/lib/witan";

    public static IEnumerable<ComposeFinding> Check(ComposeDocument document)
    {
        HashSet<string> declared = [.. document.Section("volumes").Select(entry => entry.Key.Value)];
        foreach (ComposeService service in document.Services)
        {
            foreach (ComposeFinding found in Mounts(service, declared).Concat(State(service)).Concat(Files(service)).Concat(ReadOnly(document, service)))
                yield return found.In(service);
        }

        foreach (string section in new[] { "configs", "secrets" })
        {
            foreach (YamlEntry entry in document.Section(section))
            {
                if ((entry.Value as YamlMapping)?.Find("file") is { } file)
                    yield return NotShipped(file.Key, $"{section}.{entry.Key.Value}.file", "write its text under content:, or pass a secret in the encrypted environment");
            }
        }

        if (document.Root.Find("include") is { } include)
            yield return NotShipped(include.Key, "include", "write the included services into this file");
    }

    private static IEnumerable<ComposeFinding> Mounts(ComposeService service, HashSet<string> declared)
    {
        bool dstack = service.MountsSocket;
        foreach (ComposeVolume volume in service.Volumes)
        {
            string? source = ComposeService.Canonical(volume.Source);
            if (source is "/var/run/dstack.sock.lock" or "/var/run/tappd.sock.lock")
            {
                yield return Found.Error(
                    "L04", "COMPOSE_LOCK_MOUNT", volume.Node, $"{source} is mounted",
                    "where the file is absent a directory of that name is made, and the agent cannot start.", "remove the line");
            }
            else if (source is "/var/run" or "/var/run/" or "/var/run/dstack" or "/var/run/dstack/")
            {
                yield return Found.Error(
                    "L04", "COMPOSE_SOCKET_DIRECTORY", volume.Node, $"the folder {source} is mounted in place of the socket",
                    "where the path is absent an empty folder is made, and where it is present more than the socket is handed over.",
                    $"mount {ComposeService.Socket} itself");
            }
            else if (source == "/var/run/tappd.sock" && !dstack)
            {
                yield return Found.Warning(
                    "L04", "COMPOSE_SOCKET_LEGACY", volume.Node, "only the legacy tappd.sock is mounted",
                    "it is gone on current guest images.", $"mount {ComposeService.Socket}");
            }
            else if (volume.IsRelative)
            {
                yield return NotShipped(volume.Node, $"the mount of {volume.Source}", "use a named volume, or configs with content:");
            }
            else if (volume.IsNamed && !volume.Source!.Contains('$', StringComparison.Ordinal) && !declared.Contains(volume.Source))
            {
                yield return Found.Error(
                    "L07", "COMPOSE_VOLUME_UNDECLARED", volume.Node, $"volume \"{volume.Source}\" is not declared",
                    "compose refuses the file.", $"add at the top level: volumes: {{{volume.Source}: }}");
            }
            else if (volume.Source is null && (volume.Node as YamlMapping)?.Text("type") != "tmpfs")
            {
                yield return Found.Warning(
                    "L07", "COMPOSE_VOLUME_ANONYMOUS", volume.Node, $"{volume.Target} is on an anonymous volume",
                    "the platform's start script deletes unused volumes at boot.", "give it a name and declare it");
            }
        }
    }

    private static IEnumerable<ComposeFinding> State(ComposeService service)
    {
        string? path = service.Role is ServiceRole.Coordinator or ServiceRole.Trustee ? WitanState : null;
        if (path is null && service.Image is not null)
            StatefulImages.TryGetValue(ImageReference.Parse(service.Image).Name, out path);
        bool kept = path is null || service.Volumes.Any(volume =>
            volume.Source is not null && (volume.Target == path || volume.Target.StartsWith(path + "/", StringComparison.Ordinal)));
        if (!kept)
        {
            yield return Found.Warning(
                "L07", "COMPOSE_STATE_NOT_KEPT", service.Key, $"service \"{service.Name}\" keeps its state in {path}, which is on no named volume",
                "it is lost when the container is made anew.", $"declare a volume and mount it: - state:{path}");
        }
    }

    private static IEnumerable<ComposeFinding> Files(ComposeService service)
    {
        if (service.Effective.Find("env_file") is { } file)
            yield return NotShipped(file.Key, "env_file", "pass the values in the encrypted environment and write NAME: ${NAME}");
        if ((service.Effective.Find("extends")?.Value as YamlMapping)?.Find("file") is { } extends)
            yield return NotShipped(extends.Key, "extends.file", "write the base service into this file");
    }

    // Engines mount what is a file of theirs; text and variables compose copies into the container after it was made.
    private static IEnumerable<ComposeFinding> ReadOnly(ComposeDocument document, ComposeService service)
    {
        if (service.Effective.Find("read_only") is not { Value: YamlScalar { Value: var value } } entry || !PrivilegeRules.IsTrue(value))
            yield break;
        foreach (string section in new[] { "configs", "secrets" })
        {
            HashSet<string> taken = [.. service.Sources(section)];
            foreach (YamlEntry source in document.Section(section).Where(source => taken.Contains(source.Key.Value)))
            {
                if (source.Value is YamlMapping mapping && (mapping.Find("content") ?? mapping.Find("environment")) is { } text)
                {
                    yield return Found.Error(
                        "W06", "COMPOSE_CONFIG_READ_ONLY", entry.Key, $"service \"{service.Name}\" is read-only and takes {section}.{source.Key.Value}, which has {text.Key.Value}:",
                        "compose copies it into the container, and the engine refuses that: \"container rootfs is marked read-only\".",
                        "pass the text as a variable under environment:, or remove read_only");
                }
            }
        }
    }

    private static ComposeFinding NotShipped(YamlNode at, string what, string remedy) => Found.Error(
        "L07", "COMPOSE_FILE_NOT_SHIPPED", at, $"{what} names a file beside this one",
        "only the text of this file reaches the CVM.", remedy);
}
