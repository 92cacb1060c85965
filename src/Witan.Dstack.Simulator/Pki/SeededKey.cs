using System.Security.Cryptography;
using System.Text;
using Witan.Crypto;

namespace Witan.Dstack.Simulator.Pki;

/// <summary>Keys that follow from a seed and a name, so that a restarted simulator is the same one.</summary>
internal static class SeededKey
{
    public static byte[] Bytes(ReadOnlySpan<byte> seed, string name, int size = 32) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, seed.ToArray(), size, "witan-simulator"u8.ToArray(), Encoding.UTF8.GetBytes(name));

    /// <summary>An ECDSA key over P-256.</summary>
    public static ECDsa Ecdsa(ReadOnlySpan<byte> seed, string name)
    {
        P256Scalar secret = P256Scalar.Reduce(Bytes(seed, name, 48));
        P256Point point = P256Point.MultiplyBase(secret);
        byte[] x = point.X();
        // The framework wants y as well; importing a key without a public part lets it compute both.
        return ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            D = secret.ToBytes(),
            Q = default,
        }) is { } key && key.ExportParameters(false).Q.X!.AsSpan().SequenceEqual(x) ? key : throw new CryptographicException("seeded key");
    }
}
