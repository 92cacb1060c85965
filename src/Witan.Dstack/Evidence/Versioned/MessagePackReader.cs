using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Witan.Attestation;

namespace Witan.Dstack.Evidence;

/// <summary>
/// Reads the part of MessagePack that attestations use: maps, arrays, text, bytes and unsigned numbers. A failed read gives false;
/// no count is believed before as many bytes are there.
/// </summary>
internal ref struct MessagePackReader(ReadOnlyMemory<byte> bytes)
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);
    private readonly ReadOnlyMemory<byte> _bytes = bytes;
    private ByteReader _reader = new(bytes.Span);

    public readonly int Position => _reader.Position;

    public readonly int Remaining => _reader.Remaining;

    public bool TryMap(out int count) => TryCount(0x80, 0x0f, 0, 0xde, 0xdf, out count);

    public bool TryArray(out int count) => TryCount(0x90, 0x0f, 0, 0xdc, 0xdd, out count);

    public bool TryText([NotNullWhen(true)] out string? text)
    {
        text = null;
        if (!TryCount(0xa0, 0x1f, 0xd9, 0xda, 0xdb, out int length) || !_reader.TryBytes(length, out ReadOnlySpan<byte> value))
            return false;
        try
        {
            text = Strict.GetString(value);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }

    public bool TryNumber(out uint value)
    {
        value = 0;
        if (!_reader.TryBytes(1, out ReadOnlySpan<byte> head))
            return false;
        value = head[0];
        if (head[0] < 0x80)
            return true;
        int width = head[0] switch { 0xcc => 1, 0xcd => 2, 0xce => 4, 0xcf => 8, _ => 0 };
        if (width == 0 || !_reader.TryBytes(width, out ReadOnlySpan<byte> digits))
            return false;
        ulong number = 0;
        foreach (byte digit in digits)
            number = (number << 8) | digit;
        value = unchecked((uint)number);
        return number <= uint.MaxValue;
    }

    /// <summary>Bytes: as such, as an array of numbers (how serde writes a plain vector), or absent as nil.</summary>
    public bool TryBytes(out ReadOnlyMemory<byte> value)
    {
        value = default;
        if (Remaining == 0)
            return false;
        byte head = _bytes.Span[Position];
        if (head is 0xc4 or 0xc5 or 0xc6)
        {
            if (!TryCount(0, -1, 0xc4, 0xc5, 0xc6, out int length))
                return false;
            int start = Position;
            if (!_reader.TrySkip(length))
                return false;
            value = _bytes.Slice(start, length);
            return true;
        }

        if (!TryArray(out int count))
            return false;
        byte[] numbers = new byte[count];
        for (int i = 0; i < count; i++)
        {
            if (!TryNumber(out uint number) || number > 255)
                return false;
            numbers[i] = (byte)number;
        }

        value = numbers;
        return true;
    }

    /// <summary>Passes over one value of any kind, without recursion.</summary>
    public bool TrySkip()
    {
        for (long open = 1; open > 0; open--)
        {
            if (!_reader.TryBytes(1, out ReadOnlySpan<byte> head))
                return false;
            (int width, int factor, int size) = Shape(head[0]);
            long count = head[0] switch { < 0x80 or >= 0xe0 => 0, < 0x90 => (head[0] & 0x0f) * 2, < 0xa0 => head[0] & 0x0f, < 0xc0 => head[0] & 0x1f, _ => 0 };
            if (head[0] is >= 0xa0 and < 0xc0)
                (count, size) = (0, (int)count);
            if (width < 0)
                return false;
            if (width > 0)
            {
                if (!_reader.TryBytes(width, out ReadOnlySpan<byte> digits))
                    return false;
                long number = 0;
                foreach (byte digit in digits)
                    number = (number << 8) | digit;
                (count, size) = factor > 0 ? (number * factor, 0) : (0L, (int)Math.Min(number + size, int.MaxValue));
            }

            if (!_reader.TrySkip(size))
                return false;
            open += count;
            if (open > (long)Remaining + 1)
                return false;
        }

        return true;
    }

    // Width of the count that follows; children for each counted thing, or 0 where it counts bytes; bytes beside the count.
    private static (int Width, int Factor, int Size) Shape(byte head) => head switch
    {
        0xc1 => (-1, 0, 0),
        0xc4 or 0xd9 => (1, 0, 0),
        0xc5 or 0xda => (2, 0, 0),
        0xc6 or 0xdb => (4, 0, 0),
        0xc7 => (1, 0, 1),
        0xc8 => (2, 0, 1),
        0xc9 => (4, 0, 1),
        0xca or 0xce or 0xd2 => (0, 0, 4),
        0xcb or 0xcf or 0xd3 => (0, 0, 8),
        0xcc or 0xd0 => (0, 0, 1),
        0xcd or 0xd1 or 0xd4 => (0, 0, 2),
        0xd5 => (0, 0, 3),
        0xd6 => (0, 0, 5),
        0xd7 => (0, 0, 9),
        0xd8 => (0, 0, 17),
        0xdc => (2, 1, 0),
        0xdd => (4, 1, 0),
        0xde => (2, 2, 0),
        0xdf => (4, 2, 0),
        _ => (0, 0, 0),
    };

    private bool TryCount(int small, int mask, int one, int two, int four, out int count)
    {
        count = 0;
        if (!_reader.TryBytes(1, out ReadOnlySpan<byte> head))
            return false;
        if (mask > 0 && (head[0] & ~mask) == small)
        {
            count = head[0] & mask;
            return count <= Remaining;
        }

        int width = head[0] == one && one > 0 ? 1 : head[0] == two ? 2 : head[0] == four ? 4 : 0;
        if (width == 0 || !_reader.TryBytes(width, out ReadOnlySpan<byte> digits))
            return false;
        long number = width switch { 1 => digits[0], 2 => BinaryPrimitives.ReadUInt16BigEndian(digits), _ => BinaryPrimitives.ReadUInt32BigEndian(digits) };
        count = (int)Math.Min(number, int.MaxValue);
        // Every counted thing has at least one byte: a count beyond that is a lie, and nothing is allocated for it.
        return number <= Remaining;
    }
}
