using Witan.Crypto;

namespace Witan.Attestation;

/// <summary>A chain of exactly two: an anchor, and a certificate that it issued.</summary>
internal sealed record SigningChain(Certificate Root, EcdsaP256Key RootKey, Certificate Leaf, EcdsaP256Key LeafKey)
{
    /// <summary>
    /// Verifies the chain but not its dates. <paramref name="codes"/> names the codes: TCB_SIGNING_CERT, or INTERMEDIATE_CA
    /// for the issuer of PCK revocation lists.
    /// </summary>
    public static SigningChain? Verify(ReadOnlySpan<byte> pem, TrustRoot anchors, string subject, string codes, FindingList findings)
    {
        const string Refetch = "Fetch the collateral for this platform again.";
        bool isCa = codes == "INTERMEDIATE_CA";
        if (PemReader.Certificates(pem) is not { Count: 2 } ders)
        {
            findings.Fail($"{codes}_MISSING", subject, $"the {subject} does not have exactly two certificates", FindingActor.VerifierOperator, Refetch);
            return null;
        }

        Certificate? root = null, leaf = null;
        foreach (byte[] der in ders)
        {
            if (Certificate.Parse(der, out string? reason) is not { } certificate)
            {
                findings.Fail($"{codes}_INVALID", subject, $"a certificate of the {subject} is not as Intel issues them: {reason}", FindingActor.VerifierOperator, Refetch);
                return null;
            }

            if (certificate.SubjectName == Names.Root)
                root = certificate;
            else
                leaf = certificate;
        }

        if (root is null || leaf is null)
        {
            findings.Fail("ROOT_CA_MISSING", subject, $"the {subject} has no {Names.Root}", FindingActor.VerifierOperator, Refetch);
            return null;
        }

        if (Anchor(root, anchors, subject, out Finding? refusal) is not { } rootKey)
        {
            findings.Add(refusal!.Actor == FindingActor.VerifierOperator ? refusal : refusal with
            {
                Message = $"the root certificate of the {subject} is not signed by its own key",
                Actor = FindingActor.VerifierOperator,
                Remedy = Refetch,
            });
            return null;
        }

        bool named = isCa ? leaf.SubjectName is Names.PlatformCa or Names.ProcessorCa : leaf.SubjectName == Names.TcbSigning;
        if (!named)
        {
            findings.Fail($"{codes}_MISSING", subject, $"the {subject} holds {leaf.SubjectName}", FindingActor.VerifierOperator, Refetch);
            return null;
        }

        bool purpose = leaf.HasRequiredExtensions
            && (isCa ? leaf is { IsCa: true, CanSignCertificates: true, PathLength: 0 } : leaf is { IsCa: false, CanSignData: true });
        if (!purpose || !EcdsaP256Key.TryCreate(leaf.PublicKey.Span, out EcdsaP256Key? leafKey))
        {
            findings.Fail($"{codes}_INVALID", leaf.SubjectName, $"{leaf.SubjectName} has wrong constraints, usage, extensions or key", FindingActor.VerifierOperator, Refetch);
            return null;
        }

        if (!leaf.IsIssuedBy(root, rootKey))
        {
            findings.Fail($"{codes}_ISSUER_INVALID", leaf.SubjectName, $"{leaf.SubjectName} is not issued by the root", FindingActor.VerifierOperator, Refetch);
            return null;
        }

        return new SigningChain(root, rootKey, leaf, leafKey);
    }

    /// <summary>The key of a root that is an anchor; null with a refusal, whose actor is the sender where the root is damaged, where it is none.</summary>
    public static EcdsaP256Key? Anchor(Certificate root, TrustRoot anchors, string subject, out Finding? refusal)
    {
        refusal = null;
        if (anchors.Find(root) is { } key)
            return key;
        bool reissue = anchors.KnowsKey(root);
        // A damaged certificate fails its own signature; a foreign one holds it.
        bool whole = EcdsaP256Key.TryCreate(root.PublicKey.Span, out EcdsaP256Key? own) && root.IsIssuedBy(root, own);
        refusal = whole
            ? new Finding("ROOT_CA_UNTRUSTED", FindingSeverity.Error, reissue ? "the root certificate is another issue of a trusted key, not the trusted certificate" : "the root certificate is not a trusted one")
            {
                Actor = FindingActor.VerifierOperator,
                Remedy = reissue ? "Add this issue of the root to the trust roots (--trust-root) if you mean to accept it." : "Name the root you trust (--trust-root), or refuse this evidence.",
            }
            : new Finding("ROOT_CA_INVALID", FindingSeverity.Error, "the root certificate is not signed by its own key")
            {
                Actor = FindingActor.Sender,
                Remedy = FindingCatalog.Find("ROOT_CA_INVALID")?.Remedy,
            };
        refusal = refusal with { Subject = subject, Evidence = root.Fingerprint };
        return null;
    }

    /// <summary>The certificate of this chain with exactly these bytes, or null.</summary>
    public Certificate? Find(ReadOnlySpan<byte> der) =>
        der.SequenceEqual(Leaf.Der.Span) ? Leaf : der.SequenceEqual(Root.Der.Span) ? Root : null;

    public IEnumerable<Window> Windows(string rootFamily, string leafFamily) =>
    [
        new Window(Root.SubjectName, Root.NotBefore, Root.NotAfter, $"{rootFamily}_EXPIRED", $"{rootFamily}_NOT_YET_VALID"),
        new Window(Leaf.SubjectName, Leaf.NotBefore, Leaf.NotAfter, $"{leafFamily}_EXPIRED", $"{leafFamily}_NOT_YET_VALID"),
    ];
}
