using Witan.Attestation;

namespace Witan.Dstack.Evidence;

/// <summary>
/// Layout V1: <c>{version: 1, platform: {kind, data}, stack: {kind, data}}</c> as MessagePack maps with names. Unknown members are
/// passed over, a member that occurs twice is refused.
/// </summary>
internal static class MessagePackAttestation
{
    public static Finding? Read(ReadOnlyMemory<byte> bytes, out VersionedAttestation? attestation)
    {
        attestation = null;
        var reader = new MessagePackReader(bytes);
        var parts = new Parts();
        string? problem = ReadRoot(ref reader, parts);
        if (problem is null && reader.Remaining > 0)
            problem = $"{reader.Remaining} bytes stand behind the attestation";
        if (problem is null && parts.Platform is not (null or "tdx"))
            return VersionedAttestation.Refuse("ATTESTATION_PLATFORM_UNSUPPORTED", $"evidence of the platform {Shown(parts.Platform)}; only tdx is verified here", null);
        problem ??= parts.Missing();
        if (problem is not null)
            return VersionedAttestation.Refuse("ATTESTATION_FORMAT", $"the attestation is not read: {problem}", reader.Position);
        attestation = new VersionedAttestation
        {
            Layout = AttestationLayout.V1,
            Quote = parts.Quote!.Value,
            EventLog = new EventLog(parts.Entries!),
            RuntimeEvents = parts.Runtime!,
            ReportData = parts.ReportData!.Value,
            Config = parts.Config!,
            ReportDataPayload = parts.Payload,
        };
        return null;
    }

    public static byte[] Write(VersionedAttestation attestation)
    {
        var writer = new MessagePackWriter();
        writer.Map(3).Text("version").Number(1);
        writer.Text("platform").Map(2).Text("kind").Text("tdx").Text("data").Map(2).Text("quote").Numbers(attestation.Quote.Span);
        writer.Text("event_log").Array(attestation.EventLog.Entries.Count);
        foreach (EventLogEntry entry in attestation.EventLog.Entries)
            WriteEntry(writer, entry);
        writer.Text("stack").Map(2).Text("kind").Text(attestation.ReportDataPayload is null ? "dstack" : "dstack-pod");
        writer.Text("data").Map(attestation.ReportDataPayload is null ? 3 : 4).Text("report_data").Numbers(attestation.ReportData.Span);
        writer.Text("runtime_events").Array(attestation.RuntimeEvents.Count);
        foreach (RuntimeEvent runtime in attestation.RuntimeEvents)
            writer.Map(3).Text("event").Text(runtime.Name).Text("payload").Bytes(runtime.Payload.Span).Text("version").Number((uint)runtime.Version);
        writer.Text("config").Text(attestation.Config);
        if (attestation.ReportDataPayload is { } payload)
            writer.Text("report_data_payload").Text(payload);
        return writer.ToArray();
    }

    private static void WriteEntry(MessagePackWriter writer, EventLogEntry entry)
    {
        int members = 5 + (entry.Version != 1 ? 1 : 0) + (entry.Preimage is not null ? 1 : 0);
        writer.Map(members).Text("imr").Number((uint)entry.Register).Text("event_type").Number(entry.Type);
        writer.Text("digest").Bytes(entry.Digest.Span).Text("event").Text(entry.Name).Text("event_payload").Bytes(entry.Payload.Span);
        if (entry.Version != 1)
            writer.Text("version").Number((uint)entry.Version);
        if (entry.Preimage is { } preimage)
            writer.Text("preimage").Text(Convert.ToHexStringLower(preimage.Span));
    }

    private static string? ReadRoot(ref MessagePackReader reader, Parts parts)
    {
        if (!reader.TryMap(out int members))
            return "it is no map";
        for (int i = 0; i < members; i++)
        {
            if (!reader.TryText(out string? name))
                return "a member has no name";
            string? problem = name switch
            {
                "version" => ReadVersion(ref reader, parts),
                "platform" => ReadTagged(ref reader, parts, isPlatform: true),
                "stack" => ReadTagged(ref reader, parts, isPlatform: false),
                _ => reader.TrySkip() ? null : "a member ends early",
            };
            if (problem is not null)
                return problem;
        }

        return null;
    }

    private static string? ReadVersion(ref MessagePackReader reader, Parts parts)
    {
        if (parts.Version is not null || !reader.TryNumber(out uint version))
            return "its version is no number";
        parts.Version = version;
        return version == 1 ? null : $"it has version {version}; 1 is known";
    }

    // kind says what data is, so that it must come first, as every encoder writes it.
    private static string? ReadTagged(ref MessagePackReader reader, Parts parts, bool isPlatform)
    {
        string what = isPlatform ? "platform" : "stack";
        if ((isPlatform ? parts.Platform : parts.Stack) is not null)
            return $"{what} is named twice";
        if (!reader.TryMap(out int members) || members != 2 || !reader.TryText(out string? kindName) || kindName != "kind"
            || !reader.TryText(out string? kind) || !reader.TryText(out string? dataName) || dataName != "data")
        {
            return $"{what} is no map of kind and data";
        }

        if (isPlatform)
            parts.Platform = kind;
        else
            parts.Stack = kind;
        if (isPlatform && kind != "tdx")
            return reader.TrySkip() ? null : "the platform's data end early";
        if (!isPlatform && kind is not ("dstack" or "dstack-pod"))
            return $"the stack {Shown(kind)} is not known";
        return ReadData(ref reader, parts, what);
    }

    private static string? ReadData(ref MessagePackReader reader, Parts parts, string what)
    {
        if (!reader.TryMap(out int members))
            return $"the data of {what} are no map";
        for (int i = 0; i < members; i++)
        {
            if (!reader.TryText(out string? name))
                return $"a member of {what} has no name";
            bool good = (what, name) switch
            {
                ("platform", "quote") => parts.Quote is null && Set(reader.TryBytes(out ReadOnlyMemory<byte> quote), quote, out parts.Quote),
                ("platform", "event_log") => parts.Entries is null && TryEntries(ref reader, out parts.Entries),
                ("stack", "report_data") => parts.ReportData is null && Set(reader.TryBytes(out ReadOnlyMemory<byte> data) && data.Length == 64, data, out parts.ReportData),
                ("stack", "runtime_events") => parts.Runtime is null && TryRuntime(ref reader, out parts.Runtime),
                ("stack", "config") => parts.Config is null && reader.TryText(out parts.Config),
                ("stack", "report_data_payload") => parts.Payload is null && reader.TryText(out parts.Payload),
                _ => reader.TrySkip(),
            };
            if (!good)
                return $"{Shown(name)} of {what} is malformed or named twice";
        }

        return null;
    }

    private static bool Set(bool good, ReadOnlyMemory<byte> value, out ReadOnlyMemory<byte>? slot)
    {
        slot = good ? value : default(ReadOnlyMemory<byte>?);
        return good;
    }

    private static bool TryEntries(ref MessagePackReader reader, out List<EventLogEntry>? entries)
    {
        entries = null;
        if (!reader.TryArray(out int count) || count > EventLog.MaximumEntries)
            return false;
        var list = new List<EventLogEntry>();
        for (int i = 0; i < count; i++)
        {
            if (!TryEntry(ref reader, out EventLogEntry? entry))
                return false;
            list.Add(entry!);
        }

        entries = list;
        return true;
    }

    private static bool TryEntry(ref MessagePackReader reader, out EventLogEntry? entry)
    {
        entry = null;
        if (!reader.TryMap(out int members))
            return false;
        uint register = uint.MaxValue, type = 0, version = 1;
        ReadOnlyMemory<byte> digest = default, payload = default;
        string? name = null, preimage = null;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < members; i++)
        {
            if (!reader.TryText(out string? member) || !seen.Add(member))
                return false;
            bool good = member switch
            {
                "imr" => reader.TryNumber(out register),
                "event_type" => reader.TryNumber(out type),
                "digest" => reader.TryBytes(out digest),
                "event" => reader.TryText(out name),
                "event_payload" => reader.TryBytes(out payload),
                "version" => reader.TryNumber(out version),
                "preimage" => reader.TryText(out preimage),
                _ => reader.TrySkip(),
            };
            if (!good)
                return false;
        }

        if (register > 3 || name is null || !seen.Contains("event_type") || digest.Length is not (0 or MeasurementRegister.Size) || version > 2
            || (preimage is not null && (preimage.Length % 2 != 0 || !preimage.All(char.IsAsciiHexDigit))))
        {
            return false;
        }

        entry = new EventLogEntry((int)register, type, digest, name, payload)
        {
            Version = (int)version,
            Preimage = preimage is null ? default(ReadOnlyMemory<byte>?) : Convert.FromHexString(preimage),
        };
        return true;
    }

    private static bool TryRuntime(ref MessagePackReader reader, out List<RuntimeEvent>? events)
    {
        events = null;
        if (!reader.TryArray(out int count) || count > EventLog.MaximumEntries)
            return false;
        var list = new List<RuntimeEvent>();
        for (int i = 0; i < count; i++)
        {
            string? name = null;
            ReadOnlyMemory<byte> payload = default;
            uint version = 1;
            var seen = new HashSet<string>(StringComparer.Ordinal);
            if (!reader.TryMap(out int members))
                return false;
            for (int k = 0; k < members; k++)
            {
                if (!reader.TryText(out string? member) || !seen.Add(member))
                    return false;
                bool good = member switch
                {
                    "event" => reader.TryText(out name),
                    "payload" => reader.TryBytes(out payload),
                    "version" => reader.TryNumber(out version),
                    _ => reader.TrySkip(),
                };
                if (!good)
                    return false;
            }

            if (name is null || !seen.Contains("payload") || version is not (1 or 2))
                return false;
            list.Add(new RuntimeEvent(name, payload, (EventDigestVersion)version));
        }

        events = list;
        return true;
    }

    private static string Shown(string text) => text.Length <= 64 ? text : text[..64] + "…";

    private sealed class Parts
    {
        public uint? Version;
        public string? Platform;
        public string? Stack;
        public ReadOnlyMemory<byte>? Quote;
        public List<EventLogEntry>? Entries;
        public ReadOnlyMemory<byte>? ReportData;
        public List<RuntimeEvent>? Runtime;
        public string? Config;
        public string? Payload;

        public string? Missing() =>
            Version is null ? "it has no version"
            : Platform is null || Quote is null || Entries is null ? "it has no whole platform"
            : Stack is null || ReportData is null || Runtime is null || Config is null ? "it has no whole stack"
            : (Stack == "dstack-pod") != (Payload is not null) ? "report_data_payload belongs to the stack dstack-pod and only there"
            : null;
    }
}
