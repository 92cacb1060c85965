using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Witan.Voting;

/// <summary>A 32-byte hash or key; shown and exchanged as 64 lower-case hexadecimal digits.</summary>
[JsonConverter(typeof(DigestConverter))]
public readonly struct Digest : IEquatable<Digest>, IComparable<Digest>
{
    private readonly byte[]? _bytes;

    /// <summary>Wraps exactly 32 bytes.</summary>
    public Digest(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, 32, nameof(bytes));
        _bytes = bytes.ToArray();
    }

    /// <summary>32 zero bytes.</summary>
    public static Digest Zero { get; } = new(new byte[32]);

    /// <summary>The 32 bytes.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes ?? Zero._bytes;

    /// <summary>Reads 64 lower-case hexadecimal digits.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Digest digest)
    {
        digest = Zero;
        if (!HexConverter.TryParse(text, 32, out byte[]? bytes))
            return false;
        digest = new Digest(bytes);
        return true;
    }

    /// <summary>Reads 64 lower-case hexadecimal digits; throws <see cref="FormatException"/> for anything else.</summary>
    public static Digest Parse(string text) =>
        TryParse(text, out Digest digest) ? digest : throw new FormatException("not 64 lower-case hexadecimal digits");

    /// <inheritdoc />
    public bool Equals(Digest other) => Bytes.SequenceEqual(other.Bytes);

    /// <inheritdoc />
    public override bool Equals(object? obj) => obj is Digest other && Equals(other);

    /// <inheritdoc />
    public override int GetHashCode() => System.Buffers.Binary.BinaryPrimitives.ReadInt32LittleEndian(Bytes);

    /// <inheritdoc />
    public int CompareTo(Digest other) => Bytes.SequenceCompareTo(other.Bytes);

    /// <inheritdoc />
    public override string ToString() => Convert.ToHexStringLower(Bytes);

    /// <summary>The first eight digits: enough for a person to tell two apart.</summary>
    public string Short() => ToString()[..8];

    /// <summary>Equality of the bytes.</summary>
    public static bool operator ==(Digest a, Digest b) => a.Equals(b);

    /// <summary>Inequality of the bytes.</summary>
    public static bool operator !=(Digest a, Digest b) => !a.Equals(b);

    /// <summary>Order of the bytes.</summary>
    public static bool operator <(Digest a, Digest b) => a.CompareTo(b) < 0;

    /// <summary>Order of the bytes.</summary>
    public static bool operator >(Digest a, Digest b) => a.CompareTo(b) > 0;

    /// <summary>Order of the bytes.</summary>
    public static bool operator <=(Digest a, Digest b) => a.CompareTo(b) <= 0;

    /// <summary>Order of the bytes.</summary>
    public static bool operator >=(Digest a, Digest b) => a.CompareTo(b) >= 0;
}

internal sealed class DigestConverter : JsonConverter<Digest>
{
    public override Digest Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        new(HexConverter.Read(ref reader, 32));

    public override void Write(Utf8JsonWriter writer, Digest value, JsonSerializerOptions options) =>
        HexConverter.Write(writer, value.Bytes);
}
