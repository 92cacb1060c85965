using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Witan.Crypto.Interop;

namespace Witan.Crypto;

/// <summary>
/// A public key for ECDSA over P-256 with SHA-256, ready to verify. It goes to libcrypto directly: the framework's import of a
/// key multiplies its point by the group's order, which costs two verifications and, on a curve of prime order, shows nothing
/// that "on the curve and not the identity" has not shown. Safe to use from several threads.
/// </summary>
public sealed class EcdsaP256Key : IDisposable
{
    /// <summary>Size of a key as x ‖ y.</summary>
    public const int Size = 64;

    /// <summary>Size of a signature as r ‖ s.</summary>
    public const int SignatureSize = 64;

    private static readonly EvpKeyHandle Template = LibCrypto.NewP256Template();

    // Prepared for verifying, never used itself: each verification works on a copy, so that threads do not meet.
    private readonly EvpKeyContextHandle _context;

    private EcdsaP256Key(EvpKeyContextHandle context) => _context = context;

    /// <summary>Reads x ‖ y, 32 bytes big-endian each. False where a coordinate is not below the field's prime or it is no point of the curve.</summary>
    public static unsafe bool TryCreate(ReadOnlySpan<byte> point, [NotNullWhen(true)] out EcdsaP256Key? key)
    {
        key = null;
        if (point.Length != Size)
            return false;
        Span<byte> encoded = stackalloc byte[Size + 1];
        encoded[0] = LibCrypto.UncompressedForm;
        point.CopyTo(encoded[1..]);
        using EvpKeyHandle copy = LibCrypto.EVP_PKEY_dup(Template);
        if (copy.IsInvalid)
            throw LibCrypto.Error("EVP_PKEY_dup");
        fixed (byte* from = encoded)
        {
            // Decoding an uncompressed point checks that it lies on the curve; this form has no identity.
            if (LibCrypto.EVP_PKEY_set1_encoded_public_key(copy, from, Size + 1) != 1)
            {
                LibCrypto.ClearErrors();
                return false;
            }
        }

        EvpKeyContextHandle context = LibCrypto.EVP_PKEY_CTX_new(copy, 0);
        if (context.IsInvalid || LibCrypto.EVP_PKEY_verify_init(context) != 1)
            throw LibCrypto.Error("EVP_PKEY_verify_init");
        key = new EcdsaP256Key(context);
        return true;
    }

    /// <summary>Whether r ‖ s is a signature over the SHA-256 of the data. Never throws on bad input.</summary>
    public bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(data, hash);
        return VerifyHash(hash, signature);
    }

    /// <summary>Whether r ‖ s is a signature over a hash of 32 bytes. Never throws on bad input.</summary>
    public unsafe bool VerifyHash(ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != SignatureSize || hash.Length != 32)
            return false;
        Span<byte> der = stackalloc byte[EcdsaSignature.MaximumDerSize];
        int length = EcdsaSignature.WriteDer(signature, der);
        nint context = LibCrypto.EVP_PKEY_CTX_dup(_context);
        if (context == 0)
            throw LibCrypto.Error("EVP_PKEY_CTX_dup");
        int result;
        fixed (byte* from = der, over = hash)
            result = LibCrypto.EVP_PKEY_verify(context, from, (nuint)length, over, 32);
        LibCrypto.EVP_PKEY_CTX_free(context);
        if (result == 1)
            return true;
        LibCrypto.ClearErrors();
        return false;
    }

    /// <inheritdoc />
    public void Dispose() => _context.Dispose();
}
