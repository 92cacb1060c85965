using System.Buffers;
using System.Text;

namespace Witan.Dstack.Simulator;

/// <summary>
/// Messages as protobuf: what the agent speaks where a request does not say JSON. Only what its interface uses: numbers, and bytes
/// with a length. Unknown fields are read over.
/// </summary>
internal static class ProtobufMessages
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    public static AgentMessage Read(AgentSchema schema, ReadOnlySpan<byte> bytes)
    {
        var message = new AgentMessage();
        while (bytes.Length > 0)
        {
            ulong tag = Number(ref bytes);
            AgentField? field = schema.Fields.FirstOrDefault(known => known.Number == (int)Math.Min(tag >> 3, int.MaxValue));
            switch (tag & 7)
            {
                case 0:
                    ulong number = Number(ref bytes);
                    if (field is { Kind: FieldKind.Flag })
                        message.Set(field.Name, number != 0);
                    else if (field is { Kind: FieldKind.Number })
                        message.Set(field.Name, number);
                    else if (field is not null)
                        throw Malformed();
                    break;
                case 2:
                    ReadOnlySpan<byte> value = Take(ref bytes, Number(ref bytes));
                    if (field is not null)
                        ReadField(field, value, message);
                    break;
                case 1 when field is null:
                    Take(ref bytes, 8);
                    break;
                case 5 when field is null:
                    Take(ref bytes, 4);
                    break;
                default:
                    throw Malformed();
            }
        }

        return message;
    }

    public static byte[] Write(AgentSchema schema, AgentMessage message)
    {
        var output = new ArrayBufferWriter<byte>(1024);
        foreach (AgentField field in schema.Fields)
        {
            switch (field.Kind)
            {
                case FieldKind.Text:
                    WriteBytes(output, field, Encoding.UTF8.GetBytes(message.Text(field.Name)), evenEmpty: false);
                    break;
                case FieldKind.Bytes:
                    WriteBytes(output, field, message.Bytes(field.Name), evenEmpty: false);
                    break;
                case FieldKind.Texts:
                    foreach (string text in message.Texts(field.Name))
                        WriteBytes(output, field, Encoding.UTF8.GetBytes(text), evenEmpty: true);
                    break;
                case FieldKind.ByteStrings:
                    foreach (byte[] item in message.ByteStrings(field.Name))
                        WriteBytes(output, field, item, evenEmpty: true);
                    break;
                default:
                    ulong number = field.Kind == FieldKind.Flag ? (message.Flag(field.Name) ? 1UL : 0) : message.Number(field.Name) ?? 0;
                    if (number != 0)
                    {
                        WriteNumber(output, (ulong)field.Number << 3);
                        WriteNumber(output, number);
                    }

                    break;
            }
        }

        return output.WrittenSpan.ToArray();
    }

    /// <summary>An error in the agent's shape: a message with the text as field 1.</summary>
    public static byte[] Error(string text) => Write(new AgentSchema(new AgentField("message", 1, FieldKind.Text)), new AgentMessage(("message", text)));

    private static void ReadField(AgentField field, ReadOnlySpan<byte> value, AgentMessage message)
    {
        if (field.Kind == FieldKind.Bytes)
        {
            message.Set(field.Name, value.ToArray());
            return;
        }

        try
        {
            string text = Strict.GetString(value);
            if (field.Kind == FieldKind.Text)
                message.Set(field.Name, text);
            else if (field.Kind == FieldKind.Texts)
                message.Append(field.Name, text);
            else
                throw Malformed();
        }
        catch (DecoderFallbackException)
        {
            throw Malformed();
        }
    }

    private static ulong Number(ref ReadOnlySpan<byte> bytes)
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte digit = Take(ref bytes, 1)[0];
            value |= (ulong)(digit & 0x7F) << shift;
            if (digit < 0x80)
                return value;
        }

        throw Malformed();
    }

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> bytes, ulong count)
    {
        if (count > (ulong)bytes.Length)
            throw Malformed();
        ReadOnlySpan<byte> taken = bytes[..(int)count];
        bytes = bytes[(int)count..];
        return taken;
    }

    private static void WriteBytes(ArrayBufferWriter<byte> output, AgentField field, ReadOnlySpan<byte> value, bool evenEmpty)
    {
        if (value.IsEmpty && !evenEmpty)
            return;
        WriteNumber(output, ((ulong)field.Number << 3) | 2);
        WriteNumber(output, (ulong)value.Length);
        output.Write(value);
    }

    private static void WriteNumber(ArrayBufferWriter<byte> output, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            output.Write([(byte)(0x80 | (value & 0x7F))]);
        output.Write([(byte)value]);
    }

    private static AgentException Malformed() => new("Failed to decode request: the body is not the protobuf message expected");
}
