using System.Security.Cryptography;
using Witan.Crypto;
using Witan.Dstack.Simulator.Pki;

namespace Witan.Dstack.Simulator;

/// <summary>
/// What a key management service hands to an app at boot: the app's secp256k1 key and the service's signature for it, and an
/// authority that signs the app's certificates.
/// </summary>
internal sealed class AppKeys : IDisposable
{
    private AppKeys(byte[] key, byte[] signature, CertificateAuthority authority) => (Key, Signature, Authority) = (key, signature, authority);

    /// <summary>The app's secp256k1 key, from which <c>GetKey</c> derives.</summary>
    public byte[] Key { get; }

    /// <summary>The service's signature over the app id and the app's public key, 65 bytes.</summary>
    public byte[] Signature { get; }

    /// <summary>Signs the app's certificates.</summary>
    public CertificateAuthority Authority { get; }

    /// <summary>The DER of the service's root key, in hexadecimal: the id of the key provider.</summary>
    public static string ServiceId(ReadOnlySpan<byte> seed)
    {
        using ECDsa root = SeededKey.Ecdsa(seed, "kms-root-ca");
        return Convert.ToHexStringLower(root.ExportSubjectPublicKeyInfo());
    }

    /// <summary>The keys that the simulated service of a seed derives for an app.</summary>
    public static AppKeys Of(ReadOnlySpan<byte> seed, byte[] appId)
    {
        byte[] kms = SeededKey.Bytes(seed, "k256-root");
        byte[] key = KeyDerivation.DeriveKey(kms, 32, appId, "app-key"u8.ToArray());
        byte[] signature = Secp256k1.SignRecoverable(kms, KeySignatureChain.KmsDigest(appId, Secp256k1.PublicKey(key)));
        return new AppKeys(key, signature, CertificateAuthority.OfKms(seed, appId));
    }

    /// <summary>The published development keys of the upstream simulator.</summary>
    public static AppKeys OfUpstreamFixture() =>
        new(UpstreamFixture.K256Key, UpstreamFixture.K256Signature, CertificateAuthority.OfUpstreamFixture());

    /// <summary>Derives the key of a path, as the real agent does.</summary>
    public byte[] Derive(string path) => KeyDerivation.DeriveKey(Key, 32, System.Text.Encoding.UTF8.GetBytes(path));

    /// <summary>The two signatures for a derived public key.</summary>
    public byte[][] Chain(string purpose, ReadOnlySpan<byte> publicKey) =>
        [Secp256k1.SignRecoverable(Key, KeySignatureChain.AppDigest(publicKey, purpose)), Signature];

    /// <inheritdoc />
    public void Dispose() => Authority.Dispose();
}
