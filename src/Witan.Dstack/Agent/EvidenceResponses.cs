namespace Witan.Dstack;

/// <summary>Evidence of the guest agent over 64 bytes of report data.</summary>
/// <param name="Quote">The quote in hexadecimal.</param>
/// <param name="EventLog">JSON text of the event log.</param>
/// <param name="ReportData">64 bytes in hexadecimal: what was asked for, padded with zeros on the right.</param>
/// <param name="VmConfig">JSON text; untrusted until it is bound to the quote.</param>
/// <param name="Attestation">Versioned attestation bytes in hexadecimal; empty on TDX hardware.</param>
public sealed record GetQuoteResponse(string Quote, string EventLog, string ReportData = "", string VmConfig = "", string Attestation = "")
{
    /// <summary>The quote's bytes. Throws <see cref="DstackProtocolException"/> where the text is not hexadecimal.</summary>
    public byte[] QuoteBytes() => AgentHex.Decode(Quote, "GetQuote: quote");

    /// <summary>The versioned attestation's bytes; empty where there is none.</summary>
    public byte[] AttestationBytes() => AgentHex.Decode(Attestation, "GetQuote: attestation");
}

/// <summary>Evidence in one piece.</summary>
/// <param name="Attestation">Versioned attestation bytes in hexadecimal.</param>
public sealed record AttestResponse(string Attestation)
{
    /// <summary>The bytes. Throws <see cref="DstackProtocolException"/> where the text is not hexadecimal.</summary>
    public byte[] AttestationBytes() => AgentHex.Decode(Attestation, "Attest: attestation");
}

/// <summary>Evidence of the guest's GPUs.</summary>
/// <param name="Attestation">JSON text of NVIDIA's tool; empty where there is no GPU.</param>
public sealed record GpuInfoResponse(string Attestation = "");

/// <summary>Evidence of the legacy service.</summary>
/// <param name="Quote">The quote in hexadecimal.</param>
/// <param name="EventLog">JSON text of the event log.</param>
/// <param name="HashAlgorithm">What the report data was made with.</param>
/// <param name="Prefix">What was put before it; empty for raw report data.</param>
public sealed record TdxQuoteResponse(string Quote, string EventLog, string HashAlgorithm = "", string Prefix = "")
{
    /// <summary>The quote's bytes. Throws <see cref="DstackProtocolException"/> where the text is not hexadecimal.</summary>
    public byte[] QuoteBytes() => AgentHex.Decode(Quote, "TdxQuote: quote");
}

internal static class AgentHex
{
    public static byte[] Decode(string text, string what)
    {
        try
        {
            return Convert.FromHexString(text.AsSpan(text.StartsWith("0x", StringComparison.Ordinal) ? 2 : 0));
        }
        catch (FormatException)
        {
            throw new DstackProtocolException($"{what} is not hexadecimal");
        }
    }

    public static IReadOnlyList<byte[]> DecodeAll(IReadOnlyList<string> texts, string what) => [.. texts.Select(text => Decode(text, what))];
}
