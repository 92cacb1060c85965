using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Witan.Crypto.Interop;

namespace Witan.Crypto;

/// <summary>
/// Diffie-Hellman over Curve25519 (RFC 7748), which .NET lacks, over libcrypto. Keys and results are 32 bytes as the RFC
/// writes them.
/// </summary>
public static class X25519
{
    /// <summary>Size of a private key, a public key and a shared secret in bytes.</summary>
    public const int KeySize = 32;

    /// <summary>A fresh private key. The caller zeroes it when done.</summary>
    public static byte[] NewPrivateKey() => RandomNumberGenerator.GetBytes(KeySize);

    /// <summary>The public key. Throws <see cref="ArgumentException"/> where the private key has not 32 bytes.</summary>
    public static unsafe byte[] PublicKey(ReadOnlySpan<byte> privateKey)
    {
        using EvpKeyHandle key = Private(privateKey);
        byte[] output = new byte[KeySize];
        nuint length = KeySize;
        fixed (byte* to = output)
        {
            if (LibCrypto.EVP_PKEY_get_raw_public_key(key, to, ref length) != 1 || length != KeySize)
                throw LibCrypto.Error("X25519 public key");
        }

        return output;
    }

    /// <summary>
    /// The shared secret with a peer; the caller derives keys from it and zeroes it. False where the peer's key has not 32
    /// bytes or is of small order, so that the result would be zero whatever the private key (RFC 7748, section 6.1).
    /// </summary>
    public static unsafe bool TryAgree(
        ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> peerPublicKey, [NotNullWhen(true)] out byte[]? secret)
    {
        secret = null;
        using EvpKeyHandle key = Private(privateKey);
        if (peerPublicKey.Length != KeySize)
            return false;
        byte[] output = new byte[KeySize];
        nuint length = KeySize;
        fixed (byte* peerBytes = peerPublicKey)
        fixed (byte* to = output)
        {
            using EvpKeyHandle peer = LibCrypto.EVP_PKEY_new_raw_public_key(LibCrypto.X25519Id, 0, peerBytes, KeySize);
            using EvpKeyContextHandle context = LibCrypto.EVP_PKEY_CTX_new(key, 0);
            if (context.IsInvalid || LibCrypto.EVP_PKEY_derive_init(context) != 1)
                throw LibCrypto.Error("X25519 context");
            bool good = !peer.IsInvalid
                && LibCrypto.EVP_PKEY_derive_set_peer(context, peer) == 1
                && LibCrypto.EVP_PKEY_derive(context, to, ref length) == 1
                && length == KeySize;
            if (!good)
            {
                LibCrypto.ClearErrors();
                return false;
            }
        }

        if (output.AsSpan().IndexOfAnyExcept((byte)0) < 0)
            return false;
        secret = output;
        return true;
    }

    private static unsafe EvpKeyHandle Private(ReadOnlySpan<byte> privateKey)
    {
        if (privateKey.Length != KeySize)
            throw new ArgumentException($"an X25519 private key has {KeySize} bytes, not {privateKey.Length}", nameof(privateKey));
        fixed (byte* bytes = privateKey)
        {
            EvpKeyHandle key = LibCrypto.EVP_PKEY_new_raw_private_key(LibCrypto.X25519Id, 0, bytes, KeySize);
            return key.IsInvalid ? throw LibCrypto.Error("X25519 key") : key;
        }
    }
}
