using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using Witan.Crypto;

namespace Witan.Voting;

/// <summary>Bytes as lower-case hexadecimal digits in JSON: one text for one value.</summary>
internal sealed class HexConverter : JsonConverter<byte[]>
{
    private static readonly System.Buffers.SearchValues<char> Digits = System.Buffers.SearchValues.Create("0123456789abcdef");

    public override byte[] Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Read(ref reader, -1);

    public override void Write(Utf8JsonWriter writer, byte[] value, JsonSerializerOptions options) =>
        writer.WriteStringValue(Convert.ToHexStringLower(value));

    internal static bool TryParse([NotNullWhen(true)] string? text, int size, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        if (text is null || text.Length % 2 != 0 || (size >= 0 && text.Length != size * 2))
            return false;
        if (text.AsSpan().IndexOfAnyExcept(Digits) >= 0)
            return false;
        bytes = Convert.FromHexString(text);
        return true;
    }

    internal static byte[] Read(ref Utf8JsonReader reader, int size) =>
        reader.TokenType == JsonTokenType.String && TryParse(reader.GetString(), size, out byte[]? bytes)
            ? bytes
            : throw new JsonException(size >= 0 ? $"not {size * 2} lower-case hexadecimal digits" : "not lower-case hexadecimal digits");
}

/// <summary>A point as its 33 bytes in hexadecimal digits.</summary>
internal sealed class PointConverter : JsonConverter<P256Point>
{
    public override P256Point Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        P256Point.TryDecode(HexConverter.Read(ref reader, P256Point.Size), out P256Point? point)
            ? point
            : throw new JsonException("not a compressed point of P-256");

    public override void Write(Utf8JsonWriter writer, P256Point value, JsonSerializerOptions options) =>
        writer.WriteStringValue(Convert.ToHexStringLower(value.ToBytes()));
}

/// <summary>A scalar as its 32 bytes in hexadecimal digits.</summary>
internal sealed class ScalarConverter : JsonConverter<P256Scalar>
{
    public override P256Scalar Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        P256Scalar.TryDecode(HexConverter.Read(ref reader, P256Scalar.Size), out P256Scalar? scalar)
            ? scalar
            : throw new JsonException("not a scalar below the order of P-256");

    public override void Write(Utf8JsonWriter writer, P256Scalar value, JsonSerializerOptions options) =>
        writer.WriteStringValue(Convert.ToHexStringLower(value.ToBytes()));
}

/// <summary>A moment as UTC milliseconds.</summary>
internal sealed class TimeConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out long value) && value is >= 0 and < 253402300800000
            ? DateTimeOffset.FromUnixTimeMilliseconds(value)
            : throw new JsonException("not a time in UTC milliseconds");

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteNumberValue(value.ToUnixTimeMilliseconds());
}
