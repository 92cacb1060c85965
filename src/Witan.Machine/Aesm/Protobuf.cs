using System.Buffers.Binary;

namespace Witan.Machine;

/// <summary>One field of a protocol buffer message: a number, or bytes.</summary>
internal sealed record ProtobufField(int Number, ulong Value, ReadOnlyMemory<byte> Bytes, bool IsBytes);

/// <summary>Writes the few kinds of protocol buffer fields that AESM uses: varint and length-delimited.</summary>
internal sealed class ProtobufWriter
{
    private readonly List<byte> _bytes = [];

    public ProtobufWriter Varint(int field, ulong value)
    {
        Raw((ulong)field << 3);
        Raw(value);
        return this;
    }

    public ProtobufWriter Bytes(int field, ReadOnlySpan<byte> value)
    {
        Raw((ulong)field << 3 | 2);
        Raw((ulong)value.Length);
        _bytes.AddRange(value);
        return this;
    }

    public byte[] ToArray() => [.. _bytes];

    private void Raw(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            _bytes.Add((byte)(value & 0x7F | 0x80));
        _bytes.Add((byte)value);
    }
}

/// <summary>Reads one level of a protocol buffer message. Never throws on hostile bytes; the work is bounded by the length.</summary>
internal static class Protobuf
{
    /// <summary>The fields in order; false where the bytes are no message.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> message, out List<ProtobufField> fields)
    {
        fields = [];
        int at = 0;
        while (at < message.Length)
        {
            if (!TryVarint(message.Span, ref at, out ulong tag) || tag >> 3 is 0 or > 0x1FFFFFFF)
                return false;
            int number = (int)(tag >> 3);
            ulong value = 0;
            int length = 0;
            switch (tag & 7)
            {
                case 0 when TryVarint(message.Span, ref at, out value):
                    fields.Add(new ProtobufField(number, value, default, IsBytes: false));
                    continue;
                case 1 when message.Length - at >= 8:
                    fields.Add(new ProtobufField(number, BinaryPrimitives.ReadUInt64LittleEndian(message.Span[at..]), default, IsBytes: false));
                    at += 8;
                    continue;
                case 2 when TryVarint(message.Span, ref at, out value) && value <= (ulong)(message.Length - at):
                    length = (int)value;
                    fields.Add(new ProtobufField(number, 0, message.Slice(at, length), IsBytes: true));
                    at += length;
                    continue;
                case 5 when message.Length - at >= 4:
                    fields.Add(new ProtobufField(number, BinaryPrimitives.ReadUInt32LittleEndian(message.Span[at..]), default, IsBytes: false));
                    at += 4;
                    continue;
                default:
                    return false;
            }
        }

        return true;
    }

    private static bool TryVarint(ReadOnlySpan<byte> bytes, ref int at, out ulong value)
    {
        value = 0;
        for (int shift = 0; shift < 64 && at < bytes.Length; shift += 7)
        {
            byte next = bytes[at++];
            value |= unchecked((ulong)(next & 0x7F) << shift);
            if (next < 0x80)
                return true;
        }

        return false;
    }
}
