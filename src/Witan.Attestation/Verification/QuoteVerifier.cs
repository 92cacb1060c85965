using System.Security.Cryptography;
using Witan.Crypto;

namespace Witan.Attestation;

/// <summary>
/// Phase two: is the quote genuine, and what is its TCB? The checks run in Intel's order and do not stop at the first failure
/// while they still mean something. The TCB is evaluated only for a genuine quote.
/// </summary>
public static class QuoteVerifier
{
    /// <summary>Verifies a quote with trusted collateral at a moment. Always gives facts; look at their authenticity.</summary>
    public static QuoteFacts Verify(Quote quote, TrustedCollateral collateral, DateTimeOffset at)
    {
        var findings = new FindingList();
        Notes(quote, findings);
        ReadOnlySpan<byte> pem = collateral.PckCertificateChain.Length > 0 ? collateral.PckCertificateChain.Span
            : quote.CertificationType == 5 ? quote.CertificationData : default;
        if (pem.IsEmpty)
        {
            findings.Add(new Finding("PCK_CHAIN_UNAVAILABLE", FindingSeverity.Undecided, $"certification data of type {quote.CertificationType} holds no PCK chain, and none was given")
            {
                Subject = "PCK certificate chain",
                Actor = FindingActor.VerifierOperator,
                Remedy = "Fetch the PCK certificate chain of this platform and give it with the collateral (pck_certificate_chain).",
            });
            return Facts(quote, collateral, at, findings, Authenticity.Undetermined, null, null);
        }

        PckChain? chain = PckChain.Verify(pem, collateral.Root, findings);
        if (chain is not null)
            CheckChain(quote, chain, collateral, at, findings);
        if (quote.Tee == TeeType.Tdx && collateral.TcbInfo.Tee == TeeType.Tdx)
            CheckModule(quote.TdReport, collateral.TcbInfo, findings);
        if (chain is not null)
            CheckSignatures(quote, chain, collateral.QeIdentity, findings);
        CollateralVerifier.CheckFreshness(collateral, at, findings);
        Authenticity authenticity = findings.HasErrors || chain is null ? Authenticity.NotGenuine : Authenticity.Genuine;
        TcbFacts? tcb = authenticity == Authenticity.Genuine ? TcbEvaluator.Evaluate(quote, chain!.Extension, collateral) : null;
        if (tcb is not null)
            TcbFindings.Add(tcb, findings);
        return Facts(quote, collateral, at, findings, authenticity, chain, tcb);
    }

    private static QuoteFacts Facts(
        Quote quote, TrustedCollateral collateral, DateTimeOffset at, FindingList findings, Authenticity authenticity, PckChain? chain, TcbFacts? tcb)
    {
        DateTimeOffset oldest = collateral.TcbInfo.IssueDate < collateral.QeIdentity.IssueDate ? collateral.TcbInfo.IssueDate : collateral.QeIdentity.IssueDate;
        return new QuoteFacts
        {
            Quote = quote,
            At = at,
            Authenticity = authenticity,
            IsSimulated = collateral.IsSimulated,
            Findings = findings.All,
            Pck = chain?.Extension,
            PckIssuer = chain?.Leaf.IssuerName,
            Tcb = tcb,
            CollateralFingerprint = collateral.Fingerprint,
            IsCollateralStale = collateral.Windows.Any(window => window.Outside(at) is not null),
            CollateralAge = at - oldest,
        };
    }

    private static void Notes(Quote quote, FindingList findings)
    {
        if (quote.TrailingBytes > 0)
            findings.Note("QUOTE_TRAILING_BYTES", "quote", $"{quote.TrailingBytes} bytes stand behind the quote; they are not part of it");
        if (quote.AuthDataSlack > 0)
            findings.Note("QUOTE_AUTH_DATA_SLACK", "quote", $"{quote.AuthDataSlack} unused bytes stand inside the authentication data");
        if (quote.QeReport.ReportData[32..].IndexOfAnyExcept((byte)0) >= 0)
            findings.Note("QE_REPORT_DATA_TAIL_NONZERO", "QE report", "the second half of the QE report data is not zero");
    }

    private static void CheckChain(Quote quote, PckChain chain, TrustedCollateral collateral, DateTimeOffset at, FindingList findings)
    {
        if (!chain.Leaf.Issuer.Span.SequenceEqual(collateral.PckCrl.Issuer.Span))
        {
            findings.Fail("CRL_ISSUER_MISMATCH", "PCK CRL", $"the PCK CRL is of {collateral.PckCrl.IssuerName}, the PCK certificate of {chain.Leaf.IssuerName}", FindingActor.VerifierOperator, "Fetch the CRL of the certificate's own CA.");
        }
        else if (collateral.PckCrl.Lists(chain.Leaf))
        {
            findings.Fail("PCK_REVOKED", chain.Leaf.SubjectName, "the PCK certificate is revoked", FindingActor.PlatformOperator, "This platform's key is not trusted any more; move the workload.", chain.Leaf.Serial);
        }

        if (collateral.RootCrl.Lists(chain.Intermediate))
            findings.Fail("INTERMEDIATE_CA_REVOKED", chain.Intermediate.SubjectName, "the PCK CA is revoked", FindingActor.PlatformOperator);
        foreach (Window window in chain.Windows())
        {
            if (window.Outside(at) is { } outside)
                findings.Fail(outside.Code, window.Document, outside.Message, FindingActor.PlatformOperator, "Provision the platform's PCK certificate again.");
        }

        TcbInfo tcb = collateral.TcbInfo;
        if (tcb.Tee != quote.Tee)
            findings.Fail("TCB_INFO_TEE_MISMATCH", "TCB info", $"the TCB info is for {tcb.Tee}, the quote is {quote.Tee}", FindingActor.VerifierOperator, "Fetch the TCB info for this technology.");
        if (!tcb.Fmspc.Span.SequenceEqual(chain.Extension.Fmspc.Span))
            findings.Fail("TCB_INFO_FMSPC_MISMATCH", "TCB info", "the TCB info is for another platform family", FindingActor.VerifierOperator, "Fetch the TCB info for this family.", $"{Convert.ToHexStringLower(tcb.Fmspc.Span)} instead of {Convert.ToHexStringLower(chain.Extension.Fmspc.Span)}");
        if (!tcb.PceId.Span.SequenceEqual(chain.Extension.PceId.Span))
            findings.Fail("TCB_INFO_PCEID_MISMATCH", "TCB info", "the TCB info is for another PCE", FindingActor.VerifierOperator, "Fetch the TCB info for this family.");
    }

    private static void CheckModule(TdReport report, TcbInfo tcb, FindingList findings)
    {
        int version = report.TeeTcbSvn[1];
        TdxModuleIdentity? module = version == 0 ? tcb.Module : tcb.Modules.FirstOrDefault(identity => identity.Version == version);
        if (module is null)
        {
            findings.Fail("TDX_MODULE_IDENTITY_MISSING", "TDX module", $"the TCB info knows no TDX module of version {version}", FindingActor.VerifierOperator, "Fetch newer TCB info, or have the TDX module updated.");
            return;
        }

        if (!report.MrSignerSeam.SequenceEqual(module.MrSigner.Span))
            findings.Fail("TDX_MODULE_MRSIGNER_MISMATCH", "TDX module", "the TDX module is signed by somebody else", FindingActor.PlatformOperator);
        if (!report.SeamAttributes.SequenceEqual(module.Attributes.Span) || report.SeamAttributes.IndexOfAnyExcept((byte)0) >= 0)
            findings.Fail("TDX_MODULE_ATTRIBUTES_MISMATCH", "TDX module", "the TDX module has other attributes", FindingActor.PlatformOperator);
    }

    private static void CheckSignatures(Quote quote, PckChain chain, QeIdentity identity, FindingList findings)
    {
        SgxReport qe = quote.QeReport;
        if (!chain.LeafKey.Verify(qe.Bytes.Span, quote.QeReportSignature))
            findings.Fail("QE_REPORT_SIGNATURE_INVALID", "QE report", "the QE report is not signed by the PCK", FindingActor.Sender);
        Span<byte> binding = stackalloc byte[32];
        using (var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256))
        {
            hash.AppendData(quote.AttestationKey);
            hash.AppendData(quote.QeAuthData);
            hash.GetHashAndReset(binding);
        }

        if (!qe.ReportData[..32].SequenceEqual(binding))
            findings.Fail("QE_REPORT_DATA_MISMATCH", "QE report", "the QE report does not bind this attestation key", FindingActor.Sender);
        CheckQe(quote, qe, identity, findings);
        if (!EcdsaP256Key.TryCreate(quote.AttestationKey, out EcdsaP256Key? key))
        {
            findings.Fail("ATTESTATION_KEY_INVALID", "attestation key", "the attestation key is no point of P-256", FindingActor.Sender);
            return;
        }

        using (key)
        {
            if (!key.Verify(quote.SignedBytes.Span, quote.Signature))
                findings.Fail("QUOTE_SIGNATURE_INVALID", "quote", "the quote is not signed by its attestation key", FindingActor.Sender);
        }
    }

    private static void CheckQe(Quote quote, SgxReport qe, QeIdentity identity, FindingList findings)
    {
        string expected = quote.Tee == TeeType.Sgx ? "QE" : "TD_QE";
        if (identity.Id != expected)
            findings.Fail("QE_IDENTITY_TEE_MISMATCH", "QE identity", $"the QE identity is {identity.Id}, the quote needs {expected}", FindingActor.VerifierOperator, "Fetch the identity for this technology.");
        if ((qe.MiscSelect & identity.MiscSelectMask) != identity.MiscSelect)
            findings.Fail("QE_MISCSELECT_MISMATCH", "QE report", "MISCSELECT of the quoting enclave is not Intel's", FindingActor.PlatformOperator);
        bool attributes = true;
        for (int i = 0; i < 16; i++)
            attributes &= (qe.Attributes[i] & identity.AttributesMask.Span[i]) == identity.Attributes.Span[i];
        if (!attributes)
            findings.Fail("QE_ATTRIBUTES_MISMATCH", "QE report", "ATTRIBUTES of the quoting enclave are not Intel's", FindingActor.PlatformOperator);
        if (!qe.MrSigner.SequenceEqual(identity.MrSigner.Span))
            findings.Fail("QE_MRSIGNER_MISMATCH", "QE report", "the quoting enclave is not signed by Intel", FindingActor.PlatformOperator);
        if (qe.IsvProdId != identity.IsvProdId)
            findings.Fail("QE_ISVPRODID_MISMATCH", "QE report", $"the quoting enclave is product {qe.IsvProdId}, not {identity.IsvProdId}", FindingActor.PlatformOperator);
    }
}
