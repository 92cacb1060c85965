using System.Buffers;
using System.Text.Json;

namespace Witan.Dstack.Simulator;

/// <summary>
/// Messages as JSON: bytes in hexadecimal, with or without <c>0x</c> on the way in; unknown members are read over. What is written is
/// ASCII alone: the JavaScript SDK counts characters where Content-Length counts bytes.
/// </summary>
internal static class JsonMessages
{
    private static readonly JsonWriterOptions Compact = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.Default };
    private static readonly JsonWriterOptions Indented = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.Default, Indented = true };

    public static AgentMessage Read(AgentSchema schema, ReadOnlySpan<byte> json)
    {
        var message = new AgentMessage();
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 32 });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                throw new AgentException("Failed to decode request: the body is no JSON object");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                AgentField? field = schema.Find(reader.GetString());
                reader.Read();
                if (field is null)
                    reader.Skip();
                else
                    ReadField(ref reader, field, message);
            }

            return reader.Read() ? throw new AgentException("Failed to decode request: trailing characters") : message;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new AgentException("Failed to decode request: the body is not valid JSON");
        }
    }

    public static byte[] Write(AgentSchema schema, AgentMessage message)
    {
        var output = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(output, Compact))
        {
            writer.WriteStartObject();
            foreach (AgentField field in schema.Fields)
                WriteField(writer, field, message);
            writer.WriteEndObject();
        }

        return output.WrittenSpan.ToArray();
    }

    /// <summary>An error in the agent's shape.</summary>
    public static byte[] Error(string message)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(output, Indented))
        {
            writer.WriteStartObject();
            writer.WriteString("error", message);
            writer.WriteEndObject();
        }

        return output.WrittenSpan.ToArray();
    }

    /// <summary>Bytes of hexadecimal text with or without <c>0x</c>.</summary>
    public static byte[] Hex(string text, string field)
    {
        ReadOnlySpan<char> digits = text.StartsWith("0x", StringComparison.Ordinal) ? text.AsSpan(2) : text;
        byte[] value = new byte[digits.Length / 2];
        return digits.Length % 2 == 0 && Convert.FromHexString(digits, value, out _, out _) == OperationStatus.Done
            ? value
            : throw new AgentException($"Failed to decode request: {field} is not hexadecimal");
    }

    private static void ReadField(ref Utf8JsonReader reader, AgentField field, AgentMessage message)
    {
        object? value = (field.Kind, reader.TokenType) switch
        {
            (FieldKind.Text, JsonTokenType.String) => reader.GetString()!,
            (FieldKind.Bytes, JsonTokenType.String) => Hex(reader.GetString()!, field.Name),
            (FieldKind.Flag, JsonTokenType.True or JsonTokenType.False) => reader.GetBoolean(),
            (FieldKind.Number, JsonTokenType.Number) when reader.TryGetUInt64(out ulong number) => number,
            (FieldKind.Number, JsonTokenType.Null) => null,
            (FieldKind.Texts, JsonTokenType.StartArray) => ReadTexts(ref reader, field),
            _ => throw new AgentException($"Failed to decode request: {field.Name} has another type than it should"),
        };
        if (value is not null)
            message.Set(field.Name, value);
    }

    private static List<string> ReadTexts(ref Utf8JsonReader reader, AgentField field)
    {
        var list = new List<string>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            list.Add(reader.TokenType == JsonTokenType.String
                ? reader.GetString()!
                : throw new AgentException($"Failed to decode request: {field.Name} holds something else than texts"));
        }

        return list;
    }

    private static void WriteField(Utf8JsonWriter writer, AgentField field, AgentMessage message)
    {
        writer.WritePropertyName(field.Name);
        switch (field.Kind)
        {
            case FieldKind.Text:
                writer.WriteStringValue(message.Text(field.Name));
                break;
            case FieldKind.Bytes:
                writer.WriteStringValue(Convert.ToHexStringLower(message.Bytes(field.Name)));
                break;
            case FieldKind.Flag:
                writer.WriteBooleanValue(message.Flag(field.Name));
                break;
            case FieldKind.Number:
                writer.WriteNumberValue(message.Number(field.Name) ?? 0);
                break;
            default:
                writer.WriteStartArray();
                foreach (string text in field.Kind == FieldKind.Texts ? message.Texts(field.Name) : message.ByteStrings(field.Name).Select(Convert.ToHexStringLower))
                    writer.WriteStringValue(text);
                writer.WriteEndArray();
                break;
        }
    }
}
