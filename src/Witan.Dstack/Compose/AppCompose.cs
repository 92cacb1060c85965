using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Witan.Attestation;

namespace Witan.Dstack.Compose;

/// <summary>
/// An app-compose file: the JSON envelope around a compose file that the guest measures and runs. It keeps the bytes it was
/// read from, because those are what is hashed; the members are what the product itself looks at.
/// </summary>
public sealed record AppCompose
{
    /// <summary>Largest file that is read, in bytes; the platform takes less.</summary>
    public const int MaximumSize = 4 << 20;

    private AppCompose(ReadOnlyMemory<byte> bytes) => (Bytes, Hash) = (bytes, ComposeHash.OfFile(bytes.Span));

    /// <summary>The file, byte for byte.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>Its compose hash, 32 bytes.</summary>
    public ReadOnlyMemory<byte> Hash { get; }

    /// <summary>The application id that follows from the hash where none is pinned: its first 20 bytes.</summary>
    public ReadOnlyMemory<byte> DefaultAppId => Hash[..20];

    /// <summary><c>manifest_version</c> as text; 2 in most files, "3" where requirements are named.</summary>
    public string? ManifestVersion { get; private init; }

    /// <summary><c>manifest_version</c> is text, as settings demand that older guests do not know.</summary>
    public bool HasTextVersion { get; private init; }

    /// <summary><c>requirements</c> are named.</summary>
    public bool HasRequirements { get; private init; }

    /// <summary><c>name</c>.</summary>
    public string? Name { get; private init; }

    /// <summary><c>runner</c>: docker-compose, nerdctl-compose or bash.</summary>
    public string? Runner { get; private init; }

    /// <summary><c>docker_compose_file</c>: the compose file as text.</summary>
    public string? DockerComposeFile { get; private init; }

    /// <summary><c>pre_launch_script</c>.</summary>
    public string? PreLaunchScript { get; private init; }

    /// <summary>Which key provider is asked for: <c>key_provider</c>, or what the older switches mean. Null where the file does not say.</summary>
    public string? KeyProvider { get; private init; }

    /// <summary><c>key_provider_id</c>, hexadecimal.</summary>
    public string? KeyProviderId { get; private init; }

    /// <summary><c>allowed_envs</c>: names of the encrypted variables that the guest keeps; none where it is not said.</summary>
    public IReadOnlyList<string> AllowedEnvironment { get; private init; } = [];

    /// <summary><c>event_log_version</c>: 1 or 2.</summary>
    public int EventLogVersion { get; private init; } = 1;

    /// <summary><c>gateway_enabled</c>, or <c>tproxy_enabled</c> as it was called before.</summary>
    public bool Gateway { get; private init; }

    /// <summary><c>public_logs</c>.</summary>
    public bool PublicLogs { get; private init; }

    /// <summary><c>public_sysinfo</c>.</summary>
    public bool PublicSystemInformation { get; private init; }

    /// <summary><c>public_tcbinfo</c>; true where it is not said.</summary>
    public bool PublicTcbInfo { get; private init; } = true;

    /// <summary>Reads a file. On false the refusal says where it is no app-compose file; a member named twice is refused.</summary>
    public static bool TryParse(
        ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out AppCompose? compose, [NotNullWhen(false)] out Finding? refusal)
    {
        compose = null;
        if (bytes.Length > MaximumSize)
        {
            refusal = Refuse($"the file has {bytes.Length} bytes; at most {MaximumSize} are read", null);
            return false;
        }

        try
        {
            using JsonDocument json = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = 64, AllowDuplicateProperties = false });
            refusal = json.RootElement.ValueKind == JsonValueKind.Object ? null : Refuse("the file is no JSON object", 0);
            compose = refusal is null ? Read(bytes, json.RootElement) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            refusal = Refuse($"the file cannot be read: {e.Message}", null);
        }

        return compose is not null;
    }

    private static AppCompose Read(ReadOnlyMemory<byte> bytes, JsonElement root) => new(bytes)
    {
        ManifestVersion = root.TryGetProperty("manifest_version", out JsonElement version)
            ? version.ValueKind == JsonValueKind.String ? version.GetString() : version.GetRawText()
            : null,
        HasTextVersion = version.ValueKind == JsonValueKind.String,
        HasRequirements = root.TryGetProperty("requirements", out JsonElement requirements) && requirements.ValueKind != JsonValueKind.Null,
        Name = Text(root, "name"),
        Runner = Text(root, "runner"),
        DockerComposeFile = Text(root, "docker_compose_file"),
        PreLaunchScript = Text(root, "pre_launch_script"),
        KeyProvider = Text(root, "key_provider")
            ?? (Flag(root, "kms_enabled") == true ? "kms" : Flag(root, "local_key_provider_enabled") == true ? "local" : null),
        KeyProviderId = Text(root, "key_provider_id"),
        AllowedEnvironment = root.TryGetProperty("allowed_envs", out JsonElement names) && names.ValueKind == JsonValueKind.Array
            ? [.. names.EnumerateArray().Where(name => name.ValueKind == JsonValueKind.String).Select(name => name.GetString()!)]
            : [],
        EventLogVersion = root.TryGetProperty("event_log_version", out JsonElement log) && log.ValueKind == JsonValueKind.Number && log.TryGetInt32(out int number) ? number : 1,
        Gateway = Flag(root, "gateway_enabled") ?? Flag(root, "tproxy_enabled") ?? false,
        PublicLogs = Flag(root, "public_logs") ?? false,
        PublicSystemInformation = Flag(root, "public_sysinfo") ?? false,
        PublicTcbInfo = Flag(root, "public_tcbinfo") ?? true,
    };

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static bool? Flag(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? value.ValueKind == JsonValueKind.True
            : null;

    private static Finding Refuse(string message, int? offset) => new("APP_COMPOSE_NOT_READ", FindingSeverity.Error, message)
    {
        Subject = "app-compose",
        Actor = FindingActor.Sender,
        Remedy = "Give the app-compose.json as the platform measured it, byte for byte.",
        Offset = offset,
    };
}
