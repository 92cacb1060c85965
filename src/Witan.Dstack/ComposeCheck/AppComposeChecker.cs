using System.Text.Json;
using Witan.Attestation;
using Witan.Dstack.Compose;
using Witan.Dstack.ComposeCheck.Rules;
using Witan.Dstack.ComposeCheck.Yaml;

namespace Witan.Dstack.ComposeCheck;

/// <summary>
/// Checks an app-compose file, the JSON envelope that is measured: the compose file inside it under the settings of the
/// envelope, and L16. Lines and columns are those of the compose text inside.
/// </summary>
public static class AppComposeChecker
{
    /// <summary>Checks one envelope. Never throws on any bytes.</summary>
    /// <param name="utf8">The file, byte for byte.</param>
    /// <param name="options">What to check against; settings that the envelope names replace those given here.</param>
    public static ComposeReport Check(ReadOnlyMemory<byte> utf8, ComposeCheckOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        JsonDocument json;
        try
        {
            json = JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = YamlLimits.Depth });
        }
        catch (JsonException e)
        {
            return Refused($"not JSON: {e.Message}", (int)(e.LineNumber ?? 0) + 1, (int)(e.BytePositionInLine ?? 0) + 1);
        }

        using (json)
        {
            JsonElement root = json.RootElement;
            if (root.ValueKind != JsonValueKind.Object || Text(root, "docker_compose_file") is not { } compose)
                return Refused("an app-compose file is an object with a docker_compose_file", 1, 1);
            ComposeReport inner = ComposeChecker.Check(compose, options with
            {
                PreLaunchScript = Text(root, "pre_launch_script") ?? options.PreLaunchScript,
                PublicLogs = Flag(root, "public_logs") ?? false,
                PublicSystemInformation = Flag(root, "public_sysinfo") ?? false,
                Gateway = Flag(root, "gateway_enabled") ?? Flag(root, "tproxy_enabled") ?? false,
                EnvironmentNames = Allowed(root) ?? options.EnvironmentNames,
            });
            ComposeFinding[] envelope = [.. new[] { Version(root), Hash(utf8, root, options.ExpectedComposeHash) }.OfType<ComposeFinding>()];
            return inner with { Findings = [.. envelope, .. inner.Findings] };
        }
    }

    private static ComposeFinding? Version(JsonElement root)
    {
        bool second = root.TryGetProperty("event_log_version", out JsonElement log) && log.ValueKind == JsonValueKind.Number
            && log.TryGetInt32(out int version) && version >= 2;
        bool needsText = second || (root.TryGetProperty("requirements", out JsonElement requirements) && requirements.ValueKind != JsonValueKind.Null);
        bool isNumber = !root.TryGetProperty("manifest_version", out JsonElement manifest) || manifest.ValueKind != JsonValueKind.String;
        return needsText && isNumber
            ? Found.Make(
                "L16", "APP_COMPOSE_MANIFEST_VERSION", FindingSeverity.Error, new YamlPosition(1, 1, 0),
                "a second-version event log or requirements with a numeric manifest_version",
                "older guests ignore what they do not know instead of refusing it.", "write \"manifest_version\": \"3\"")
            : null;
    }

    // L17: one and the same object, and other bytes than those that were hashed.
    private static ComposeFinding? Hash(ReadOnlyMemory<byte> utf8, JsonElement root, string? expected)
    {
        if (expected is null || Convert.ToHexStringLower(ComposeHash.OfFile(utf8.Span)) == expected)
            return null;
        string canonical;
        try
        {
            canonical = Convert.ToHexStringLower(ComposeHash.OfObject(root));
        }
        catch (FormatException)
        {
            canonical = "";
        }

        return canonical == expected
            ? Found.Make(
                "L17", "APP_COMPOSE_RESERIALISED", FindingSeverity.Warning, new YamlPosition(1, 1, 0),
                "the file was written again after it was hashed: its canonical form has the hash, its bytes have not",
                "the guest measures bytes, so white space and the order of members count.", "deploy the canonical form, or compute the hash over the file")
            : Found.Make(
                "L17", "APP_COMPOSE_HASH_DIFFERS", FindingSeverity.Error, new YamlPosition(1, 1, 0),
                "the file has another compose hash than the one expected", "it is not the app that was approved.", "compare the file with the one that was approved");
    }

    private static string? Text(JsonElement root, string name)
    {
        if (!root.TryGetProperty(name, out JsonElement value) || value.ValueKind != JsonValueKind.String)
            return null;
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null; // half a surrogate pair is no text
        }
    }

    private static bool? Flag(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? value.ValueKind == JsonValueKind.True
            : null;

    private static HashSet<string>? Allowed(JsonElement root)
    {
        if (!root.TryGetProperty("allowed_envs", out JsonElement list) || list.ValueKind != JsonValueKind.Array)
            return null;
        return list.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String)
            .Select(item => item.GetRawText().Trim('"')).ToHashSet(StringComparer.Ordinal);
    }

    private static ComposeReport Refused(string message, int line, int column)
    {
        var finding = new Finding("APP_COMPOSE_NOT_READ", FindingSeverity.Error, message)
        {
            Actor = FindingActor.WorkloadOwner,
            Remedy = "give a docker-compose file, or an app-compose.json as the platform measured it",
        };
        return new ComposeReport([new ComposeFinding(finding, "W00", line, column)], [], [], []);
    }
}
