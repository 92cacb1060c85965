using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;

namespace Witan.Attestation;

/// <summary>
/// A report with what came beside it: the signature over its exact bytes, and the signer's certificate. Nothing is believed yet.
/// </summary>
/// <param name="Body">The report's body, byte for byte.</param>
/// <param name="Signature">RSA signature; empty where none came.</param>
/// <param name="Certificates">Certificates in DER, the signer first; empty where none came.</param>
public sealed record IasEvidence(ReadOnlyMemory<byte> Body, ReadOnlyMemory<byte> Signature, IReadOnlyList<ReadOnlyMemory<byte>> Certificates)
{
    /// <summary>Largest file that is read, in bytes.</summary>
    public const int MaximumSize = 256 * 1024;

    /// <summary>
    /// Whether JSON looks like a report: the body itself, or the published form with <c>raReport</c>, <c>signature</c> and
    /// <c>rawSigningCert</c>.
    /// </summary>
    public static bool Resembles(ReadOnlySpan<byte> file) =>
        file.TrimStart(" \t\r\n"u8).StartsWith("{"u8) && (file.IndexOf("\"isvEnclaveQuoteStatus\""u8) >= 0 || file.IndexOf("\"raReport\""u8) >= 0);

    /// <summary>
    /// Reads the forms in which reports travel. <paramref name="file"/> is the body, or the published form that holds all three.
    /// <paramref name="signature"/> is base64, hexadecimal or binary; <paramref name="certificate"/> is PEM, URL-encoded PEM as in the
    /// service's header, DER, or DER in base64 or hexadecimal; each may have its header's name before it, and is empty where it
    /// does not come apart. On false the refusal names the part.
    /// </summary>
    public static bool TryRead(
        ReadOnlyMemory<byte> file,
        ReadOnlyMemory<byte> signature,
        ReadOnlyMemory<byte> certificate,
        [NotNullWhen(true)] out IasEvidence? evidence,
        [NotNullWhen(false)] out Finding? refusal)
    {
        evidence = null;
        refusal = null;
        ReadOnlyMemory<byte> body = file;
        if (file.Length > MaximumSize || signature.Length > MaximumSize || certificate.Length > MaximumSize)
            refusal = Refuse("IAS_REPORT_TOO_LARGE", $"report, signature and certificate may have {MaximumSize} bytes each", "attestation verification report");
        else if (file.Span.IndexOf("\"raReport\""u8) >= 0)
            refusal = Unwrap(file, ref body, ref signature, ref certificate);
        if (refusal is not null)
            return false;

        byte[] signed = [];
        IReadOnlyList<ReadOnlyMemory<byte>> certificates = [];
        if (!signature.IsEmpty && !IasEncoding.TrySignature(signature.Span, out signed))
            refusal = Refuse("IAS_SIGNATURE_FORMAT", "the signature is neither base64, hexadecimal nor binary of 256 to 512 bytes", "signature");
        else if (!certificate.IsEmpty && !IasEncoding.TryCertificates(certificate.Span, out certificates))
            refusal = Refuse("IAS_CERTIFICATE_FORMAT", "the signing certificate is neither PEM, URL-encoded PEM, DER, base64 nor hexadecimal", "signing certificate");
        if (refusal is not null)
            return false;
        evidence = new IasEvidence(body, signed, certificates);
        return true;
    }

    private static Finding? Unwrap(
        ReadOnlyMemory<byte> file, ref ReadOnlyMemory<byte> body, ref ReadOnlyMemory<byte> signature, ref ReadOnlyMemory<byte> certificate)
    {
        try
        {
            using JsonDocument document = SignedJson.Parse(file);
            body = Encoding.UTF8.GetBytes(SignedJson.Text(document.RootElement, "raReport"));
            if (signature.IsEmpty && document.RootElement.TryGetProperty("signature", out _))
                signature = Encoding.UTF8.GetBytes(SignedJson.Text(document.RootElement, "signature"));
            if (certificate.IsEmpty && document.RootElement.TryGetProperty("rawSigningCert", out _))
                certificate = Encoding.UTF8.GetBytes(SignedJson.Text(document.RootElement, "rawSigningCert"));
            return null;
        }
        catch (JsonException e)
        {
            return Refuse("IAS_REPORT_FORMAT", "the published form of the report is no JSON", "attestation verification report") with { Offset = (int?)e.BytePositionInLine };
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException)
        {
            return Refuse("IAS_REPORT_FORMAT", $"the published form of the report cannot be read: {e.Message}", "attestation verification report");
        }
    }

    private static Finding Refuse(string code, string message, string subject) => new(code, FindingSeverity.Error, message)
    {
        Subject = subject,
        Actor = FindingActor.Sender,
        Remedy = "Send body, signature and certificate as the service gave them.",
    };
}
