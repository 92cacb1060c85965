using Witan.Crypto;

namespace Witan.Dstack.Simulator;

/// <summary>A request that the real agent would refuse, with its words.</summary>
internal sealed class AgentException(string message) : Exception(message);

/// <summary>The methods of the guest agent: names, fields and errors as of the real one.</summary>
internal static class AgentMethods
{
    public static Dictionary<string, object> Answer(SimulatedCvm machine, string method, Dictionary<string, string> request) => method switch
    {
        "Info" => Info(machine),
        "GetKey" => GetKey(machine, request),
        "GetQuote" => GetQuote(machine, request),
        "Version" => Fields(("version", "0.5.7"), ("rev", "witan-simulator")),
        _ => throw new AgentException($"Method not found: {method}"),
    };

    private static Dictionary<string, object> Info(SimulatedCvm machine) => Fields(
        ("app_id", machine.AppId),
        ("instance_id", machine.InstanceId),
        ("app_cert", ""),
        ("tcb_info", machine.TcbInfo()),
        ("app_name", machine.AppName),
        ("device_id", Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData([]))),
        ("mr_aggregated", machine.MrAggregated()),
        ("os_image_hash", machine.OsImageHash),
        ("key_provider_info", """{"name":"none","id":""}"""),
        ("compose_hash", machine.ComposeHash),
        ("vm_config", VmConfig(machine)),
        ("cloud_vendor", ""),
        ("cloud_product", ""));

    private static Dictionary<string, object> GetKey(SimulatedCvm machine, Dictionary<string, string> request)
    {
        string algorithm = request.GetValueOrDefault("algorithm", "");
        if (algorithm is not ("" or "secp256k1" or "k256" or "ed25519"))
            throw new AgentException("Unsupported algorithm");
        byte[] key = machine.Key(request.GetValueOrDefault("path", ""));
        byte[] publicKey = algorithm == "ed25519" ? Ed25519.PublicKey(key) : Secp256k1.PublicKey(key);
        string[] chain = [.. machine.SignatureChain(request.GetValueOrDefault("purpose", ""), publicKey).Select(Convert.ToHexStringLower)];
        return Fields(("key", Convert.ToHexStringLower(key)), ("signature_chain", chain));
    }

    private static Dictionary<string, object> GetQuote(SimulatedCvm machine, Dictionary<string, string> request)
    {
        string text = request.GetValueOrDefault("report_data", "");
        if (text.StartsWith("0x", StringComparison.Ordinal))
            text = text[2..];
        byte[] reportData;
        try
        {
            reportData = Convert.FromHexString(text);
        }
        catch (FormatException)
        {
            throw new AgentException("Failed to decode report_data: invalid hex");
        }

        if (reportData.Length > 64)
            throw new AgentException("Report data is too long");
        return Fields(
            ("quote", Convert.ToHexStringLower(machine.Quote(reportData))),
            ("event_log", machine.Log.ToJson(stripped: true)),
            ("report_data", Convert.ToHexStringLower(reportData).PadRight(128, '0')),
            ("vm_config", VmConfig(machine)));
    }

    private static string VmConfig(SimulatedCvm machine) => $$"""{"os_image_hash":"{{machine.OsImageHash}}"}""";

    private static Dictionary<string, object> Fields(params ReadOnlySpan<(string Name, object Value)> fields)
    {
        var result = new Dictionary<string, object>(StringComparer.Ordinal);
        foreach ((string name, object value) in fields)
            result[name] = value;
        return result;
    }
}
