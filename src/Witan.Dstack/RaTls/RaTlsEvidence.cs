using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Witan.Attestation;
using Witan.Dstack.Evidence;

namespace Witan.Dstack.RaTls;

/// <summary>What a certificate carries in dstack's extensions, of today and older. Reading says nothing about its truth.</summary>
public sealed record RaTlsEvidence
{
    /// <summary>Largest certificate that is read, in bytes.</summary>
    public const int MaximumCertificate = 1 << 20;

    /// <summary>Quote and event log.</summary>
    public required DstackEvidence Evidence { get; init; }

    /// <summary>Whether it stood in the older extensions .1 and .2.</summary>
    public required bool IsLegacy { get; init; }

    /// <summary>Application id by the issuer's word; null where it says nothing.</summary>
    public ReadOnlyMemory<byte>? AppId { get; init; }

    /// <summary>Special usage; null where there is none.</summary>
    public string? SpecialUsage { get; init; }

    /// <summary>Application info by the issuer's word; null where it says nothing.</summary>
    public RaTlsAppInfo? AppInfo { get; init; }

    /// <summary>Reads the extensions of a certificate. On false the refusal names the extension. Never throws.</summary>
    public static bool TryRead(
        X509Certificate2 certificate, [NotNullWhen(true)] out RaTlsEvidence? evidence, [NotNullWhen(false)] out Finding? refusal)
    {
        evidence = null;
        refusal = null;
        if (certificate.RawDataMemory.Length > MaximumCertificate)
        {
            refusal = Refuse("RATLS_CERTIFICATE_TOO_LARGE", $"the certificate has {certificate.RawDataMemory.Length} bytes; at most {MaximumCertificate} are read");
            return false;
        }

        var values = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        foreach (X509Extension extension in certificate.Extensions)
        {
            if (extension.Oid?.Value is not { } oid || !oid.StartsWith("1.3.6.1.4.1.62397.1.", StringComparison.Ordinal))
                continue;
            if (!TryUnwrap(extension.RawData, out byte[]? value))
                refusal = Refuse("RATLS_EXTENSION_FORMAT", $"extension {oid} is no octet string in an octet string");
            else if (!values.TryAdd(oid, value))
                refusal = Refuse("RATLS_EXTENSION_REPEATED", $"extension {oid} stands there twice");
            if (refusal is not null)
                return false;
        }

        if (!TryEvidence(values, out DstackEvidence? dstack, out bool isLegacy, out refusal))
            return false;
        RaTlsAppInfo? info = null;
        if (values.TryGetValue(RaTlsOid.AppInfo, out ReadOnlyMemory<byte> packed) && !RaTlsAppInfo.TryParse(packed, out info))
        {
            refusal = Refuse("RATLS_EXTENSION_FORMAT", $"extension {RaTlsOid.AppInfo} is no array of application info");
            return false;
        }

        evidence = new RaTlsEvidence
        {
            Evidence = dstack,
            IsLegacy = isLegacy,
            AppId = values.TryGetValue(RaTlsOid.AppId, out ReadOnlyMemory<byte> app) ? app : null,
            SpecialUsage = values.TryGetValue(RaTlsOid.SpecialUsage, out ReadOnlyMemory<byte> usage) ? Encoding.UTF8.GetString(usage.Span) : null,
            AppInfo = info,
        };
        return true;
    }

    /// <summary>The double wrapping: the extension's value is an octet string inside the octet string that every extension has.</summary>
    internal static X509Extension Wrap(string oid, ReadOnlySpan<byte> value)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        writer.WriteOctetString(value);
        return new X509Extension(oid, writer.Encode(), critical: false);
    }

    private static bool TryUnwrap(byte[] content, [NotNullWhen(true)] out byte[]? value)
    {
        value = null;
        try
        {
            var reader = new AsnReader(content, AsnEncodingRules.DER);
            value = reader.ReadOctetString();
            reader.ThrowIfNotEmpty();
            return true;
        }
        catch (AsnContentException)
        {
            return false;
        }
    }

    private static bool TryEvidence(
        Dictionary<string, ReadOnlyMemory<byte>> values,
        [NotNullWhen(true)] out DstackEvidence? evidence,
        out bool isLegacy,
        [NotNullWhen(false)] out Finding? refusal)
    {
        evidence = null;
        isLegacy = false;
        bool hasQuote = values.TryGetValue(RaTlsOid.Quote, out ReadOnlyMemory<byte> quoteBytes);
        if (values.TryGetValue(RaTlsOid.Attestation, out ReadOnlyMemory<byte> bytes))
        {
            if (!VersionedAttestation.TryParse(bytes, out VersionedAttestation? attestation, out refusal) || !DstackEvidence.TryCreate(attestation, out evidence, out refusal))
                return false;
            if (!hasQuote || quoteBytes.Span.SequenceEqual(attestation.Quote.Span))
                return true;
            evidence = null;
            refusal = Refuse("RATLS_EVIDENCE_AMBIGUOUS", "the certificate carries two different quotes");
            return false;
        }

        isLegacy = true;
        if (!hasQuote)
        {
            refusal = Refuse("RATLS_NO_EVIDENCE", "the certificate carries no evidence: whatever it says of its owner is its issuer's word");
            return false;
        }

        refusal = EvidenceReader.ReadQuote(quoteBytes, out Quote? quote);
        if (refusal is not null)
            return false;
        if (!values.TryGetValue(RaTlsOid.EventLog, out ReadOnlyMemory<byte> packed) || !CompressedEventLog.TryExpand(packed, out byte[]? json))
        {
            refusal = Refuse("RATLS_EVENT_LOG", $"the certificate's event log is missing, or does not expand to at most {CompressedEventLog.MaximumSize} bytes");
            return false;
        }

        if (!Witan.Dstack.Evidence.EventLog.TryParse(json, out EventLog? log, out refusal))
            return false;
        evidence = new DstackEvidence { Quote = quote!, EventLog = log };
        return true;
    }

    private static Finding Refuse(string code, string message) => new(code, FindingSeverity.Error, message)
    {
        Subject = "certificate",
        Actor = FindingActor.Sender,
        Remedy = "Present a certificate that the guest agent issued with usage_ra_tls.",
    };
}
