using Witan.Attestation;
using Witan.Dstack.ComposeCheck.Yaml;

namespace Witan.Dstack.ComposeCheck.Rules;

/// <summary>L08: what the gateway can and cannot publish.</summary>
internal static class NetworkRules
{
    // Ports whose protocols are plain TCP and speak before TLS would.
    private static readonly Dictionary<string, string> RawTcp = new(StringComparer.Ordinal)
    {
        ["22"] = "SSH",
        ["5432"] = "PostgreSQL",
        ["3306"] = "MySQL",
        ["6379"] = "Redis",
        ["27017"] = "MongoDB",
        ["25"] = "SMTP",
    };

    public static IEnumerable<ComposeFinding> Check(ComposeDocument document, ComposeCheckOptions options)
    {
        foreach (ComposeService service in document.Services)
        {
            foreach (YamlNode port in (service.Effective.Find("ports")?.Value as YamlSequence)?.Items ?? [])
            {
                if (CheckPort(port) is { } found)
                    yield return found.In(service);
            }
        }

        bool published = document.Services.Any(service => service.PublishesPorts);
        ComposeService[] closed = options.Gateway == false ? [] : [.. document.Services.Where(service => service.Role == ServiceRole.Coordinator && !service.PublishesPorts)];
        foreach (ComposeService coordinator in closed)
        {
            yield return Found.Make(
                "L08", "COMPOSE_NO_PORTS", published ? FindingSeverity.Warning : FindingSeverity.Error, coordinator.Key.Start, $"coordinator \"{coordinator.Name}\" publishes no port",
                published ? "workers and trustees reach it only if another service forwards to it." : "no worker and no trustee can reach it.",
                "publish its port: ports: [\"3000:3000\"]").In(coordinator);
        }

        if (options.Gateway == true && !published && closed.Length == 0 && document.Services.Count > 0)
        {
            yield return Found.Warning(
                "L08", "COMPOSE_NO_PORTS", document.Root, "the gateway is on and no service publishes a port",
                "the endpoint will never answer.", "publish one: ports: [\"3000:3000\"], or turn the gateway off");
        }
    }

    private static ComposeFinding? CheckPort(YamlNode port)
    {
        string text = port switch
        {
            YamlScalar scalar => scalar.Value,
            YamlMapping mapping => $"{mapping.Text("published") ?? mapping.Text("target")}:{mapping.Text("target")}/{mapping.Text("protocol") ?? "tcp"}",
            _ => "",
        };
        if (text.EndsWith("/udp", StringComparison.Ordinal))
        {
            return Found.Note(
                "L08", "COMPOSE_PORT_UDP", port, $"port {text} is UDP", "the gateway carries TLS over TCP only.", "reach it through another service");
        }

        string[] parts = text.Split('/')[0].Split(':');
        if (parts[^1] is { } target && RawTcp.TryGetValue(target, out string? protocol))
        {
            return Found.Note(
                "L08", "COMPOSE_PORT_RAW", port, $"port {text} speaks {protocol} without TLS at its start",
                "the gateway routes by the name in the TLS greeting.", "use the passthrough address, which ends in the port and the letter s");
        }

        return parts.Length > 1 && parts[^2] == "8090"
            ? Found.Note("L08", "COMPOSE_PORT_8090", port, "port 8090 belongs to the guest agent", "it is taken where the network is the host's.", "publish another port")
            : null;
    }
}
