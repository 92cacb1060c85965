namespace Witan.Attestation;

/// <summary>Is the platform's certificate good now, and is the TDX module Intel's?</summary>
internal static class HostChecks
{
    public static void Check(Quote quote, PckChain chain, TrustedCollateral collateral, DateTimeOffset at, FindingList findings)
    {
        if (collateral.RootCrl.Lists(chain.Intermediate))
            findings.Fail("INTERMEDIATE_CA_REVOKED", chain.Intermediate.SubjectName, "the PCK CA is revoked", FindingActor.PlatformOperator);
        if (CollateralMatch.IsOfCa(chain, collateral) && collateral.PckCrl.Lists(chain.Leaf))
            findings.Fail("PCK_REVOKED", chain.Leaf.SubjectName, "the PCK certificate is revoked", FindingActor.PlatformOperator, "This platform's key is not trusted any more; move the workload.", chain.Leaf.Serial);
        if (!chain.IsValidAt(at))
        {
            foreach (Window window in chain.Windows)
            {
                // No platform can mend a root, or a certificate that is of a later moment: there the moment of judgement is looked at.
                if (window.Outside(at) is { } outside)
                    findings.Fail(outside.Code, window.Document, outside.Message, at < window.From || outside.Code == "ROOT_CA_EXPIRED" ? FindingActor.VerifierOperator : FindingActor.PlatformOperator);
            }
        }

        if (PpidCertificationData.Of(quote) is { } asked)
            CompareWithCertificate(asked, chain, findings);
    }

    public static void CheckModule(TdReport report, TcbInfo tcb, FindingList findings)
    {
        int version = report.TeeTcbSvn[1];
        if (tcb.FindModule(version) is not { } module)
        {
            findings.Fail("TDX_MODULE_IDENTITY_MISSING", "TDX module", $"the TCB info knows no TDX module of version {version}", FindingActor.VerifierOperator, "Fetch newer TCB info, or have the TDX module updated.");
            return;
        }

        if (!report.MrSignerSeam.SequenceEqual(module.MrSigner.Span))
            findings.Fail("TDX_MODULE_MRSIGNER_MISMATCH", "TDX module", "the TDX module is signed by somebody else", FindingActor.PlatformOperator);
        // The mask is not applied, as in Intel's library: the attributes must be as stated, and zero.
        if (!report.SeamAttributes.SequenceEqual(module.Attributes.Span) || report.SeamAttributes.IndexOfAnyExcept((byte)0) >= 0)
            findings.Fail("TDX_MODULE_ATTRIBUTES_MISMATCH", "TDX module", "the TDX module has other attributes", FindingActor.PlatformOperator);
    }

    // Intel answers a request for a certificate with the highest level it knows the platform at, which may be lower.
    private static void CompareWithCertificate(PpidCertificationData asked, PckChain chain, FindingList findings)
    {
        PckExtension pck = chain.Extension;
        if (asked.PceSvn <= pck.PceSvn && asked.CpuSvn.Span.SequenceEqual(pck.CpuSvn.Span))
            return;
        findings.Add(new Finding("PCK_CERT_OTHER_TCB", FindingSeverity.Note, "the PCK certificate is for another TCB than the quote states: the platform was updated but not registered again")
        {
            Subject = chain.Leaf.SubjectName,
            Actor = FindingActor.PlatformOperator,
            Remedy = "Register the platform again, then fetch its PCK certificate.",
            Evidence = $"quote: CPUSVN {Convert.ToHexStringLower(asked.CpuSvn.Span)}, PCESVN {asked.PceSvn}; certificate: CPUSVN {Convert.ToHexStringLower(pck.CpuSvn.Span)}, PCESVN {pck.PceSvn}",
        });
    }
}
