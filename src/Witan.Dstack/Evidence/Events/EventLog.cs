using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using Witan.Attestation;

namespace Witan.Dstack.Evidence;

/// <summary>
/// The entries of an event log in order. Read from the JSON that guest agents publish: an array of entries, or a JSON string
/// that holds one.
/// </summary>
public sealed class EventLog
{
    /// <summary>Most entries that are read; a booted guest writes about thirty.</summary>
    public const int MaximumEntries = 65_536;

    /// <summary>Largest text that is read, in bytes.</summary>
    public const int MaximumSize = 10 << 20;

    /// <summary>Makes a log of entries.</summary>
    public EventLog(IReadOnlyList<EventLogEntry> entries) => Entries = entries;

    /// <summary>The entries in order.</summary>
    public IReadOnlyList<EventLogEntry> Entries { get; }

    /// <summary>The events of RTMR3 in order.</summary>
    public IEnumerable<RuntimeEvent> RuntimeEvents =>
        Entries.Where(entry => entry is { Register: RuntimeEvent.Register, IsRuntime: true }).Select(entry => entry.ToRuntimeEvent());

    /// <summary>Reads a log from JSON in UTF-8. On false the refusal names the entry. Never throws; work is bounded by the size.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> json, [NotNullWhen(true)] out EventLog? log, [NotNullWhen(false)] out Finding? refusal)
    {
        log = null;
        refusal = json.Length > MaximumSize
            ? Refuse("EVENT_LOG_TOO_LONG", $"the event log has {json.Length} bytes; at most {MaximumSize} are read", null)
            : Read(json.Span, out log);
        return refusal is null;
    }

    /// <summary>The log as guest agents write it: a JSON array; runtime events of version 1 without version and preimage.</summary>
    /// <param name="stripped">Leave out what agents since 0.5.6 leave out: payloads of firmware events, digests of runtime events.</param>
    public string ToJson(bool stripped = false)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartArray();
            foreach (EventLogEntry entry in Entries)
                Write(writer, stripped ? Strip(entry) : entry);
            writer.WriteEndArray();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>An entry without what current agents leave out.</summary>
    internal static EventLogEntry Strip(EventLogEntry entry) =>
        entry.IsRuntime ? entry with { Digest = default }
        : entry.Type == EventLogEntry.AcpiDataType ? entry
        : entry with { Payload = default };

    internal static Finding Refuse(string code, string message, int? offset) => new(code, FindingSeverity.Error, message)
    {
        Subject = "event log",
        Actor = FindingActor.Sender,
        Remedy = "Send the event log as the guest agent gave it.",
        Offset = offset,
    };

    private static void Write(Utf8JsonWriter writer, EventLogEntry entry)
    {
        writer.WriteStartObject();
        writer.WriteNumber("imr", entry.Register);
        writer.WriteNumber("event_type", entry.Type);
        writer.WriteString("digest", Convert.ToHexStringLower(entry.Digest.Span));
        writer.WriteString("event", entry.Name);
        writer.WriteString("event_payload", Convert.ToHexStringLower(entry.Payload.Span));
        if (entry.Version != 1)
            writer.WriteNumber("version", entry.Version);
        if (entry.Preimage is { } preimage)
            writer.WriteString("preimage", Convert.ToHexStringLower(preimage.Span));
        writer.WriteEndObject();
    }

    private static Finding? Read(ReadOnlySpan<byte> json, out EventLog? log)
    {
        log = null;
        try
        {
            var reader = new Utf8JsonReader(json);
            if (!reader.Read())
                return Refuse("EVENT_LOG_FORMAT", "the event log is empty", 0);
            if (reader.TokenType == JsonTokenType.String)
                return ReadInner(ref reader, out log);
            var list = new List<EventLogEntry>();
            Finding? refusal = EventLogReader.Read(ref reader, list);
            log = refusal is null ? new EventLog(list) : null;
            return refusal;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return Refuse("EVENT_LOG_FORMAT", $"the event log cannot be read: {e.Message}", (e as JsonException)?.BytePositionInLine is { } at and < int.MaxValue ? (int)at : null);
        }
    }

    // Once: a string inside a string is nobody's encoding.
    private static Finding? ReadInner(ref Utf8JsonReader reader, out EventLog? log)
    {
        byte[] text = new byte[reader.ValueSpan.Length];
        int length = reader.CopyString(text);
        log = null;
        if (reader.Read())
            return Refuse("EVENT_LOG_FORMAT", "something stands behind the event log", (int)reader.TokenStartIndex);
        var list = new List<EventLogEntry>();
        var inner = new Utf8JsonReader(text.AsSpan(0, length));
        if (!inner.Read())
            return Refuse("EVENT_LOG_FORMAT", "the event log is empty", 0);
        Finding? refusal = EventLogReader.Read(ref inner, list);
        log = refusal is null ? new EventLog(list) : null;
        return refusal;
    }
}
