using Witan.Crypto;

namespace Witan.Attestation;

/// <summary>The PCK chain of one quote: root, intermediate, leaf, found by name and not by place.</summary>
internal sealed class PckChain(Certificate root, Certificate intermediate, Certificate leaf, EcdsaP256Key leafKey, PckExtension extension)
{
    private readonly DateTimeOffset _from = Latest(root.NotBefore, intermediate.NotBefore, leaf.NotBefore);
    private readonly DateTimeOffset _to = Earliest(root.NotAfter, intermediate.NotAfter, leaf.NotAfter);

    public Certificate Root => root;

    public Certificate Intermediate => intermediate;

    public Certificate Leaf => leaf;

    public EcdsaP256Key LeafKey => leafKey;

    public PckExtension Extension => extension;

    public IReadOnlyList<Window> Windows { get; } =
    [
        new Window(root.SubjectName, root.NotBefore, root.NotAfter, "ROOT_CA_EXPIRED", "ROOT_CA_NOT_YET_VALID"),
        new Window(intermediate.SubjectName, intermediate.NotBefore, intermediate.NotAfter, "INTERMEDIATE_CA_EXPIRED", "INTERMEDIATE_CA_NOT_YET_VALID"),
        new Window(leaf.SubjectName, leaf.NotBefore, leaf.NotAfter, "PCK_EXPIRED", "PCK_NOT_YET_VALID"),
    ];

    /// <summary>
    /// Verifies names, signatures, purpose and extension, but neither dates nor revocation. <paramref name="leafAlone"/> is the
    /// certificate of certification data of type 4, or empty; <paramref name="pem"/> then holds the other two.
    /// </summary>
    public static PckChain? Verify(ReadOnlySpan<byte> leafAlone, ReadOnlySpan<byte> pem, ChainOrigin origin, TrustedCollateral collateral, FindingList findings)
    {
        List<byte[]>? ders = PemReader.Certificates(pem);
        int given = ders?.Count ?? 0;
        if (!leafAlone.IsEmpty)
            ders?.AddRange(PemReader.Certificates(leafAlone) ?? [leafAlone.ToArray()]);
        if (ders is null)
        {
            origin.Refuse("PCK_CHAIN_FORMAT", origin.Subject, "the PCK chain holds no certificates in PEM", findings);
            return null;
        }

        // A leaf that came in the quote is the quote's, whoever gave the two above it.
        ChainOrigin below = leafAlone.IsEmpty ? origin : ChainOrigin.Quote;
        if (ders.Count != 3)
        {
            below.Refuse("PCK_CHAIN_LENGTH", below.Subject, $"the PCK chain has {ders.Count} certificates; it must have three", findings);
            return null;
        }

        Certificate? root = null, intermediate = null, leaf = null;
        for (int i = 0; i < 3; i++)
        {
            string? reason = null;
            if ((collateral.PckCa.Find(ders[i]) ?? Certificate.Parse(ders[i], out reason)) is not { } certificate)
            {
                ChainOrigin its = i < given ? origin : below;
                its.Refuse("PCK_CHAIN_FORMAT", its.Subject, $"certificate {i + 1} of the PCK chain is not as Intel issues them: {reason}", findings);
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
            origin.Refuse("ROOT_CA_MISSING", origin.Subject, "the PCK chain has no root", findings);
        if (intermediate is null)
            origin.Refuse("INTERMEDIATE_CA_MISSING", origin.Subject, "the PCK chain has no PCK CA", findings);
        if (leaf is null)
            below.Refuse("PCK_CERT_MISSING", below.Subject, "the PCK chain has no PCK certificate", findings);
        return root is null || intermediate is null || leaf is null ? null : Verify(root, intermediate, leaf, origin, below, collateral, findings);
    }

    /// <summary>Whether all three are valid at a moment.</summary>
    public bool IsValidAt(DateTimeOffset at) => at >= _from && at <= _to;

    private static PckChain? Verify(
        Certificate root, Certificate intermediate, Certificate leaf, ChainOrigin origin, ChainOrigin below, TrustedCollateral collateral, FindingList findings)
    {
        if (SigningChain.Anchor(root, collateral.Root, origin.Subject, out Finding? refusal) is not { } rootKey)
        {
            origin.Refuse(refusal!, findings);
            return null;
        }

        // The collateral's own PCK CA, under the same root: verified when the collateral was.
        bool known = ReferenceEquals(intermediate, collateral.PckCa.Leaf) && ReferenceEquals(root, collateral.PckCa.Root);
        bool good = true;
        EcdsaP256Key? intermediateKey = known ? collateral.PckCa.LeafKey : null;
        if (intermediate is not { HasRequiredExtensions: true, IsCa: true, CanSignCertificates: true, PathLength: 0 }
            || (intermediateKey is null && !EcdsaP256Key.TryCreate(intermediate.PublicKey.Span, out intermediateKey)))
        {
            origin.Refuse("INTERMEDIATE_CA_INVALID", intermediate.SubjectName, "the PCK CA has wrong constraints, usage, extensions or key", findings);
            return null;
        }

        if (!known && !intermediate.IsIssuedBy(root, rootKey))
            good = origin.Refuse("INTERMEDIATE_CA_ISSUER_INVALID", intermediate.SubjectName, "the PCK CA is not issued by the root", findings);
        if (leaf is not { HasRequiredExtensions: true, IsCa: false, CanSignData: true }
            || !EcdsaP256Key.TryCreate(leaf.PublicKey.Span, out EcdsaP256Key? leafKey))
        {
            below.Refuse("PCK_CERT_INVALID", leaf.SubjectName, "the PCK certificate has wrong constraints, usage, extensions or key", findings);
            return null;
        }

        if (!leaf.IsIssuedBy(intermediate, intermediateKey))
            good = below.Refuse("PCK_ISSUER_INVALID", leaf.SubjectName, "the PCK certificate is not issued by the PCK CA", findings);
        PckExtension? extension = PckExtension.Parse(leaf.SgxExtension, out string? reason);
        if (extension is null)
            good = below.Refuse("PCK_EXTENSION_INVALID", leaf.SubjectName, $"the SGX extension of the PCK certificate is not as specified: {reason}", findings);
        return good ? new PckChain(root, intermediate, leaf, leafKey, extension!) : null;
    }

    private static DateTimeOffset Latest(params ReadOnlySpan<DateTimeOffset> moments)
    {
        DateTimeOffset latest = moments[0];
        foreach (DateTimeOffset moment in moments)
            latest = moment > latest ? moment : latest;
        return latest;
    }

    private static DateTimeOffset Earliest(params ReadOnlySpan<DateTimeOffset> moments)
    {
        DateTimeOffset earliest = moments[0];
        foreach (DateTimeOffset moment in moments)
            earliest = moment < earliest ? moment : earliest;
        return earliest;
    }
}
