using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Witan.Dstack;

/// <summary>
/// Bytes as hexadecimal text, with or without <c>0x</c>. Goes from the answer's buffer to bytes without a string between, which
/// nobody could zero.
/// </summary>
internal sealed class HexJsonConverter : JsonConverter<byte[]>
{
    public override byte[] Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.String || reader.ValueIsEscaped || reader.HasValueSequence)
            throw new JsonException();
        ReadOnlySpan<byte> text = reader.ValueSpan;
        if (text.StartsWith("0x"u8))
            text = text[2..];
        byte[] result = new byte[text.Length / 2];
        return text.Length % 2 == 0 && Convert.FromHexString(text, result, out _, out int written) == OperationStatus.Done && written == result.Length
            ? result
            : throw new JsonException();
    }

    public override void Write(Utf8JsonWriter writer, byte[] value, JsonSerializerOptions options) =>
        writer.WriteStringValue(Convert.ToHexStringLower(value));
}

/// <summary>Text that is a secret, as characters that can be zeroed.</summary>
internal sealed class SecretTextJsonConverter : JsonConverter<char[]>
{
    public override char[] Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.String || reader.HasValueSequence)
            throw new JsonException();
        char[] buffer = new char[reader.ValueSpan.Length];
        int length = reader.CopyString(buffer);
        char[] result = buffer[..length];
        Array.Clear(buffer);
        return result;
    }

    public override void Write(Utf8JsonWriter writer, char[] value, JsonSerializerOptions options) => writer.WriteStringValue(value);
}
