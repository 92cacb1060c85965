using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Witan.Attestation;
using Witan.Crypto;

namespace Witan.Dstack;

/// <summary>
/// A derived key as a key of an algorithm. The bytes are the same for all of them (dstack issue 605): use a path for one algorithm
/// only, for instance by <see cref="PathFor"/>.
/// </summary>
public static class DerivedKeyViews
{
    /// <summary>A path of its own for each algorithm: <c>path/algorithm</c>.</summary>
    public static string PathFor(string path, string algorithm) => $"{path.TrimEnd('/')}/{algorithm}";

    /// <summary>
    /// The key as an ECDSA key over secp256k1. What it signs is random and may have a high s; wallets want <see cref="Secp256k1"/>.
    /// </summary>
    public static ECDsa ToSecp256k1(this GetKeyResponse key) => Create(key, ECCurve.CreateFromValue("1.3.132.0.10"));

    /// <summary>The key as an ECDSA key over P-256: the key that the legacy service's DeriveKey gives for the same path.</summary>
    public static ECDsa ToP256(this GetKeyResponse key) => Create(key, ECCurve.NamedCurves.nistP256);

    /// <summary>The key as an ECDH key over P-256.</summary>
    public static ECDiffieHellman ToP256KeyAgreement(this GetKeyResponse key)
    {
        byte[] secret = key.ToBytes();
        try
        {
            return ECDiffieHellman.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = secret });
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    /// <summary>Signs with the key as an Ed25519 seed; .NET has no object for such keys. 64 bytes.</summary>
    public static byte[] SignEd25519(this GetKeyResponse key, ReadOnlySpan<byte> message) => Ed25519.Sign(key.Key, message);

    /// <summary>Signs a 32-byte digest with the key over secp256k1, deterministically: r ‖ s ‖ v.</summary>
    public static byte[] SignSecp256k1(this GetKeyResponse key, ReadOnlySpan<byte> digest) => Secp256k1.SignRecoverable(key.Key, digest);

    /// <summary>The public key for the algorithm the key was asked for: 32 bytes of Ed25519, or 33 of secp256k1.</summary>
    public static byte[] PublicKey(this GetKeyResponse key) =>
        key.Algorithm == "ed25519" ? Ed25519.PublicKey(key.Key) : Secp256k1.PublicKey(key.Key);

    /// <summary>The Ethereum address of the key over secp256k1, in mixed case (EIP-55).</summary>
    public static string EthereumAddress(this GetKeyResponse key) => WalletAddress.Ethereum(Secp256k1.PublicKey(key.Key));

    /// <summary>The Solana address of the key as an Ed25519 seed.</summary>
    public static string SolanaAddress(this GetKeyResponse key) => WalletAddress.Solana(Ed25519.PublicKey(key.Key));

    /// <summary>
    /// Verifies the key's signature chain up to a key management service: <see cref="KeySignatureChain.TryVerify"/> with the purpose and
    /// algorithm that the key was asked for.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="appId">20 bytes, from verified evidence.</param>
    /// <param name="kmsPublicKey">The service's key, 33 bytes.</param>
    /// <param name="facts">The keys on the way.</param>
    /// <param name="refusal">What is wrong.</param>
    public static bool TryVerifyChain(
        this GetKeyResponse key,
        ReadOnlySpan<byte> appId,
        ReadOnlySpan<byte> kmsPublicKey,
        [NotNullWhen(true)] out KeySignatureChainFacts? facts,
        [NotNullWhen(false)] out Finding? refusal) =>
        KeySignatureChain.TryVerify(key.PublicKey(), key.Purpose, key.SignatureChain, appId, kmsPublicKey, out facts, out refusal);

    private static ECDsa Create(GetKeyResponse key, ECCurve curve)
    {
        byte[] secret = key.ToBytes();
        try
        {
            return ECDsa.Create(new ECParameters { Curve = curve, D = secret });
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }
}
