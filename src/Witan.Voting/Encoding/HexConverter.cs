using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using Witan.Crypto;

namespace Witan.Voting;

/// <summary>Bytes as lower-case hexadecimal digits in JSON: one text for one value.</summary>
internal sealed class HexConverter : JsonConverter<byte[]>
{
    private static readonly System.Buffers.SearchValues<char> Digits = System.Buffers.SearchValues.Create("0123456789abcdef");
    private static readonly System.Buffers.SearchValues<byte> Utf8Digits = System.Buffers.SearchValues.Create("0123456789abcdef"u8);

    public override byte[] Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Read(ref reader, -1);

    public override void Write(Utf8JsonWriter writer, byte[] value, JsonSerializerOptions options) => Write(writer, value);

    internal static void Write(Utf8JsonWriter writer, ReadOnlySpan<byte> value)
    {
        Span<byte> digits = value.Length <= 128 ? stackalloc byte[256] : new byte[value.Length * 2];
        Convert.TryToHexStringLower(value, digits, out int length);
        writer.WriteStringValue(digits[..length]);
    }

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

    internal static byte[] Read(ref Utf8JsonReader reader, int size)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            // Where nothing is escaped the digits stand in the input as they are.
            if (!reader.HasValueSequence && !reader.ValueIsEscaped)
            {
                ReadOnlySpan<byte> digits = reader.ValueSpan;
                if (digits.Length % 2 == 0 && (size < 0 || digits.Length == size * 2) && digits.IndexOfAnyExcept(Utf8Digits) < 0)
                    return Convert.FromHexString(digits);
            }
            else if (TryParse(reader.GetString(), size, out byte[]? bytes))
            {
                return bytes;
            }
        }

        throw new JsonException(size >= 0 ? $"not {size * 2} lower-case hexadecimal digits" : "not lower-case hexadecimal digits");
    }
}

/// <summary>A point as its 33 bytes in hexadecimal digits.</summary>
internal sealed class PointConverter : JsonConverter<P256Point>
{
    public override P256Point Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        P256Point.TryDecode(HexConverter.Read(ref reader, P256Point.Size), out P256Point? point)
            ? point
            : throw new JsonException("not a compressed point of P-256");

    public override void Write(Utf8JsonWriter writer, P256Point value, JsonSerializerOptions options)
    {
        Span<byte> bytes = stackalloc byte[P256Point.Size];
        value.WriteTo(bytes);
        HexConverter.Write(writer, bytes);
    }
}

/// <summary>The same for points that were decoded before they were signed.</summary>
internal sealed class KnownPointConverter : JsonConverter<P256Point>
{
    private static readonly PointConverter s_other = new();

    public override P256Point Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        byte[] bytes = HexConverter.Read(ref reader, P256Point.Size);
        return bytes[0] is 2 or 3 ? P256Point.FromKnown(bytes) : throw new JsonException("not a compressed point of P-256");
    }

    public override void Write(Utf8JsonWriter writer, P256Point value, JsonSerializerOptions options) => s_other.Write(writer, value, options);
}

/// <summary>A scalar as its 32 bytes in hexadecimal digits.</summary>
internal sealed class ScalarConverter : JsonConverter<P256Scalar>
{
    public override P256Scalar Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        P256Scalar.TryDecode(HexConverter.Read(ref reader, P256Scalar.Size), out P256Scalar? scalar)
            ? scalar
            : throw new JsonException("not a scalar below the order of P-256");

    public override void Write(Utf8JsonWriter writer, P256Scalar value, JsonSerializerOptions options)
    {
        Span<byte> bytes = stackalloc byte[P256Scalar.Size];
        value.WriteTo(bytes);
        HexConverter.Write(writer, bytes);
    }
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
