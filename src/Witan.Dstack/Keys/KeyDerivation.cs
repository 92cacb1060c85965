using System.Security.Cryptography;

namespace Witan.Dstack;

/// <summary>The derivations that guest agents and key management services share.</summary>
public static class KeyDerivation
{
    // PKCS#8 around a P-256 key, as one fixed text: DeriveDhSecret hashes it, so another encoder's choices would change the secret.
    private static ReadOnlySpan<byte> Pkcs8Prefix =>
    [
        0x30, 0x81, 0x87, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
        0xce, 0x3d, 0x03, 0x01, 0x07, 0x04, 0x6d, 0x30, 0x6b, 0x02, 0x01, 0x01, 0x04, 0x20,
    ];

    private static ReadOnlySpan<byte> Pkcs8Infix => [0xa1, 0x44, 0x03, 0x42, 0x00];

    /// <summary>
    /// HKDF-SHA256 with the salt <c>RATLS</c>. The contexts are concatenated with nothing between them, so the caller must see to it
    /// that they cannot be confused. Zero the result after use.
    /// </summary>
    public static byte[] DeriveKey(ReadOnlySpan<byte> secret, int size, params ReadOnlySpan<byte[]> contexts)
    {
        byte[] key = new byte[size];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, key, "RATLS"u8, (byte[])[.. contexts.ToArray().SelectMany(context => context)]);
        return key;
    }

    /// <summary>
    /// SHA-256 over the PKCS#8 form of the P-256 key that follows from a P-256 key and contexts: how disk and environment keys are
    /// made. Throws <see cref="CryptographicException"/> where the derived number is no scalar, at odds of 2^-32.
    /// </summary>
    public static byte[] DeriveDhSecret(ReadOnlySpan<byte> rootScalar, params ReadOnlySpan<byte[]> contexts)
    {
        byte[] scalar = DeriveKey(rootScalar, 32, contexts);
        byte[] pkcs8 = ToPkcs8(scalar);
        byte[] secret = SHA256.HashData(pkcs8);
        CryptographicOperations.ZeroMemory(pkcs8);
        CryptographicOperations.ZeroMemory(scalar);
        return secret;
    }

    /// <summary>The canonical PKCS#8 form of a P-256 key with its public key: 138 bytes. Zero it after use.</summary>
    public static byte[] ToPkcs8(ReadOnlySpan<byte> p256Scalar)
    {
        byte[] secret = p256Scalar.ToArray();
        try
        {
            using var key = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = secret });
            ECPoint point = key.ExportParameters(includePrivateParameters: false).Q;
            return [.. Pkcs8Prefix, .. p256Scalar, .. Pkcs8Infix, 0x04, .. point.X!, .. point.Y!];
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }
}
