using Witan.Dstack.ComposeCheck.Yaml;

namespace Witan.Dstack.ComposeCheck.Rules;

/// <summary>L10: what lets one container take over the guest.</summary>
internal static class PrivilegeRules
{
    private static readonly string[] HostNamespaces = ["pid", "ipc", "userns_mode", "network_mode"];

    public static IEnumerable<ComposeFinding> Check(ComposeDocument document)
    {
        foreach (ComposeService service in document.Services)
        {
            foreach (ComposeFinding found in OfService(service))
                yield return found.In(service);
        }
    }

    private static IEnumerable<ComposeFinding> OfService(ComposeService service)
    {
        const string why = "whoever takes over this container takes over the guest, its keys included.";
        if (service.Effective.Find("privileged") is { Value: YamlScalar { Value: var value } } privileged && IsTrue(value))
            yield return Found.Warning("L10", "COMPOSE_PRIVILEGED", privileged.Key, $"service \"{service.Name}\" is privileged", why, "name the capabilities it needs under cap_add");
        foreach (string name in HostNamespaces)
        {
            if (service.Effective.Find(name) is { Value: YamlScalar { Value: "host" } } entry)
                yield return Found.Warning("L10", "COMPOSE_HOST_NAMESPACE", entry.Key, $"service \"{service.Name}\" has {name}: host", why, "remove the line");
        }

        if (service.Effective.Find("cap_add")?.Value is YamlSequence capabilities)
        {
            foreach (YamlScalar item in capabilities.Items.OfType<YamlScalar>())
            {
                if (item.Value is "ALL" or "SYS_ADMIN" or "CAP_SYS_ADMIN" or "SYS_PTRACE" or "SYS_MODULE")
                    yield return Found.Warning("L10", "COMPOSE_CAPABILITY", item, $"service \"{service.Name}\" gets {item.Value}", why, "remove it, or name a narrower one");
            }
        }

        foreach (ComposeVolume volume in service.Volumes)
        {
            string? source = ComposeService.Canonical(volume.Source);
            if (source == "/var/run/docker.sock")
                yield return Found.Warning("L10", "COMPOSE_DOCKER_SOCKET", volume.Node, $"service \"{service.Name}\" controls the container engine", why, "remove the mount");
            else if (source is ['/', ..] && !IsAgent(source))
                yield return Found.Warning("L10", "COMPOSE_HOST_MOUNT", volume.Node, $"service \"{service.Name}\" mounts {source} of the guest", why, "use a named volume");
        }
    }

    /// <summary>What compose takes for true where a switch is expected, in any case of letters.</summary>
    public static bool IsTrue(string value) => value.ToLowerInvariant() is "true" or "yes" or "on" or "y" or "t" or "1";

    // The agent's own paths have findings of their own.
    private static bool IsAgent(string source) =>
        source is "/var/run" or "/var/run/" or "/var/run/dstack" or "/var/run/dstack/"
        || source.StartsWith("/var/run/dstack.sock", StringComparison.Ordinal)
        || source.StartsWith("/var/run/tappd.sock", StringComparison.Ordinal);
}
