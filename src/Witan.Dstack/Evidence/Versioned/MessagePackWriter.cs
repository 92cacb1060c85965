using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Witan.Dstack.Evidence;

/// <summary>Writes the part of MessagePack that attestations use, in the shortest form, as serde's encoder does.</summary>
internal sealed class MessagePackWriter
{
    private readonly ArrayBufferWriter<byte> _output = new();

    public byte[] ToArray() => _output.WrittenSpan.ToArray();

    public MessagePackWriter Map(int count) => Head(count, 0x80, 15, 0, 0xde, 0xdf);

    public MessagePackWriter Array(int count) => Head(count, 0x90, 15, 0, 0xdc, 0xdd);

    public MessagePackWriter Text(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Head(bytes.Length, 0xa0, 31, 0xd9, 0xda, 0xdb);
        _output.Write(bytes);
        return this;
    }

    public MessagePackWriter Bytes(ReadOnlySpan<byte> bytes)
    {
        Head(bytes.Length, 0, -1, 0xc4, 0xc5, 0xc6);
        _output.Write(bytes);
        return this;
    }

    /// <summary>Bytes as an array of numbers: how a plain vector is written.</summary>
    public MessagePackWriter Numbers(ReadOnlySpan<byte> bytes)
    {
        Array(bytes.Length);
        foreach (byte octet in bytes)
            Number(octet);
        return this;
    }

    public MessagePackWriter Number(uint value)
    {
        if (value < 0x80)
            _output.Write([(byte)value]);
        else if (value <= 0xFF)
            _output.Write<byte>([0xcc, (byte)value]);
        else if (value <= 0xFFFF)
            _output.Write<byte>([0xcd, (byte)(value >> 8), (byte)(value & 0xFF)]);
        else
            WriteFour(0xce, value);
        return this;
    }

    private MessagePackWriter Head(int count, int small, int most, byte one, byte two, byte four)
    {
        if (count <= most)
            _output.Write([(byte)(small | count)]);
        else if (one != 0 && count <= 0xFF)
            _output.Write([one, (byte)count]);
        else if (count <= 0xFFFF)
            _output.Write([two, (byte)(count >> 8), (byte)(count & 0xFF)]);
        else
            WriteFour(four, (uint)count);
        return this;
    }

    private void WriteFour(byte head, uint value)
    {
        Span<byte> bytes = stackalloc byte[5];
        bytes[0] = head;
        BinaryPrimitives.WriteUInt32BigEndian(bytes[1..], value);
        _output.Write(bytes);
    }
}
