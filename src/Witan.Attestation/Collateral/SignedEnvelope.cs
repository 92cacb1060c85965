using System.Text.Json;

namespace Witan.Attestation;

/// <summary>
/// A signed object as Intel's service sends it: <c>{"tcbInfo":{…},"signature":"…"}</c>. The signature covers the value's bytes exactly
/// as they stand, so they are sliced out and never written anew.
/// </summary>
internal static class SignedEnvelope
{
    /// <summary>The slice and the signature; null where the text is no such envelope, but the object itself for example.</summary>
    public static (ReadOnlyMemory<byte> Text, ReadOnlyMemory<byte> Signature)? Open(ReadOnlyMemory<byte> text, string inner)
    {
        if (!StartsAsEnvelope(text.Span, inner))
            return null;
        byte[][] names = [System.Text.Encoding.UTF8.GetBytes(inner), "signature"u8.ToArray()];
        var json = new StrictJson(text.Span);
        (int from, int to) = (0, 0);
        byte[] signature = [];
        uint seen = 0;
        json.Open();
        while (json.Next(names, ref seen, out int member))
        {
            if (member == 0)
                (from, to) = json.Slice();
            else
                signature = json.Hex(64);
        }

        json.Close();
        json.Require(names, seen, 0b11);
        return (text[from..to], signature);
    }

    private static bool StartsAsEnvelope(ReadOnlySpan<byte> text, string inner)
    {
        try
        {
            var reader = new Utf8JsonReader(text);
            return reader.Read() && reader.TokenType == JsonTokenType.StartObject && reader.Read() && reader.TokenType == JsonTokenType.PropertyName
                && (reader.ValueTextEquals(inner) || reader.ValueTextEquals("signature"u8));
        }
        catch (JsonException)
        {
            // No JSON at all: the document's own parser says what is wrong.
            return false;
        }
    }
}
