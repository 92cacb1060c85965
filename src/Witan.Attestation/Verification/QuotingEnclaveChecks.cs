using System.Security.Cryptography;
using Witan.Crypto;

namespace Witan.Attestation;

/// <summary>Did a platform's quoting enclave, and the one that Intel means, make this quote?</summary>
internal static class QuotingEnclaveChecks
{
    private const int OrdinaryAuthData = 448;

    public static void Check(Quote quote, PckChain chain, QeIdentity identity, VerificationCache? cache, FindingList findings)
    {
        SgxReport qe = quote.QeReport;
        // The same QE report comes with another signature each time: it is verified each time, or a verdict would depend on the cache.
        bool signed = chain.LeafKey.Verify(qe.Bytes.Span, quote.QeReportSignature);
        if (!signed)
            findings.Fail("QE_REPORT_SIGNATURE_INVALID", "QE report", "the QE report is not signed by the PCK", FindingActor.Sender);
        Span<byte> binding = stackalloc byte[SHA256.HashSizeInBytes];
        HashBinding(quote, binding);
        bool bound = qe.ReportData[..32].SequenceEqual(binding);
        if (!bound)
            findings.Fail("QE_REPORT_DATA_MISMATCH", "QE report", "the QE report does not bind this attestation key", FindingActor.Sender);
        if (CollateralMatch.IsOfEnclave(quote, identity))
            CheckIdentity(qe, identity, findings);

        EcdsaP256Key? known = cache?.AttestationKey(binding), key = known;
        if (key is null && !EcdsaP256Key.TryCreate(quote.AttestationKey, out key))
        {
            findings.Fail("ATTESTATION_KEY_INVALID", "attestation key", "the attestation key is no point of P-256", FindingActor.Sender);
            return;
        }

        if (!key.Verify(quote.SignedBytes.Span, quote.Signature))
            findings.Fail("QUOTE_SIGNATURE_INVALID", "quote", "the quote is not signed by its attestation key", FindingActor.Sender);
        if (known is not null)
            return;
        if (cache is not null && signed && bound)
            cache.AddAttestationKey(binding, key);
        else
            key.Dispose();
    }

    private static void HashBinding(Quote quote, Span<byte> binding)
    {
        ReadOnlySpan<byte> authData = quote.QeAuthData;
        Span<byte> bytes = authData.Length <= OrdinaryAuthData ? stackalloc byte[64 + OrdinaryAuthData] : new byte[64 + authData.Length];
        quote.AttestationKey.CopyTo(bytes);
        authData.CopyTo(bytes[64..]);
        SHA256.HashData(bytes[..(64 + authData.Length)], binding);
    }

    private static void CheckIdentity(SgxReport qe, QeIdentity identity, FindingList findings)
    {
        if ((qe.MiscSelect & identity.MiscSelectMask) != identity.MiscSelect)
            findings.Fail("QE_MISCSELECT_MISMATCH", "QE report", "MISCSELECT of the quoting enclave is not Intel's", FindingActor.PlatformOperator);
        ReadOnlySpan<byte> attributes = qe.Attributes, mask = identity.AttributesMask.Span, wanted = identity.Attributes.Span;
        bool same = true;
        for (int i = 0; i < 16; i++)
            same &= (attributes[i] & mask[i]) == wanted[i];
        if (!same)
            findings.Fail("QE_ATTRIBUTES_MISMATCH", "QE report", "ATTRIBUTES of the quoting enclave are not Intel's", FindingActor.PlatformOperator);
        if (!qe.MrSigner.SequenceEqual(identity.MrSigner.Span))
            findings.Fail("QE_MRSIGNER_MISMATCH", "QE report", "the quoting enclave is not signed by Intel", FindingActor.PlatformOperator);
        if (qe.IsvProdId != identity.IsvProdId)
            findings.Fail("QE_ISVPRODID_MISMATCH", "QE report", $"the quoting enclave is product {qe.IsvProdId}, not {identity.IsvProdId}", FindingActor.PlatformOperator);
    }
}
