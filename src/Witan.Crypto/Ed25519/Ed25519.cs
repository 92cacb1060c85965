using Witan.Crypto.Interop;

namespace Witan.Crypto;

/// <summary>
/// Pure Ed25519 (RFC 8032), which .NET lacks, over libcrypto. A private key is its 32-byte seed; signing is deterministic:
/// the same seed and message always give the same 64 bytes.
/// </summary>
public static class Ed25519
{
    /// <summary>Size of a seed in bytes.</summary>
    public const int SeedSize = 32;

    /// <summary>Size of a public key in bytes.</summary>
    public const int PublicKeySize = 32;

    /// <summary>Size of a signature in bytes.</summary>
    public const int SignatureSize = 64;

    /// <summary>The public key of a seed. Throws <see cref="ArgumentException"/> where the seed has not 32 bytes.</summary>
    public static byte[] PublicKey(ReadOnlySpan<byte> seed)
    {
        using EvpKeyHandle key = PrivateKey(seed);
        return PublicKey(key);
    }

    /// <summary>Signs a message. Throws <see cref="ArgumentException"/> where the seed has not 32 bytes.</summary>
    public static byte[] Sign(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> message)
    {
        using EvpKeyHandle key = PrivateKey(seed);
        return Sign(key, message);
    }

    internal static unsafe byte[] PublicKey(EvpKeyHandle key)
    {
        byte[] output = new byte[PublicKeySize];
        nuint length = PublicKeySize;
        fixed (byte* to = output)
        {
            if (LibCrypto.EVP_PKEY_get_raw_public_key(key, to, ref length) != 1 || length != PublicKeySize)
                throw LibCrypto.Error("Ed25519 public key");
        }

        return output;
    }

    internal static unsafe byte[] Sign(EvpKeyHandle key, ReadOnlySpan<byte> message)
    {
        using EvpDigestHandle context = LibCrypto.EVP_MD_CTX_new();
        byte[] signature = new byte[SignatureSize];
        nuint length = SignatureSize;
        fixed (byte* to = signature)
        fixed (byte* from = message)
        {
            if (LibCrypto.EVP_DigestSignInit(context, 0, 0, 0, key) != 1
                || LibCrypto.EVP_DigestSign(context, to, ref length, from, (nuint)message.Length) != 1
                || length != SignatureSize)
            {
                throw LibCrypto.Error("Ed25519 sign");
            }
        }

        return signature;
    }

    /// <summary>
    /// Whether a signature over a message is that of the key. False for a key or signature of another length, and for a key
    /// that is no point of the curve; never throws on bad input.
    /// </summary>
    public static unsafe bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (publicKey.Length != PublicKeySize || signature.Length != SignatureSize)
            return false;
        fixed (byte* keyBytes = publicKey)
        fixed (byte* from = message)
        fixed (byte* with = signature)
        {
            using EvpKeyHandle key = LibCrypto.EVP_PKEY_new_raw_public_key(LibCrypto.Ed25519Id, 0, keyBytes, PublicKeySize);
            using EvpDigestHandle context = LibCrypto.EVP_MD_CTX_new();
            bool good = !key.IsInvalid
                && LibCrypto.EVP_DigestVerifyInit(context, 0, 0, 0, key) == 1
                && LibCrypto.EVP_DigestVerify(context, with, SignatureSize, from, (nuint)message.Length) == 1;
            if (!good)
                LibCrypto.ClearErrors();
            return good;
        }
    }

    internal static unsafe EvpKeyHandle PrivateKey(ReadOnlySpan<byte> seed)
    {
        if (seed.Length != SeedSize)
            throw new ArgumentException($"an Ed25519 seed has {SeedSize} bytes, not {seed.Length}", nameof(seed));
        fixed (byte* bytes = seed)
        {
            EvpKeyHandle key = LibCrypto.EVP_PKEY_new_raw_private_key(LibCrypto.Ed25519Id, 0, bytes, SeedSize);
            return key.IsInvalid ? throw LibCrypto.Error("Ed25519 key") : key;
        }
    }
}
