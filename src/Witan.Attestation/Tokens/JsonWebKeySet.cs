using System.Buffers;
using System.Buffers.Text;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Witan.Attestation;

/// <summary>The public keys of an issuer, as it publishes them (RFC 7517). Old keys stay in while their tokens live.</summary>
public sealed class JsonWebKeySet
{
    /// <summary>Largest set that is read, in bytes.</summary>
    public const int MaximumSize = 256 * 1024;

    private const int MaximumKeys = 256;

    /// <summary>A set of keys; no two may have one id.</summary>
    public JsonWebKeySet(IEnumerable<JsonWebKey> keys)
    {
        Keys = [.. keys];
        if (Keys.Select(key => key.KeyId).Distinct(StringComparer.Ordinal).Count() != Keys.Length)
            throw new ArgumentException("two keys have one id", nameof(keys));
    }

    /// <summary>The keys.</summary>
    public ImmutableArray<JsonWebKey> Keys { get; }

    /// <summary>The key of an id; null where there is none.</summary>
    public JsonWebKey? Find(string keyId) => Keys.FirstOrDefault(key => key.KeyId == keyId);

    /// <summary>The set with one more key; the same set where it is there already.</summary>
    public JsonWebKeySet With(JsonWebKey key) => Find(key.KeyId) is null ? new JsonWebKeySet(Keys.Append(key)) : this;

    /// <summary>
    /// Reads a set. Keys of other kinds, for other uses or without an id are passed over; a private key, a repeated id or a point off its
    /// curve refuses the whole set. On false the refusal says which.
    /// </summary>
    public static bool TryParse(ReadOnlyMemory<byte> json, [NotNullWhen(true)] out JsonWebKeySet? set, [NotNullWhen(false)] out Finding? refusal)
    {
        set = null;
        refusal = null;
        try
        {
            if (json.Length > MaximumSize)
                throw new FormatException($"it has {json.Length} bytes; at most {MaximumSize} are read");
            using JsonDocument document = SignedJson.Parse(json);
            set = new JsonWebKeySet(SignedJson.Array(document.RootElement, "keys", 0, MaximumKeys).Select(Read).OfType<JsonWebKey>());
            return true;
        }
        catch (JsonException e)
        {
            refusal = Refuse("the key set is no JSON") with { Offset = (int?)e.BytePositionInLine };
        }
        catch (Exception e) when (e is FormatException or ArgumentException or InvalidOperationException)
        {
            refusal = Refuse($"the key set cannot be used: {e.Message}");
        }

        return false;
    }

    /// <summary>The set as it is published.</summary>
    public byte[] ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("keys");
            foreach (JsonWebKey key in Keys)
            {
                writer.WriteStartObject();
                writer.WriteString("kty", "EC");
                writer.WriteString("use", "sig");
                writer.WriteString("alg", key.Algorithm);
                writer.WriteString("kid", key.KeyId);
                writer.WriteString("crv", key.Curve);
                writer.WriteString("x", Base64Url.EncodeToString(key.X.Span));
                writer.WriteString("y", Base64Url.EncodeToString(key.Y.Span));
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return [.. buffer.WrittenSpan, (byte)'\n'];
    }

    private static JsonWebKey? Read(JsonElement key)
    {
        if (key.ValueKind != JsonValueKind.Object)
            throw new FormatException("a key is no object");
        if (key.TryGetProperty("d", out _) || key.TryGetProperty("k", out _))
            throw new FormatException("it holds a private key; publish public keys only");
        if (SignedJson.Text(key, "kty") != "EC" || !key.TryGetProperty("kid", out _) || (key.TryGetProperty("use", out _) && SignedJson.Text(key, "use") != "sig"))
            return null;
        string curve = SignedJson.Text(key, "crv"), id = SignedJson.Text(key, "kid");
        if (curve is not ("P-256" or "P-384"))
            return null;
        byte[]? x = StrictText.Base64Url(SignedJson.Text(key, "x")), y = StrictText.Base64Url(SignedJson.Text(key, "y"));
        if (x is null || y is null || !JsonWebKey.TryCreate(curve, x, y, id, out JsonWebKey? result))
            throw new FormatException($"key {(JsonWebKey.IsKeyId(id) ? id : "with an id of other characters")} is no key of {curve}");
        return key.TryGetProperty("alg", out _) && SignedJson.Text(key, "alg") != result.Algorithm
            ? throw new FormatException($"key {id} is for another algorithm than its curve's")
            : result;
    }

    private static Finding Refuse(string message) => new("TOKEN_KEYS_INVALID", FindingSeverity.Error, message)
    {
        Subject = "key set",
        Actor = FindingActor.VerifierOperator,
        Remedy = "Get the issuer's key set (JWKS) again.",
    };
}
