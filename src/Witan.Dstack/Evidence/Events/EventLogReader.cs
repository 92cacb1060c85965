using System.Text.Json;
using Witan.Attestation;

namespace Witan.Dstack.Evidence;

/// <summary>Reads the entries of an event log from JSON. Unknown members are skipped; a member named twice is refused.</summary>
internal static class EventLogReader
{
    /// <summary>Reads an array at whose start the reader stands, and nothing behind it. Null where it is whole.</summary>
    public static Finding? Read(ref Utf8JsonReader reader, List<EventLogEntry> entries)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            return EventLog.Refuse("EVENT_LOG_FORMAT", "an event log is a JSON array", (int)reader.TokenStartIndex);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (entries.Count == EventLog.MaximumEntries)
                return EventLog.Refuse("EVENT_LOG_TOO_LONG", $"the event log has more than {EventLog.MaximumEntries} entries", (int)reader.TokenStartIndex);
            int at = (int)reader.TokenStartIndex;
            if (ReadEntry(ref reader, out EventLogEntry? entry) is { } problem)
                return EventLog.Refuse("EVENT_LOG_ENTRY_INVALID", $"entry {entries.Count} of the event log {problem}", at);
            entries.Add(entry!);
        }

        return reader.Read() ? EventLog.Refuse("EVENT_LOG_FORMAT", "something stands behind the event log", (int)reader.TokenStartIndex) : null;
    }

    private static string? ReadEntry(ref Utf8JsonReader reader, out EventLogEntry? entry)
    {
        entry = null;
        if (reader.TokenType != JsonTokenType.StartObject)
            return "is no object";
        uint? register = null, type = null;
        string? name = null;
        byte[]? digest = null, payload = null, preimage = null;
        int? version = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string member = reader.GetString()!;
            reader.Read();
            bool first = member switch
            {
                "imr" => Take(ref register, Number(ref reader, member)),
                "event_type" => Take(ref type, Number(ref reader, member)),
                "digest" => Take(ref digest, Hex(ref reader, member)),
                "event" => Take(ref name, Text(ref reader, member)),
                "event_payload" => Take(ref payload, Hex(ref reader, member)),
                "version" => Take(ref version, Version(ref reader)),
                "preimage" => reader.TokenType == JsonTokenType.Null || Take(ref preimage, Hex(ref reader, member)),
                _ => Skip(ref reader),
            };
            if (!first)
                return $"has two members {member}";
        }

        if (register is null || type is null || name is null)
            return $"has no {(register is null ? "imr" : type is null ? "event_type" : "event")}";
        if (register > 3)
            return $"is for register {register}; there are 0 to 3";
        if (digest is not (null or { Length: 0 or MeasurementRegister.Size }))
            return $"has a digest of {digest.Length} bytes; {MeasurementRegister.Size} or none are needed";
        entry = new EventLogEntry((int)register, type.Value, digest, name, payload)
        {
            Version = version ?? 1,
            Preimage = preimage is null ? default(ReadOnlyMemory<byte>?) : preimage,
        };
        return null;
    }

    private static bool Take<T>(ref T? slot, T? value)
    {
        bool first = slot is null;
        slot = value;
        return first;
    }

    private static bool Skip(ref Utf8JsonReader reader)
    {
        reader.Skip();
        return true;
    }

    private static uint? Number(ref Utf8JsonReader reader, string member) =>
        reader.TokenType == JsonTokenType.Number && reader.TryGetUInt32(out uint value) ? value : throw new FormatException($"{member} is no 32-bit number");

    private static int? Version(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out int value) ? value : throw new FormatException("version is no number");

    private static string Text(ref Utf8JsonReader reader, string member) =>
        reader.TokenType == JsonTokenType.String ? reader.GetString()! : throw new FormatException($"{member} is no string");

    private static byte[] Hex(ref Utf8JsonReader reader, string member)
    {
        if (reader.TokenType != JsonTokenType.String)
            throw new FormatException($"{member} is no string");
        ReadOnlySpan<byte> digits = reader.ValueSpan;
        byte[] value = new byte[digits.Length / 2];
        return digits.Length % 2 == 0 && Convert.FromHexString(digits, value, out _, out _) == System.Buffers.OperationStatus.Done
            ? value
            : throw new FormatException($"{member} is not hexadecimal");
    }
}
