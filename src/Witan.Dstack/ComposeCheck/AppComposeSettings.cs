using System.Text.Json;
using Witan.Dstack.Compose;

namespace Witan.Dstack.ComposeCheck;

/// <summary>
/// The settings of an app-compose envelope, under the names and with the meaning that guests give them. A guest measures the
/// envelope byte for byte; <see cref="Write"/> gives the canonical form, for which the JavaScript and Python SDKs compute the same hash.
/// </summary>
public sealed record AppComposeSettings
{
    /// <summary>Name of the app.</summary>
    public string Name { get; init; } = "";

    /// <summary>Names of the encrypted variables that the guest lets through.</summary>
    public IReadOnlyList<string> AllowedEnvironment { get; init; } = [];

    /// <summary>A script that runs before the containers; null leaves the member out.</summary>
    public string? PreLaunchScript { get; init; }

    /// <summary>Whether container logs are public.</summary>
    public bool PublicLogs { get; init; }

    /// <summary>Whether system information is public.</summary>
    public bool PublicSystemInformation { get; init; }

    /// <summary>Whether the gateway publishes the app.</summary>
    public bool Gateway { get; init; } = true;

    /// <summary>The envelope in canonical form (RFC 8785), UTF-8. Its SHA-256 is the compose hash.</summary>
    /// <exception cref="ArgumentException">The text holds half a surrogate pair, which no UTF-8 file can.</exception>
    public byte[] Write(string dockerComposeFile)
    {
        ArgumentNullException.ThrowIfNull(dockerComposeFile);
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("manifest_version", 2);
            json.WriteString("name", Name);
            json.WriteString("runner", "docker-compose");
            json.WriteString("docker_compose_file", dockerComposeFile);
            json.WriteString("key_provider", "kms");
            json.WriteBoolean("kms_enabled", true);
            json.WriteBoolean("gateway_enabled", Gateway);
            json.WriteBoolean("local_key_provider_enabled", false);
            json.WriteString("key_provider_id", "");
            json.WriteBoolean("public_logs", PublicLogs);
            json.WriteBoolean("public_sysinfo", PublicSystemInformation);
            json.WriteBoolean("public_tcbinfo", true);
            json.WriteStartArray("allowed_envs");
            foreach (string name in AllowedEnvironment.Order(StringComparer.Ordinal))
                json.WriteStringValue(name);
            json.WriteEndArray();
            json.WriteBoolean("no_instance_id", false);
            json.WriteBoolean("secure_time", true);
            if (PreLaunchScript is not null)
                json.WriteString("pre_launch_script", PreLaunchScript);
            json.WriteEndObject();
        }

        using JsonDocument document = JsonDocument.Parse(buffer.GetBuffer().AsMemory(0, (int)buffer.Length));
        return ComposeHash.Canonical(document.RootElement);
    }
}
