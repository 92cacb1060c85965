using Witan.Dstack.ComposeCheck.Yaml;

namespace Witan.Dstack.ComposeCheck.Rules;

/// <summary>
/// L03, L04, L06: the three settings without which a container "will fail silently or lose TEE guarantees". Errors for
/// every service that runs a coordinator, a worker or a trustee, or that mounts the socket.
/// </summary>
internal static class MandatorySettings
{
    private const string Platform = "linux/amd64";
    private const string Mount = ComposeService.Socket + ":" + ComposeService.Socket;

    public static IEnumerable<ComposeFinding> Check(ComposeDocument document)
    {
        foreach (ComposeService service in document.Services)
        {
            foreach (ComposeFinding? found in new[]
            {
                CheckPlatform(document, service), CheckSocket(document, service), CheckRestart(document, service), CheckStarted(service),
            })
            {
                if (found is not null)
                    yield return found.In(service);
            }
        }
    }

    private static ComposeFinding? CheckPlatform(ComposeDocument document, ComposeService service)
    {
        const string why = "TDX and SGX are Intel x86-64 features: another image ends with \"exec format error\".";
        YamlEntry? entry = service.Effective.Find("platform");
        if (entry is null)
        {
            return !service.NeedsDstack ? null : Found.Error(
                "L03", "COMPOSE_PLATFORM_MISSING", service.Key, $"service \"{service.Name}\" has no platform",
                why, $"add: platform: {Platform}") with
            {
                Fix = ComposeEdits.AddMember(document, service, "platform", Platform),
            };
        }

        string value = (entry.Value.Value as YamlScalar)?.Value ?? "";
        return value == Platform ? null : Found.Error(
            "L03", "COMPOSE_PLATFORM_WRONG", entry.Value.Value, $"service \"{service.Name}\" asks for platform \"{value}\", not {Platform}",
            why, $"write: platform: {Platform}") with
        {
            Fix = ComposeEdits.Replace(service, entry.Value.Value, Platform),
        };
    }

    private static ComposeFinding? CheckSocket(ComposeDocument document, ComposeService service)
    {
        // Something else at the socket's place hides it, under whichever of its two names.
        bool hidden = service.Volumes.Any(volume => ComposeService.Canonical(volume.Target) == ComposeService.Socket && ComposeService.Canonical(volume.Source) != ComposeService.Socket);
        if (!service.NeedsDstack || (service.Volumes.Any(IsMount) && !hidden))
            return null;
        const string why = "attestation and key derivation go through this socket: without it the container cannot prove "
            + "what it is, and fails without saying so.";
        ComposeVolume? wrong = service.Volumes.FirstOrDefault(volume => !IsMount(volume)
            && (ComposeService.Canonical(volume.Source) == ComposeService.Socket || ComposeService.Canonical(volume.Target) == ComposeService.Socket));
        if (wrong is not null)
        {
            return Found.Error(
                "L04", "COMPOSE_SOCKET_WRONG", wrong.Node,
                $"service \"{service.Name}\" mounts the socket as {wrong.Source ?? "(nothing)"}:{wrong.Target}",
                why, $"write: {Mount}") with
            {
                Fix = ComposeEdits.Replace(service, wrong.Node, Mount),
            };
        }

        return Found.Error(
            "L04", "COMPOSE_SOCKET_MISSING", service.Effective.Find("volumes")?.Key ?? service.Key,
            $"service \"{service.Name}\" does not mount {ComposeService.Socket}", why, $"add under volumes: - {Mount}") with
        {
            Fix = ComposeEdits.AddItem(document, service, "volumes", Mount),
        };
    }

    private static ComposeFinding? CheckRestart(ComposeDocument document, ComposeService service)
    {
        const string why = "a CVM may restart at any time, and the container must come back with no hand on it.";
        YamlEntry? entry = service.Effective.Find("restart");
        if (entry is null)
        {
            const string remedy = "add: restart: always";
            string message = $"service \"{service.Name}\" has no restart policy";
            ComposeFinding found = service.NeedsDstack
                ? Found.Error("L06", "COMPOSE_RESTART_MISSING", service.Key, message, why, remedy)
                : Found.Warning("L06", "COMPOSE_RESTART_MISSING", service.Key, message, why, remedy);
            return found with { Fix = ComposeEdits.AddMember(document, service, "restart", "always") };
        }

        string value = (entry.Value.Value as YamlScalar)?.Value ?? "";
        if (value == "always" && service.NeedsDstack && Policy(service) is { Value: YamlMapping policy } deployed && policy.Text("condition") is not ("any" or "always"))
        {
            YamlNode at = policy.Find("condition")?.Value ?? deployed.Key;
            return Found.Error(
                "L06", "COMPOSE_RESTART_WRONG", at, $"service \"{service.Name}\" has restart \"always\" and deploy.restart_policy \"{policy.Text("condition") ?? "(no condition)"}\", which wins",
                why, "remove deploy.restart_policy, or write: condition: any") with
            {
                Fix = ComposeEdits.Replace(service, policy.Find("condition")?.Value, "any"),
            };
        }

        return value == "always" || !service.NeedsDstack ? null : Found.Error(
            "L06", "COMPOSE_RESTART_WRONG", entry.Value.Value, $"service \"{service.Name}\" has restart \"{value}\", not always",
            why, "write: restart: always") with
        {
            Fix = ComposeEdits.Replace(service, entry.Value.Value, "always"),
        };
    }

    private static YamlEntry? Policy(ComposeService service) => (service.Effective.Find("deploy")?.Value as YamlMapping)?.Find("restart_policy");

    // Nobody is there to name a profile when a CVM starts, or to ask for another number.
    private static ComposeFinding? CheckStarted(ComposeService service)
    {
        YamlEntry? replicas = (service.Effective.Find("deploy")?.Value as YamlMapping)?.Find("replicas");
        YamlEntry? kept = service.Effective.Find("profiles") is { Value: YamlSequence { Items.Count: > 0 } or YamlScalar } profiles ? profiles
            : new[] { service.Effective.Find("scale"), replicas }.FirstOrDefault(entry => entry?.Value is YamlScalar { Value: "0" });
        return kept is null || !service.NeedsDstack ? null : Found.Error(
            "W07", "COMPOSE_NOT_STARTED", kept.Value.Key, $"service \"{service.Name}\" is not started: it has {kept.Value.Key.Value}",
            "a CVM starts what compose starts by itself.", "remove the line");
    }

    private static bool IsMount(ComposeVolume volume) =>
        ComposeService.Canonical(volume.Source) == ComposeService.Socket && volume.Target == ComposeService.Socket;
}
