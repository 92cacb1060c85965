using System.Text.Json;

namespace Witan.Dstack.Evidence;

/// <summary>Who gave the guest its keys, from the <c>key-provider</c> event.</summary>
/// <param name="Name"><c>kms</c>, <c>local-sgx</c>, <c>tpm</c> or <c>none</c>.</param>
/// <param name="Id">Which one, in hexadecimal: for a KMS the DER of its root key. May be empty.</param>
public sealed record KeyProvider(string Name, string Id)
{
    /// <summary>Reads the payload of the event. False where it is no such JSON.</summary>
    internal static bool TryParse(ReadOnlyMemory<byte> payload, out KeyProvider? provider)
    {
        provider = null;
        try
        {
            using JsonDocument json = JsonDocument.Parse(payload, new JsonDocumentOptions { MaxDepth = 8, AllowDuplicateProperties = false });
            if (json.RootElement.ValueKind != JsonValueKind.Object
                || !json.RootElement.TryGetProperty("name", out JsonElement name) || name.ValueKind != JsonValueKind.String
                || !json.RootElement.TryGetProperty("id", out JsonElement id) || id.ValueKind != JsonValueKind.String)
            {
                return false;
            }

            provider = new KeyProvider(name.GetString()!, id.GetString()!.ToLowerInvariant());
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }
}
