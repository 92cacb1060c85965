using System.Buffers.Binary;
using System.Text;
using Witan.Attestation;

namespace Witan.Dstack.Evidence;

/// <summary>
/// Layout V0: a zero byte, the platform (0 is TDX), quote, event log, runtime events, 64 bytes of report data, configuration;
/// lengths in SCALE's compact form.
/// </summary>
internal static class ScaleAttestation
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);
    private static readonly string[] Platforms = ["tdx", "gcp-tdx", "nitro-enclave", "sev-snp", "aws-nitro-tpm"];

    public static Finding? Read(ReadOnlyMemory<byte> bytes, out VersionedAttestation? attestation)
    {
        attestation = null;
        var reader = new ByteReader(bytes.Span);
        if (!reader.TrySkip(1) || !reader.TryBytes(1, out ReadOnlySpan<byte> platform))
            return Truncated(reader);
        if (platform[0] != 0)
        {
            string name = platform[0] < Platforms.Length ? Platforms[platform[0]] : $"number {platform[0]}";
            return VersionedAttestation.Refuse("ATTESTATION_PLATFORM_UNSUPPORTED", $"evidence of the platform {name}; only tdx is verified here", 1);
        }

        try
        {
            if (!TryBlob(ref reader, bytes, out ReadOnlyMemory<byte> quote) || !TryEntries(ref reader, bytes, out List<EventLogEntry>? entries)
                || !TryRuntime(ref reader, bytes, out List<RuntimeEvent>? runtime) || !reader.TryBytes(64, out ReadOnlySpan<byte> reportData)
                || !TryText(ref reader, bytes, out string? config))
            {
                return Truncated(reader);
            }

            if (reader.Remaining > 0)
                return VersionedAttestation.Refuse("ATTESTATION_FORMAT", $"{reader.Remaining} bytes stand behind the attestation", reader.Position);
            attestation = new VersionedAttestation
            {
                Layout = AttestationLayout.V0,
                Quote = quote,
                EventLog = new EventLog(entries!),
                RuntimeEvents = runtime!,
                ReportData = reportData.ToArray(),
                Config = config!,
            };
            return null;
        }
        catch (DecoderFallbackException)
        {
            return VersionedAttestation.Refuse("ATTESTATION_FORMAT", "a text in the attestation is not UTF-8", reader.Position);
        }
    }

    public static byte[] Write(VersionedAttestation attestation)
    {
        if (attestation.ReportData.Length != 64)
            throw new InvalidOperationException("report data has 64 bytes");
        if (attestation.ReportDataPayload is not null || attestation.RuntimeEvents.Any(runtime => runtime.Version != EventDigestVersion.V1))
            throw new InvalidOperationException("layout V0 holds neither events of version 2 nor a report data payload");
        using var output = new MemoryStream();
        output.Write([0, 0]);
        WriteBlob(output, attestation.Quote.Span);
        WriteCompact(output, attestation.EventLog.Entries.Count);
        Span<byte> head = stackalloc byte[8];
        foreach (EventLogEntry entry in attestation.EventLog.Entries)
        {
            BinaryPrimitives.WriteInt32LittleEndian(head, entry.Register);
            BinaryPrimitives.WriteUInt32LittleEndian(head[4..], entry.Type);
            output.Write(head);
            WriteBlob(output, entry.Digest.Span);
            WriteBlob(output, Encoding.UTF8.GetBytes(entry.Name));
            WriteBlob(output, entry.Payload.Span);
        }

        WriteCompact(output, attestation.RuntimeEvents.Count);
        foreach (RuntimeEvent runtime in attestation.RuntimeEvents)
        {
            WriteBlob(output, Encoding.UTF8.GetBytes(runtime.Name));
            WriteBlob(output, runtime.Payload.Span);
        }

        output.Write(attestation.ReportData.Span);
        WriteBlob(output, Encoding.UTF8.GetBytes(attestation.Config));
        return output.ToArray();
    }

    private static bool TryEntries(ref ByteReader reader, ReadOnlyMemory<byte> bytes, out List<EventLogEntry>? entries)
    {
        entries = null;
        if (!TryCompact(ref reader, out int count) || count > EventLog.MaximumEntries)
            return false;
        var list = new List<EventLogEntry>();
        for (int i = 0; i < count; i++)
        {
            if (!reader.TryUInt32(out uint register) || register > 3 || !reader.TryUInt32(out uint type)
                || !TryBlob(ref reader, bytes, out ReadOnlyMemory<byte> digest) || digest.Length is not (0 or MeasurementRegister.Size)
                || !TryText(ref reader, bytes, out string? name) || !TryBlob(ref reader, bytes, out ReadOnlyMemory<byte> payload))
            {
                return false;
            }

            list.Add(new EventLogEntry((int)register, type, digest, name!, payload));
        }

        entries = list;
        return true;
    }

    private static bool TryRuntime(ref ByteReader reader, ReadOnlyMemory<byte> bytes, out List<RuntimeEvent>? events)
    {
        events = null;
        if (!TryCompact(ref reader, out int count) || count > EventLog.MaximumEntries)
            return false;
        var list = new List<RuntimeEvent>();
        for (int i = 0; i < count; i++)
        {
            if (!TryText(ref reader, bytes, out string? name) || !TryBlob(ref reader, bytes, out ReadOnlyMemory<byte> payload))
                return false;
            list.Add(new RuntimeEvent(name!, payload));
        }

        events = list;
        return true;
    }

    private static bool TryText(ref ByteReader reader, ReadOnlyMemory<byte> bytes, out string? text)
    {
        bool good = TryBlob(ref reader, bytes, out ReadOnlyMemory<byte> blob);
        text = good ? Strict.GetString(blob.Span) : null;
        return good;
    }

    private static bool TryBlob(ref ByteReader reader, ReadOnlyMemory<byte> bytes, out ReadOnlyMemory<byte> value)
    {
        value = default;
        if (!TryCompact(ref reader, out int length))
            return false;
        int start = reader.Position;
        if (!reader.TrySkip(length))
            return false;
        value = bytes.Slice(start, length);
        return true;
    }

    // Two low bits say the width: 1, 2 or 4 bytes, little-endian; a longer form than needed is refused, as upstream does.
    private static bool TryCompact(ref ByteReader reader, out int value)
    {
        value = 0;
        if (!reader.TryBytes(1, out ReadOnlySpan<byte> first))
            return false;
        int extra = (first[0] & 3) switch { 0 => 0, 1 => 1, 2 => 3, _ => -1 };
        if (extra < 0 || !reader.TryBytes(extra, out ReadOnlySpan<byte> rest))
            return false;
        long number = first[0];
        for (int i = 0; i < extra; i++)
            number |= (long)rest[i] << (8 * (i + 1));
        number >>= 2;
        value = (int)number;
        return extra switch { 0 => true, 1 => number >= 1 << 6, _ => number >= 1 << 14 };
    }

    private static void WriteBlob(MemoryStream output, ReadOnlySpan<byte> value)
    {
        WriteCompact(output, value.Length);
        output.Write(value);
    }

    private static void WriteCompact(MemoryStream output, int value)
    {
        int width = value < 1 << 6 ? 1 : value < 1 << 14 ? 2 : 4;
        long coded = ((long)value << 2) | (width switch { 1 => 0L, 2 => 1L, _ => 2L });
        for (int i = 0; i < width; i++)
            output.WriteByte((byte)((coded >> (8 * i)) & 0xFF));
    }

    private static Finding Truncated(ByteReader reader) =>
        VersionedAttestation.Refuse("ATTESTATION_FORMAT", $"the attestation ends early, or a length in it is wrong, near byte {reader.Position}", reader.Position);
}
