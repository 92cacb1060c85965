using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Witan.Crypto;

namespace Witan.Voting;

/// <summary>
/// The one byte form of everything that is hashed or signed: a domain tag, then fields in fixed order, each with its length
/// as u32 big-endian before it; integers as fixed-width big-endian; lists as their count, then their members.
/// </summary>
public sealed class CanonicalWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new(256);

    /// <summary>Begins with a tag of <see cref="DomainTags"/>.</summary>
    public CanonicalWriter(string tag) => Text(tag);

    /// <summary>Bytes written so far.</summary>
    public ReadOnlySpan<byte> Written => _bytes.WrittenSpan;

    /// <summary>A field of bytes.</summary>
    public CanonicalWriter Bytes(ReadOnlySpan<byte> value)
    {
        Span<byte> to = _bytes.GetSpan(4 + value.Length);
        BinaryPrimitives.WriteInt32BigEndian(to, value.Length);
        value.CopyTo(to[4..]);
        _bytes.Advance(4 + value.Length);
        return this;
    }

    /// <summary>A field of UTF-8 text.</summary>
    public CanonicalWriter Text(string value) => Bytes(Encoding.UTF8.GetBytes(value));

    /// <summary>An integer of eight bytes.</summary>
    public CanonicalWriter Number(long value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return Bytes(bytes);
    }

    /// <summary>A moment in UTC milliseconds.</summary>
    public CanonicalWriter Time(DateTimeOffset value) => Number(value.ToUnixTimeMilliseconds());

    /// <summary>A point in its 33 bytes.</summary>
    public CanonicalWriter Point(P256Point value)
    {
        Span<byte> bytes = stackalloc byte[P256Point.Size];
        value.WriteTo(bytes);
        return Bytes(bytes);
    }

    /// <summary>A scalar in its 32 bytes.</summary>
    public CanonicalWriter Scalar(P256Scalar value)
    {
        Span<byte> bytes = stackalloc byte[P256Scalar.Size];
        value.WriteTo(bytes);
        return Bytes(bytes);
    }

    /// <summary>A list: its count, then its members.</summary>
    public CanonicalWriter List<T>(IReadOnlyCollection<T> values, Action<CanonicalWriter, T> write)
    {
        Number(values.Count);
        foreach (T value in values)
            write(this, value);
        return this;
    }

    /// <summary>The bytes.</summary>
    public byte[] ToBytes() => _bytes.WrittenSpan.ToArray();

    /// <summary>SHA-256 of the bytes.</summary>
    public Digest Hash() => new(SHA256.HashData(_bytes.WrittenSpan));

    /// <summary>A challenge: SHA-512 of the bytes, reduced modulo the group order.</summary>
    public P256Scalar Challenge() => P256Scalar.Reduce(SHA512.HashData(_bytes.WrittenSpan));
}
