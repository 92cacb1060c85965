using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Witan.Crypto;

namespace Witan.Attestation;

/// <summary>
/// What the caller believes in: root certificates, each identified by the SHA-256 of its DER. Another issue of the same key is
/// another certificate and is not trusted by itself.
/// </summary>
public sealed class TrustRoot
{
    private readonly Dictionary<string, EcdsaP256Key> _anchors;
    private readonly HashSet<string> _keys;

    private TrustRoot(Dictionary<string, EcdsaP256Key> anchors, HashSet<string> keys, bool isSimulated)
    {
        (_anchors, _keys, IsSimulated) = (anchors, keys, isSimulated);
        Fingerprint = string.Join(',', anchors.Keys.Order(StringComparer.Ordinal));
        Identity = SHA256.HashData(Encoding.ASCII.GetBytes(Fingerprint));
    }

    /// <summary>Intel's current SGX root (2018-05-21 to 2049-12-31), by its fingerprint and key.</summary>
    public static TrustRoot Intel { get; } = CreateIntel();

    /// <summary>Whether this is a development root: everything verified under it is marked as simulated.</summary>
    public bool IsSimulated { get; }

    /// <summary>Identity of the set: the fingerprints in order.</summary>
    public string Fingerprint { get; }

    /// <summary>SHA-256 of <see cref="Fingerprint"/>.</summary>
    internal byte[] Identity { get; }

    /// <summary>
    /// Makes a trust root of certificates in PEM. Each must be self-issued, a CA, and signed by its own key.
    /// <paramref name="isSimulated"/> marks a development root.
    /// </summary>
    public static bool TryCreate(
        ReadOnlySpan<byte> pem, bool isSimulated, [NotNullWhen(true)] out TrustRoot? root, [NotNullWhen(false)] out Finding? refusal)
    {
        root = null;
        refusal = null;
        var anchors = new Dictionary<string, EcdsaP256Key>(StringComparer.Ordinal);
        var keys = new HashSet<string>(StringComparer.Ordinal);
        foreach (byte[] der in PemReader.Certificates(pem) ?? [])
        {
            if (!Certificate.TryParse(der, out Certificate? certificate)
                || !EcdsaP256Key.TryCreate(certificate.PublicKey.Span, out EcdsaP256Key? key)
                || !certificate.IsIssuedBy(certificate, key) || !certificate.IsCa || !certificate.CanSignCertificates)
            {
                refusal = Refuse("a root certificate is not a self-signed CA over P-256");
                return false;
            }

            anchors[certificate.Fingerprint] = key;
            keys.Add(Convert.ToHexStringLower(certificate.PublicKey.Span));
        }

        if (anchors.Count == 0)
        {
            refusal = Refuse("there is no certificate in PEM");
            return false;
        }

        root = new TrustRoot(anchors, keys, isSimulated);
        return true;
    }

    /// <summary>The key of an anchor; null where the certificate is none.</summary>
    internal EcdsaP256Key? Find(Certificate certificate) => _anchors.GetValueOrDefault(certificate.Fingerprint);

    /// <summary>Whether the certificate carries an anchor's key without being that anchor.</summary>
    internal bool KnowsKey(Certificate certificate) => _keys.Contains(Convert.ToHexStringLower(certificate.PublicKey.Span));

    private static TrustRoot CreateIntel()
    {
        const string Key = "0ba9c4c0c0c86193a3fe23d6b02cda10a8bbd4e88e48b4458561a36e705525f5"
            + "67918e2edc88e40d860bd0cc4ee26aacc988e505a953558c453f6b0904ae7394";
        const string Certificate = "44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3";
        _ = EcdsaP256Key.TryCreate(Convert.FromHexString(Key), out EcdsaP256Key? key);
        return new TrustRoot(
            new Dictionary<string, EcdsaP256Key>(StringComparer.Ordinal) { [Certificate] = key! },
            new HashSet<string>(StringComparer.Ordinal) { Key },
            isSimulated: false);
    }

    private static Finding Refuse(string message) => new("TRUST_ROOT_INVALID", FindingSeverity.Error, message)
    {
        Actor = FindingActor.VerifierOperator,
        Remedy = "Give root certificates in PEM.",
    };
}
