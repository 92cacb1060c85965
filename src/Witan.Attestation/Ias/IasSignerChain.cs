namespace Witan.Attestation;

/// <summary>From the certificate that came with a report to a root that the caller believes in.</summary>
internal static class IasSignerChain
{
    private const string Subject = "signing certificate";

    /// <summary>The signer where its chain held at the report's time; null with findings where not.</summary>
    public static RsaCertificate? Verify(
        IReadOnlyList<ReadOnlyMemory<byte>> certificates, IasTrustRoot root, DateTimeOffset reportTime, DateTimeOffset at, FindingList findings)
    {
        if (certificates.Count == 0)
        {
            findings.Add(IasVerifier.Missing("IAS_CERTIFICATE_MISSING", Subject, "no signing certificate came with the report", "Give the signing certificate (--ias-certificate)."));
            return null;
        }

        RsaCertificate? signer = null;
        foreach (ReadOnlyMemory<byte> der in certificates)
        {
            if (!RsaCertificate.TryParse(der.Span, out RsaCertificate? certificate))
            {
                findings.Fail("IAS_CERTIFICATE_FORMAT", Subject, "a certificate of the report is not strict DER of the expected kind", FindingActor.Sender);
                return null;
            }

            if (certificate.SubjectName == Names.IasSigner)
                signer ??= certificate;
        }

        if (signer is null)
        {
            findings.Fail("IAS_CERTIFICATE_MISSING", Subject, $"no certificate of the report is for {Names.IasSigner}", FindingActor.Sender);
            return null;
        }

        RsaCertificate? anchor = root.Anchors.FirstOrDefault(signer.IsIssuedBy);
        if (anchor is null)
            findings.Fail("IAS_CERTIFICATE_UNTRUSTED", Subject, "the signing certificate is not issued by a trusted root", FindingActor.Sender, "Name the root you trust (--trust-root), or refuse this evidence.", signer.Fingerprint);
        if (signer.IsCa || !signer.CanSignData)
            findings.Fail("IAS_CERTIFICATE_INVALID", Subject, "the signing certificate has wrong constraints or usage", FindingActor.Sender);
        if (anchor is null || signer.IsCa || !signer.CanSignData)
            return null;
        bool valid = InTime(signer, Subject, "IAS_CERTIFICATE", reportTime, findings) & InTime(anchor, "root certificate", "IAS_ROOT", reportTime, findings);
        if (!valid)
            return null;
        string judged = $"chain checked at report time, {reportTime:yyyy-MM-dd'T'HH:mm:ss'Z'}";
        if (at > signer.NotAfter)
            findings.Note("IAS_SIGNER_EXPIRED_SINCE", Subject, $"{judged}; the signing certificate expired on {signer.NotAfter:yyyy-MM-dd}");
        else
            findings.Note("IAS_CHAIN_AT_REPORT_TIME", Subject, judged);
        findings.Note("IAS_REVOCATION_UNCHECKED", Subject, "whether the signing certificate was revoked was not checked: the service's revocation list is not part of a report");
        return signer;
    }

    private static bool InTime(RsaCertificate certificate, string subject, string code, DateTimeOffset time, FindingList findings)
    {
        var window = new Window(subject, certificate.NotBefore, certificate.NotAfter, $"{code}_EXPIRED", $"{code}_NOT_YET_VALID");
        return window.Outside(time) is not { } outside || findings.Fail(outside.Code, subject, outside.Message + ", the report's time", FindingActor.Sender);
    }
}
