using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Witan.Crypto;

/// <summary>
/// A public key for ECDSA over P-256 with SHA-256, ready to verify. Making one costs more than a verification: keep it.
/// Safe to use from several threads.
/// </summary>
public sealed class EcdsaP256Key : IDisposable
{
    /// <summary>Size of a key as x ‖ y.</summary>
    public const int Size = 64;

    /// <summary>Size of a signature as r ‖ s.</summary>
    public const int SignatureSize = 64;

    private readonly ECDsa _key;

    private EcdsaP256Key(ECDsa key) => _key = key;

    /// <summary>Reads x ‖ y, 32 bytes big-endian each. False where it is no point of the curve.</summary>
    public static bool TryCreate(ReadOnlySpan<byte> point, [NotNullWhen(true)] out EcdsaP256Key? key)
    {
        key = null;
        if (point.Length != Size)
            return false;
        // Checked here because what the framework throws for a bad point is not told apart from a failure of its own.
        Span<byte> compressed = stackalloc byte[P256Point.Size];
        compressed[0] = (byte)(2 | (point[Size - 1] & 1));
        point[..32].CopyTo(compressed[1..]);
        Span<byte> whole = stackalloc byte[65];
        if (!P256Point.TryDecode(compressed, out P256Point? decoded))
            return false;
        decoded.WriteUncompressedTo(whole);
        if (!whole[1..].SequenceEqual(point))
            return false;
        key = new EcdsaP256Key(ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new ECPoint { X = point[..32].ToArray(), Y = point[32..].ToArray() },
        }));
        return true;
    }

    /// <summary>Whether r ‖ s is a signature over the SHA-256 of the data. Never throws on bad input.</summary>
    public bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(data, hash);
        return signature.Length == SignatureSize
            && _key.VerifyHash(hash, signature, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    /// <inheritdoc />
    public void Dispose() => _key.Dispose();
}
