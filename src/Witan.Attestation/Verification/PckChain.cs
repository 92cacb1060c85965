using Witan.Crypto;

namespace Witan.Attestation;

/// <summary>The PCK chain of one quote: root, intermediate, leaf, found by name and not by place.</summary>
internal sealed record PckChain(Certificate Root, Certificate Intermediate, Certificate Leaf, EcdsaP256Key LeafKey, PckExtension Extension)
{
    /// <summary>Verifies names, signatures, purpose and extension, but neither dates nor revocation.</summary>
    public static PckChain? Verify(ReadOnlySpan<byte> pem, TrustRoot anchors, FindingList findings)
    {
        const string Subject = "PCK certificate chain";
        if (PemReader.Certificates(pem) is not { } ders)
        {
            findings.Fail("PCK_CHAIN_FORMAT", Subject, "the certification data holds no certificates in PEM", FindingActor.Sender);
            return null;
        }

        if (ders.Count != 3)
        {
            findings.Fail("PCK_CHAIN_LENGTH", Subject, $"the PCK chain has {ders.Count} certificates; it must have three", FindingActor.Sender);
            return null;
        }

        Certificate? root = null, intermediate = null, leaf = null;
        foreach (byte[] der in ders)
        {
            if (!Certificate.TryParse(der, out Certificate? certificate))
            {
                findings.Fail("PCK_CHAIN_FORMAT", Subject, "a certificate of the PCK chain is not strict DER of the expected kind", FindingActor.Sender);
                return null;
            }

            if (certificate.SubjectName == Names.Root)
                root = certificate;
            else if (certificate.SubjectName is Names.PlatformCa or Names.ProcessorCa)
                intermediate = certificate;
            else if (certificate.SubjectName == Names.Pck)
                leaf = certificate;
        }

        if (root is null)
            findings.Fail("ROOT_CA_MISSING", Subject, "the PCK chain has no root", FindingActor.Sender);
        if (intermediate is null)
            findings.Fail("INTERMEDIATE_CA_MISSING", Subject, "the PCK chain has no PCK CA", FindingActor.Sender);
        if (leaf is null)
            findings.Fail("PCK_CERT_MISSING", Subject, "the PCK chain has no PCK certificate", FindingActor.Sender);
        return root is null || intermediate is null || leaf is null ? null : Verify(root, intermediate, leaf, anchors, findings);
    }

    private static PckChain? Verify(Certificate root, Certificate intermediate, Certificate leaf, TrustRoot anchors, FindingList findings)
    {
        if (SigningChain.Anchor(root, anchors, "PCK certificate chain", findings) is not { } rootKey)
            return null;
        bool good = true;
        if (intermediate is not { HasRequiredExtensions: true, IsCa: true, CanSignCertificates: true, PathLength: 0 }
            || !EcdsaP256Key.TryCreate(intermediate.PublicKey.Span, out EcdsaP256Key? intermediateKey))
        {
            findings.Fail("INTERMEDIATE_CA_INVALID", intermediate.SubjectName, "the PCK CA has wrong constraints, usage, extensions or key", FindingActor.Sender);
            return null;
        }

        if (!intermediate.IsIssuedBy(root, rootKey))
            good = findings.Fail("INTERMEDIATE_CA_ISSUER_INVALID", intermediate.SubjectName, "the PCK CA is not issued by the root", FindingActor.Sender);
        if (leaf is not { HasRequiredExtensions: true, IsCa: false, CanSignData: true }
            || !EcdsaP256Key.TryCreate(leaf.PublicKey.Span, out EcdsaP256Key? leafKey))
        {
            findings.Fail("PCK_CERT_INVALID", leaf.SubjectName, "the PCK certificate has wrong constraints, usage, extensions or key", FindingActor.Sender);
            return null;
        }

        if (!leaf.IsIssuedBy(intermediate, intermediateKey))
            good = findings.Fail("PCK_ISSUER_INVALID", leaf.SubjectName, "the PCK certificate is not issued by the PCK CA", FindingActor.Sender);
        if (!PckExtension.TryParse(leaf.SgxExtension, out PckExtension? extension))
            good = findings.Fail("PCK_EXTENSION_INVALID", leaf.SubjectName, "the SGX extension of the PCK certificate is not as specified", FindingActor.Sender);
        return good ? new PckChain(root, intermediate, leaf, leafKey, extension!) : null;
    }

    public IEnumerable<Window> Windows() =>
    [
        new Window(Root.SubjectName, Root.NotBefore, Root.NotAfter, "ROOT_CA_EXPIRED", "ROOT_CA_NOT_YET_VALID"),
        new Window(Intermediate.SubjectName, Intermediate.NotBefore, Intermediate.NotAfter, "INTERMEDIATE_CA_EXPIRED", "INTERMEDIATE_CA_NOT_YET_VALID"),
        new Window(Leaf.SubjectName, Leaf.NotBefore, Leaf.NotAfter, "PCK_EXPIRED", "PCK_NOT_YET_VALID"),
    ];
}
