using System.Text;
using System.Text.Json;
using Witan.Attestation;

namespace Witan.Dstack.Evidence;

/// <summary>Tells the published forms of evidence apart and reads them.</summary>
internal static class EvidenceReader
{
    /// <summary>Null where <paramref name="evidence"/> was read.</summary>
    public static Finding? Read(ReadOnlyMemory<byte> file, out DstackEvidence? evidence)
    {
        evidence = null;
        if (file.Length > DstackEvidence.MaximumSize)
            return Refuse("EVIDENCE_TOO_LARGE", $"the evidence has {file.Length} bytes; at most {DstackEvidence.MaximumSize} are read");
        ReadOnlySpan<byte> text = file.Span.Trim(" \t\r\n"u8);
        if (text.IsEmpty)
            return Refuse("EVIDENCE_FORMAT", "the evidence is empty");
        if (text[0] == (byte)'{')
            return ReadJson(file, out evidence);
        return TryHex(text, out byte[]? bytes) ? ReadAttestation(bytes, out evidence) : ReadAttestation(file, out evidence);
    }

    /// <summary>Parses a quote and makes sure that it is a TD's.</summary>
    public static Finding? ReadQuote(ReadOnlyMemory<byte> bytes, out Quote? quote)
    {
        if (!Quote.TryParse(bytes, out quote, out Finding? refusal))
            return refusal;
        return quote.Tee == TeeType.Tdx ? null : Refuse("EVIDENCE_NOT_TDX", "the quote is of an SGX enclave; a dstack guest is a TD");
    }

    private static Finding? ReadJson(ReadOnlyMemory<byte> file, out DstackEvidence? evidence)
    {
        evidence = null;
        try
        {
            using JsonDocument json = JsonDocument.Parse(file, new JsonDocumentOptions { MaxDepth = 16, AllowDuplicateProperties = false });
            JsonElement root = json.RootElement;
            DstackEvidence? attested = null;
            if (Text(root, "attestation") is { Length: > 0 } hex)
            {
                Finding? problem = ReadAttestation(Hex(hex, "attestation"), out attested);
                if (problem is not null)
                    return problem;
            }

            // An optional member that is null, or empty, is not there.
            if (Text(root, "quote") is not { Length: > 0 })
            {
                evidence = attested;
                return attested is null ? Refuse("EVIDENCE_FORMAT", "the evidence has neither a quote nor an attestation") : null;
            }

            return ReadAnswer(root, attested, out evidence);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            return Refuse("EVIDENCE_FORMAT", $"the evidence cannot be read: {e.Message}");
        }
    }

    private static Finding? ReadAnswer(JsonElement root, DstackEvidence? attested, out DstackEvidence? evidence)
    {
        evidence = null;
        if (ReadQuote(Hex(Text(root, "quote") ?? "", "quote"), out Quote? quote) is { } refusal)
            return refusal;
        // Some agents give both. The answer's own log explains more registers; two different quotes explain nothing.
        if (attested is not null && !attested.Quote.SignedBytes.Span.SequenceEqual(quote!.SignedBytes.Span))
            return Refuse("EVIDENCE_AMBIGUOUS", "quote and attestation in the evidence are two different quotes");
        if (!root.TryGetProperty("event_log", out JsonElement log) || log.ValueKind is not (JsonValueKind.String or JsonValueKind.Array))
            return Refuse("EVIDENCE_FORMAT", "the evidence has no event_log");
        if (!EventLog.TryParse(Encoding.UTF8.GetBytes(log.GetRawText()), out EventLog? parsed, out Finding? problem))
            return problem;
        string? reportData = Text(root, "report_data");
        evidence = new DstackEvidence
        {
            Quote = quote!,
            EventLog = parsed,
            RuntimeEvents = attested?.RuntimeEvents,
            ReportData = string.IsNullOrEmpty(reportData) ? attested?.ReportData : Hex(reportData, "report_data"),
            ReportDataPayload = attested?.ReportDataPayload,
            Config = Text(root, "vm_config") is { Length: > 0 } config ? config : attested?.Config,
        };
        return null;
    }

    private static Finding? ReadAttestation(ReadOnlyMemory<byte> bytes, out DstackEvidence? evidence)
    {
        evidence = null;
        if (!VersionedAttestation.TryParse(bytes, out VersionedAttestation? attestation, out Finding? refusal))
            return refusal;
        return DstackEvidence.TryCreate(attestation, out evidence, out refusal) ? null : refusal;
    }

    private static string? Text(JsonElement root, string name) =>
        !root.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()
        : throw new FormatException($"{name} is no string");

    private static byte[] Hex(string text, string name)
    {
        ReadOnlySpan<char> digits = text.StartsWith("0x", StringComparison.Ordinal) ? text.AsSpan(2) : text;
        byte[] value = new byte[digits.Length / 2];
        return digits.Length % 2 == 0 && Convert.FromHexString(digits, value, out _, out _) == System.Buffers.OperationStatus.Done
            ? value
            : throw new FormatException($"{name} is not hexadecimal");
    }

    private static bool TryHex(ReadOnlySpan<byte> text, out byte[]? bytes)
    {
        if (text.StartsWith("0x"u8))
            text = text[2..];
        bytes = new byte[text.Length / 2];
        return text.Length % 2 == 0 && Convert.FromHexString(text, bytes, out _, out _) == System.Buffers.OperationStatus.Done;
    }

    private static Finding Refuse(string code, string message) => new(code, FindingSeverity.Error, message)
    {
        Subject = "evidence",
        Actor = FindingActor.Sender,
        Remedy = "Send the guest agent's answer to GetQuote or Attest as it is.",
    };
}
