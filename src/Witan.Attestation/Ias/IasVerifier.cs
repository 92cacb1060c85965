namespace Witan.Attestation;

/// <summary>
/// Was this report made by Intel's attestation service, and what does it say? The signer's chain is judged at the report's own
/// time: the only signing certificate there ever was has expired, and the service is gone.
/// </summary>
public static class IasVerifier
{
    /// <summary>How far a report's time may lie ahead of the moment it is judged at.</summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);

    /// <summary>Verifies a report with what came beside it. Always gives facts; look at their authenticity.</summary>
    public static IasFacts Verify(IasReport report, IasEvidence evidence, IasTrustRoot root, DateTimeOffset at)
    {
        if (!evidence.Body.Span.SequenceEqual(report.Bytes.Span))
            throw new ArgumentException("the report was parsed from another body", nameof(report));
        var findings = new FindingList();
        RsaCertificate? signer = IasSignerChain.Verify(evidence.Certificates, root, report.Timestamp, at, findings);
        if (evidence.Signature.IsEmpty)
            findings.Add(Missing("IAS_SIGNATURE_MISSING", "signature", "no signature came with the report, so it is only text", "Give the signature of the report (--ias-signature)."));
        else if (signer is not null && !signer.Verify(evidence.Body.Span, evidence.Signature.Span))
            findings.Fail("IAS_SIGNATURE_INVALID", "signature", "the signature does not match the report" + Hint(evidence.Body.Span), FindingActor.Sender, "Send the report's body exactly as the service gave it.");
        if (report.Timestamp > at + ClockTolerance)
            findings.Fail("IAS_REPORT_FROM_FUTURE", "timestamp", $"the report is of {report.Timestamp:yyyy-MM-dd'T'HH:mm:ss'Z'}, later than the moment it is judged at", FindingActor.Sender, "Look at the clocks, or state the moment the report belongs to.");
        Authenticity authenticity = findings.HasErrors ? Authenticity.NotGenuine
            : signer is null || evidence.Signature.IsEmpty ? Authenticity.Undetermined
            : Authenticity.Genuine;
        PlatformInfoBlob? blob = null;
        if (!report.PlatformInfo.IsEmpty && !PlatformInfoBlob.TryParse(report.PlatformInfo, out blob, out Finding? refusal))
            findings.Add(refusal);
        IReadOnlyList<TcbShortfall> shortfall = blob is null ? [] : PlatformInfoFindings.Shortfall(blob, report.QuoteBody);
        IasStatusFindings.Add(report, findings);
        if (blob is not null)
            PlatformInfoFindings.Add(blob, report.QuoteBody, shortfall, findings);
        return new IasFacts
        {
            Report = report,
            At = at,
            Authenticity = authenticity,
            IsSimulated = root.IsSimulated,
            Findings = findings.All,
            PlatformInfo = blob,
            Shortfall = shortfall,
            SignerFingerprint = signer?.Fingerprint,
            SignerNotAfter = signer?.NotAfter,
        };
    }

    internal static Finding Missing(string code, string subject, string message, string remedy) => new(code, FindingSeverity.Undecided, message)
    {
        Subject = subject,
        Actor = FindingActor.VerifierOperator,
        Remedy = remedy,
        Why = "Anybody can write an unsigned report.",
    };

    private static string Hint(ReadOnlySpan<byte> body) => body.IndexOfAny((byte)'\n', (byte)'\t') >= 0 || body.IndexOf("\": "u8) >= 0
        ? "; the text seems to have been reformatted on the way"
        : "";
}
