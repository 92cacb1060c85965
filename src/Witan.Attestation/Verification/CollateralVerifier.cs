using System.Security.Cryptography;
using System.Text;
using Witan.Crypto;

namespace Witan.Attestation;

/// <summary>
/// Phase one: is the collateral authentic, and is it fresh? Once per platform family and update. Revocation is always checked.
/// </summary>
public static class CollateralVerifier
{
    private const string Refetch = "Fetch the collateral for this platform again.";

    /// <summary>
    /// Verifies collateral under a root at a moment. Authentic but stale collateral still gives an object, with undecided
    /// findings: appraisal decides what that is worth.
    /// </summary>
    public static CollateralVerification Verify(Collateral collateral, TrustRoot root, DateTimeOffset at)
    {
        var findings = new FindingList();
        TrustedCollateral? trusted = Check(collateral, root, findings);
        if (trusted is not null)
        {
            CheckPckCa(trusted, findings);
            CheckFreshness(trusted, at, findings);
        }

        return new CollateralVerification(findings.HasErrors ? null : trusted, findings.All);
    }

    internal static void CheckFreshness(TrustedCollateral trusted, DateTimeOffset at, FindingList findings)
    {
        if (trusted.IsFreshAt(at))
            return;
        foreach (Window window in trusted.Windows)
        {
            if (window.Outside(at) is { } outside)
                findings.Stale(outside.Code, window.Document, outside.Message);
        }
    }

    private static TrustedCollateral? Check(Collateral collateral, TrustRoot root, FindingList findings)
    {
        SigningChain? tcbChain = SigningChain.Verify(collateral.TcbInfoIssuerChain.Span, root, "TCB info issuer chain", "TCB_SIGNING_CERT", findings);
        SigningChain? pckChain = SigningChain.Verify(collateral.PckCrlIssuerChain.Span, root, "PCK CRL issuer chain", "INTERMEDIATE_CA", findings);
        RevocationList? rootCrl = pckChain is null ? null : CheckCrl(collateral.RootCaCrl, pckChain.Root, pckChain.RootKey, "root CA CRL", findings);
        RevocationList? pckCrl = pckChain is null ? null : CheckCrl(collateral.PckCrl, pckChain.Leaf, pckChain.LeafKey, "PCK CRL", findings);
        CheckRevocation(tcbChain, rootCrl, findings);

        if (TcbInfoParser.Parse(collateral.TcbInfo, out TcbInfo? tcbInfo) is { } tcbProblem)
            findings.Add(tcbProblem);
        if (tcbChain is not null && !tcbChain.LeafKey.Verify(collateral.TcbInfo.Span, collateral.TcbInfoSignature.Span))
            BadSignature("TCB_INFO_SIGNATURE_INVALID", "TCB info", collateral.TcbInfo.Span, findings);
        SigningChain? qeChain = tcbChain;
        if (!collateral.QeIdentityIssuerChain.Span.SequenceEqual(collateral.TcbInfoIssuerChain.Span))
        {
            qeChain = SigningChain.Verify(collateral.QeIdentityIssuerChain.Span, root, "QE identity issuer chain", "TCB_SIGNING_CERT", findings);
            CheckRevocation(qeChain, rootCrl, findings);
        }

        if (QeIdentityParser.Parse(collateral.QeIdentity, out QeIdentity? identity) is { } qeProblem)
            findings.Add(qeProblem);
        if (qeChain is not null && !qeChain.LeafKey.Verify(collateral.QeIdentity.Span, collateral.QeIdentitySignature.Span))
            BadSignature("QE_IDENTITY_SIGNATURE_INVALID", "QE identity", collateral.QeIdentity.Span, findings);
        // Whatever is missing here has left an error.
        if (tcbChain is null || qeChain is null || pckChain is null || rootCrl is null || pckCrl is null || tcbInfo is null || identity is null || findings.HasErrors)
            return null;
        if (tcbInfo.EvaluationDataNumber != identity.EvaluationDataNumber)
        {
            findings.Note(
                "COLLATERAL_EVALUATION_NUMBERS_DIFFER",
                "collateral",
                $"TCB info has evaluation number {tcbInfo.EvaluationDataNumber}, QE identity {identity.EvaluationDataNumber}");
        }

        return new TrustedCollateral(Identity(collateral), pckChain)
        {
            Root = root,
            Source = collateral,
            TcbInfo = tcbInfo,
            QeIdentity = identity,
            RootCrl = rootCrl,
            PckCrl = pckCrl,
            PckCertificateChain = collateral.PckCertificateChain,
            Notes = [.. findings.All],
            Windows =
            [
                .. tcbChain.Windows("TCB_SIGNING_CERT", "TCB_SIGNING_CERT"),
                .. qeChain == tcbChain ? [] : qeChain.Windows("TCB_SIGNING_CERT", "TCB_SIGNING_CERT"),
                .. pckChain.Windows("ROOT_CA", "INTERMEDIATE_CA"),
                new Window("root CA CRL", rootCrl.ThisUpdate, rootCrl.NextUpdate, "CRL_EXPIRED", "CRL_NOT_YET_VALID"),
                new Window("PCK CRL", pckCrl.ThisUpdate, pckCrl.NextUpdate, "CRL_EXPIRED", "CRL_NOT_YET_VALID"),
                new Window("TCB info", tcbInfo.IssueDate, tcbInfo.NextUpdate, "TCB_INFO_EXPIRED", "TCB_INFO_NOT_YET_VALID"),
                new Window("QE identity", identity.IssueDate, identity.NextUpdate, "QE_IDENTITY_EXPIRED", "QE_IDENTITY_NOT_YET_VALID"),
            ],
        };
    }

    // The documents are as good as before; it is the quotes of this CA that are rejected, and each of them says so.
    private static void CheckPckCa(TrustedCollateral trusted, FindingList findings)
    {
        if (!trusted.RootCrl.Lists(trusted.PckCa.Leaf))
            return;
        findings.Add(new Finding("INTERMEDIATE_CA_REVOKED", FindingSeverity.Warning, "the PCK CA is revoked: no quote of its platforms is accepted")
        {
            Subject = trusted.PckCa.Leaf.SubjectName,
            Actor = FindingActor.PlatformOperator,
            Remedy = FindingCatalog.Find("INTERMEDIATE_CA_REVOKED")?.Remedy,
        });
    }

    private static void CheckRevocation(SigningChain? chain, RevocationList? rootCrl, FindingList findings)
    {
        if (chain is not null && rootCrl?.Lists(chain.Leaf) == true)
            findings.Fail("TCB_SIGNING_CERT_REVOKED", "TCB signing certificate", "the TCB signing certificate is revoked", FindingActor.VerifierOperator, Refetch);
    }

    private static RevocationList? CheckCrl(
        ReadOnlyMemory<byte> der, Certificate issuer, EcdsaP256Key key, string subject, FindingList findings)
    {
        bool good = true;
        if (RevocationList.Parse(der, out string? reason) is not { } list)
        {
            findings.Fail("CRL_FORMAT", subject, $"the {subject} is no revocation list as Intel issues them: {reason}", FindingActor.VerifierOperator, Refetch);
            return null;
        }

        if (!list.HasRequiredExtensions)
            good = findings.Fail("CRL_EXTENSION_MISSING", subject, $"the {subject} lacks its key identifier or number", FindingActor.VerifierOperator, Refetch);
        if (!list.Issuer.Span.SequenceEqual(issuer.Subject.Span))
            good = findings.Fail("CRL_ISSUER_UNKNOWN", subject, $"the {subject} is issued by {list.IssuerName}, not by {issuer.SubjectName}", FindingActor.VerifierOperator, Refetch);
        else if (!list.IsSignedBy(key))
            good = findings.Fail("CRL_SIGNATURE_INVALID", subject, $"the signature on the {subject} does not verify", FindingActor.VerifierOperator, Refetch);
        return good ? list : null;
    }

    private static void BadSignature(string code, string subject, ReadOnlySpan<byte> text, FindingList findings)
    {
        bool reformatted = text.IndexOfAny((byte)'\n', (byte)'\t') >= 0 || text.IndexOf(": "u8) >= 0 || text.IndexOf(", \""u8) >= 0;
        findings.Fail(
            code,
            subject,
            $"the signature on the {subject} does not verify" + (reformatted ? "; the text seems to have been reformatted on the way" : ""),
            FindingActor.VerifierOperator,
            Refetch);
    }

    private static byte[] Identity(Collateral collateral)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (ReadOnlyMemory<byte> member in new[]
        {
            collateral.PckCrlIssuerChain, collateral.RootCaCrl, collateral.PckCrl, collateral.TcbInfoIssuerChain, collateral.TcbInfo,
            collateral.TcbInfoSignature, collateral.QeIdentityIssuerChain, collateral.QeIdentity, collateral.QeIdentitySignature,
            collateral.PckCertificateChain,
        })
        {
            hash.AppendData(Encoding.ASCII.GetBytes($"{member.Length}:"));
            hash.AppendData(member.Span);
        }

        return hash.GetHashAndReset();
    }
}
