using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Witan.Crypto;

/// <summary>
/// ECDSA over secp256k1 as the Ethereum and dstack ecosystems use it: deterministic nonces (RFC 6979 with HMAC-SHA256), s in the
/// lower half of the order, and a recovery id from which the signer's public key follows. .NET's own ECDsa has the curve but none
/// of the three. Digests have 32 bytes, and whoever calls says which hash made them.
/// </summary>
public static class Secp256k1
{
    /// <summary>Size of a private key.</summary>
    public const int PrivateKeySize = 32;

    /// <summary>Size of a public key in compressed form.</summary>
    public const int PublicKeySize = 33;

    /// <summary>Size of a public key as 04 ‖ x ‖ y.</summary>
    public const int UncompressedPublicKeySize = 65;

    /// <summary>Size of a signature r ‖ s.</summary>
    public const int SignatureSize = 64;

    /// <summary>Size of a signature r ‖ s ‖ v with the recovery id v.</summary>
    public const int RecoverableSignatureSize = 65;

    /// <summary>Size of a digest.</summary>
    public const int DigestSize = 32;

    /// <summary>Whether the bytes are a private key: 32 of them, at least one and below the group order.</summary>
    public static bool IsPrivateKey(ReadOnlySpan<byte> privateKey) => Secp256k1Arithmetic.IsScalar(privateKey);

    /// <summary>The compressed public key. Throws <see cref="ArgumentException"/> where the bytes are no private key.</summary>
    public static byte[] PublicKey(ReadOnlySpan<byte> privateKey)
    {
        Require(privateKey);
        using var scratch = new Secp256k1Arithmetic();
        byte[] result = new byte[PublicKeySize];
        scratch.MultiplyBase(privateKey, result);
        return result;
    }

    /// <summary>04 ‖ x ‖ y of a public key in either form. False where the bytes are no point of the curve.</summary>
    public static bool TryDecompress(ReadOnlySpan<byte> publicKey, [NotNullWhen(true)] out byte[]? uncompressed) =>
        TryConvert(publicKey, UncompressedPublicKeySize, out uncompressed);

    /// <summary>The 33 bytes of a public key in either form. False where the bytes are no point of the curve.</summary>
    public static bool TryCompress(ReadOnlySpan<byte> publicKey, [NotNullWhen(true)] out byte[]? compressed) =>
        TryConvert(publicKey, PublicKeySize, out compressed);

    /// <summary>Signs a digest: r ‖ s ‖ v, 65 bytes; v is 0 or 1 (2 and 3 exist, at odds of 2^-127). The same input always gives the same bytes.</summary>
    public static byte[] SignRecoverable(ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> digest)
    {
        Require(privateKey);
        RequireDigest(digest);
        Span<byte> secrets = stackalloc byte[64 + (4 * 32)];
        Span<byte> nonce = secrets.Slice(64, 32), z = secrets.Slice(96, 32), product = secrets.Slice(128, 32), inverse = secrets.Slice(160, 32);
        Span<byte> point = stackalloc byte[PublicKeySize];
        byte[] signature = new byte[RecoverableSignatureSize];
        Span<byte> r = signature.AsSpan(0, 32), s = signature.AsSpan(32, 32);
        using var scratch = new Secp256k1Arithmetic();
        scratch.Reduce(digest, z);
        using var nonces = new Rfc6979(privateKey, z, secrets[..64]);
        do
        {
            nonces.Next(nonce);
            if (!Secp256k1Arithmetic.IsScalar(nonce))
                continue;
            scratch.MultiplyBase(nonce, point);
            scratch.Reduce(point[1..], r);
            scratch.Multiply(r, privateKey, product);
            scratch.Add(product, z, product);
            scratch.Invert(nonce, inverse);
            scratch.Multiply(product, inverse, s);
        }
        while (!Secp256k1Arithmetic.IsScalar(r) || !Secp256k1Arithmetic.IsScalar(s));

        // Bit 0: parity of the nonce point's y. Bit 1: its x was not below the order and has been reduced.
        int recovery = (point[0] & 1) | (point[1..].SequenceEqual(r) ? 0 : 2);
        if (IsHigh(s))
        {
            scratch.Negate(s, s);
            recovery ^= 1;
        }

        signature[64] = (byte)recovery;
        CryptographicOperations.ZeroMemory(secrets);
        return signature;
    }

    /// <summary>Signs a digest: r ‖ s, 64 bytes.</summary>
    public static byte[] Sign(ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> digest) => SignRecoverable(privateKey, digest)[..SignatureSize];

    /// <summary>
    /// Whether r ‖ s over the digest is the key's. False for a key that is no point, for numbers out of range, and for a high s:
    /// with it anybody could make a second signature of one. Never throws on bad input.
    /// </summary>
    public static bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> digest, ReadOnlySpan<byte> signature)
    {
        if (!IsSignature(signature) || digest.Length != DigestSize || IsHigh(signature[32..]))
            return false;
        Span<byte> z = stackalloc byte[32], inverse = stackalloc byte[32], q = stackalloc byte[32], x = stackalloc byte[32];
        Span<byte> point = stackalloc byte[PublicKeySize];
        using var scratch = new Secp256k1Arithmetic();
        scratch.Reduce(digest, z);
        scratch.Invert(signature[32..], inverse);
        scratch.Multiply(z, inverse, z);
        scratch.Multiply(signature[..32], inverse, q);
        if (!scratch.TryCombine(z, q, publicKey, point))
            return false;
        scratch.Reduce(point[1..], x);
        return x.SequenceEqual(signature[..32]);
    }

    /// <summary>Whether the bytes have the form of a signature: 64 of them, r and s at least one and below the group order.</summary>
    public static bool IsSignature(ReadOnlySpan<byte> signature) =>
        signature.Length == SignatureSize && Secp256k1Arithmetic.IsScalar(signature[..32]) && Secp256k1Arithmetic.IsScalar(signature[32..]);

    /// <summary>
    /// The compressed public key under which r ‖ s ‖ v is a signature of the digest (SEC 1, 4.1.6). False where v is above 1, a
    /// number is out of range, s is high, or there is no such key. Any well-formed signature recovers <em>some</em> key: compare it.
    /// </summary>
    public static bool TryRecover(ReadOnlySpan<byte> digest, ReadOnlySpan<byte> signature, [NotNullWhen(true)] out byte[]? publicKey)
    {
        publicKey = null;
        if (signature.Length != RecoverableSignatureSize || digest.Length != DigestSize || !IsSignature(signature[..64])
            || signature[64] > 1 || IsHigh(signature[32..64]))
        {
            return false;
        }

        Span<byte> point = [(byte)(2 | signature[64]), .. signature[..32]];
        Span<byte> inverse = stackalloc byte[32], g = stackalloc byte[32], q = stackalloc byte[32];
        using var scratch = new Secp256k1Arithmetic();
        scratch.Reduce(digest, g);
        scratch.Negate(g, g);
        scratch.Invert(signature[..32], inverse);
        scratch.Multiply(g, inverse, g);
        scratch.Multiply(signature.Slice(32, 32), inverse, q);
        byte[] result = new byte[PublicKeySize];
        if (!scratch.TryCombine(g, q, point, result))
            return false;
        publicKey = result;
        return true;
    }

    private static bool IsHigh(ReadOnlySpan<byte> s) => s.SequenceCompareTo(Secp256k1Arithmetic.HalfOrder) > 0;

    private static bool TryConvert(ReadOnlySpan<byte> publicKey, int size, [NotNullWhen(true)] out byte[]? result)
    {
        using var scratch = new Secp256k1Arithmetic();
        result = new byte[size];
        if (!scratch.TryConvert(publicKey, result))
            result = null;
        return result is not null;
    }

    private static void Require(ReadOnlySpan<byte> privateKey)
    {
        if (!IsPrivateKey(privateKey))
            throw new ArgumentException("no secp256k1 private key: 32 bytes, at least one and below the group order", nameof(privateKey));
    }

    private static void RequireDigest(ReadOnlySpan<byte> digest) => ArgumentOutOfRangeException.ThrowIfNotEqual(digest.Length, DigestSize, nameof(digest));
}
