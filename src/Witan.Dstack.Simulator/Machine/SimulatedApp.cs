using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Witan.Dstack.Compose;
using Witan.Dstack.Evidence;
using Witan.Dstack.Simulator.Pki;

namespace Witan.Dstack.Simulator;

/// <summary>Who a simulated machine is: its compose file and the identity values that a launch fixes.</summary>
internal sealed record SimulatedApp
{
    /// <summary>The app's name.</summary>
    public required string Name { get; init; }

    /// <summary>Text of app-compose.json.</summary>
    public required string Compose { get; init; }

    /// <summary>The measured compose hash, 32 bytes.</summary>
    public required byte[] ComposeHash { get; init; }

    /// <summary>20 bytes.</summary>
    public required byte[] AppId { get; init; }

    /// <summary>20 bytes; none where the compose file says <c>no_instance_id</c>.</summary>
    public required byte[] InstanceId { get; init; }

    /// <summary>32 bytes.</summary>
    public required byte[] OsImageHash { get; init; }

    /// <summary>Text of <c>vm_config</c>.</summary>
    public required string VmConfig { get; init; }

    /// <summary>Who is said to have given the keys.</summary>
    public required KeyProvider KeyProvider { get; init; }

    /// <summary>How runtime events are hashed.</summary>
    public EventDigestVersion EventVersion { get; init; } = EventDigestVersion.V1;

    /// <summary>Whether the public service tells the measurements.</summary>
    public bool PublicTcbInfo { get; init; } = true;

    /// <summary>
    /// The app that follows from a compose file: its hash, the id that the hash gives, an instance id of the instance's own seed.
    /// </summary>
    public static SimulatedApp Of(ReadOnlySpan<byte> seed, string name, string instance, string? composeText, string kmsId)
    {
        string text = composeText ?? DefaultCompose(name);
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        if (!AppCompose.TryParse(bytes, out AppCompose? compose, out var refusal))
            throw new ArgumentException(refusal.Message, nameof(composeText));
        byte[] hash = SHA256.HashData(bytes), appId = hash[..20];
        using JsonDocument json = JsonDocument.Parse(bytes);
        bool withoutInstance = json.RootElement.TryGetProperty("no_instance_id", out JsonElement no) && no.ValueKind == JsonValueKind.True;
        string provider = compose.KeyProvider switch { "local" => "local-sgx", { } named => named, null => "none" };
        return new SimulatedApp
        {
            Name = compose.Name ?? name,
            Compose = text,
            ComposeHash = hash,
            AppId = appId,
            InstanceId = withoutInstance ? [] : SHA256.HashData([.. SeededKey.Bytes(seed, $"instance-{instance}", 20), .. appId])[..20],
            OsImageHash = SimulatedImage.Instance.Hash,
            VmConfig = SimulatedImage.Instance.VmConfig,
            KeyProvider = new KeyProvider(provider, provider == "kms" ? kmsId : ""),
            EventVersion = compose.EventLogVersion == 2 ? EventDigestVersion.V2 : EventDigestVersion.V1,
            PublicTcbInfo = compose.PublicTcbInfo,
        };
    }

    private static string DefaultCompose(string app) => JsonSerializer.Serialize(new Dictionary<string, object>(StringComparer.Ordinal)
    {
        ["manifest_version"] = 2,
        ["name"] = app,
        ["runner"] = "docker-compose",
        ["docker_compose_file"] = $"services:\n  {app}:\n    image: witan-{app}\n    platform: linux/amd64\n    volumes:\n      - /var/run/dstack.sock:/var/run/dstack.sock\n    restart: always\n",
        ["key_provider"] = "kms",
        ["kms_enabled"] = true,
        ["gateway_enabled"] = false,
        ["public_logs"] = false,
        ["public_sysinfo"] = false,
    });
}
