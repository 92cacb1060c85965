using System.Buffers.Binary;

namespace Witan.Attestation;

/// <summary>
/// The one reader of binary formats. Every read is checked against what is left before anything is done with it; a failed
/// read leaves the position where it was.
/// </summary>
internal ref struct ByteReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>Offset of the next byte.</summary>
    public int Position { get; private set; }

    /// <summary>How many bytes are left.</summary>
    public readonly int Remaining => _bytes.Length - Position;

    public bool TryBytes(long count, out ReadOnlySpan<byte> value)
    {
        value = default;
        if (count < 0 || count > Remaining)
            return false;
        value = _bytes.Slice(Position, (int)count);
        Position += (int)count;
        return true;
    }

    public bool TrySkip(long count) => TryBytes(count, out _);

    public bool TryUInt16(out ushort value)
    {
        bool good = TryBytes(2, out ReadOnlySpan<byte> bytes);
        value = good ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : default;
        return good;
    }

    public bool TryUInt32(out uint value)
    {
        bool good = TryBytes(4, out ReadOnlySpan<byte> bytes);
        value = good ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : default;
        return good;
    }
}
