using System.Security.Cryptography;
using System.Text.Json;

namespace Witan.Dstack.Compose;

/// <summary>
/// The compose hash: what the guest measures as the <c>compose-hash</c> event, and what names an application. It is the SHA-256
/// of the app-compose file byte for byte; white space and the order of members count.
/// </summary>
public static class ComposeHash
{
    /// <summary>Size of a compose hash in bytes.</summary>
    public const int Size = 32;

    /// <summary>The hash that a guest measures: SHA-256 over the file as it is.</summary>
    public static byte[] OfFile(ReadOnlySpan<byte> file) => SHA256.HashData(file);

    /// <summary>
    /// The hash that the JavaScript and Python SDKs predict (<c>getComposeHash</c>): SHA-256 over the canonical form of the
    /// object. It equals <see cref="OfFile"/> only where the file was written in that form. The Go SDK differs wherever
    /// <c>&lt;</c>, <c>&gt;</c>, <c>&amp;</c>, U+2028 or U+2029 occur.
    /// </summary>
    /// <param name="compose">The app-compose object.</param>
    /// <param name="normalise">Whether to drop what the runner does not use: see <see cref="Canonical"/>.</param>
    public static byte[] OfObject(JsonElement compose, bool normalise = false) => SHA256.HashData(Canonical(compose, normalise));

    /// <summary>
    /// The canonical text that <see cref="OfObject"/> hashes. Normalising drops <c>docker_compose_file</c> for the runner
    /// <c>bash</c>, <c>bash_script</c> for the compose runners, and an empty <c>pre_launch_script</c>. Throws
    /// <see cref="ArgumentException"/> where <paramref name="compose"/> is no object.
    /// </summary>
    public static byte[] Canonical(JsonElement compose, bool normalise = false)
    {
        if (compose.ValueKind != JsonValueKind.Object)
            throw new ArgumentException("an app-compose file is a JSON object", nameof(compose));
        if (!normalise)
            return CanonicalJson.Write(compose);
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (JsonProperty member in compose.EnumerateObject())
            {
                if (!IsUnused(compose, member))
                    member.WriteTo(writer);
            }

            writer.WriteEndObject();
        }

        using JsonDocument normal = JsonDocument.Parse(buffer.GetBuffer().AsMemory(0, (int)buffer.Length));
        return CanonicalJson.Write(normal.RootElement);
    }

    private static bool IsUnused(JsonElement compose, JsonProperty member)
    {
        string? runner = compose.TryGetProperty("runner", out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        return member.Name switch
        {
            "docker_compose_file" => runner == "bash",
            "bash_script" => runner is "docker-compose" or "nerdctl-compose",
            "pre_launch_script" => IsFalsy(member.Value),
            _ => false,
        };
    }

    // What JavaScript takes for false.
    private static bool IsFalsy(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!.Length == 0,
        JsonValueKind.Number => value.GetDouble() == 0,
        JsonValueKind.Null or JsonValueKind.False => true,
        _ => false,
    };
}
