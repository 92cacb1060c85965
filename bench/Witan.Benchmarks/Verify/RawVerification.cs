using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Witan.Benchmarks.Verify;

/// <summary>The limit: libcrypto's P-256 verification alone, with the key, its context, the hash and the DER signature at hand.</summary>
internal sealed unsafe partial class RawVerification : IDisposable
{
    private const string Library = "libcrypto.so.3";
    private readonly nint _key;
    private readonly nint _context;
    private readonly byte[] _hash = SHA256.HashData("limit"u8);
    private readonly byte[] _signature;

    public RawVerification()
    {
        using var signer = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        _signature = signer.SignHash(_hash, DSASignatureFormat.Rfc3279DerSequence);
        byte[] info = signer.ExportSubjectPublicKeyInfo();
        fixed (byte* from = info)
        {
            byte* at = from;
            _key = d2i_PUBKEY(0, &at, info.Length);
        }

        _context = EVP_PKEY_CTX_new(_key, 0);
        if (_key == 0 || _context == 0 || EVP_PKEY_verify_init(_context) != 1 || !Run(1))
            throw new CryptographicException("libcrypto does not verify");
    }

    public bool Run(int times)
    {
        bool good = true;
        fixed (byte* signature = _signature, hash = _hash)
        {
            for (int i = 0; i < times; i++)
                good &= EVP_PKEY_verify(_context, signature, (nuint)_signature.Length, hash, 32) == 1;
        }

        return good;
    }

    public void Dispose()
    {
        EVP_PKEY_CTX_free(_context);
        EVP_PKEY_free(_key);
    }

    [LibraryImport(Library)]
    private static partial nint d2i_PUBKEY(nint key, byte** bytes, nint length);

    [LibraryImport(Library)]
    private static partial nint EVP_PKEY_CTX_new(nint key, nint engine);

    [LibraryImport(Library)]
    private static partial int EVP_PKEY_verify_init(nint context);

    [LibraryImport(Library)]
    private static partial int EVP_PKEY_verify(nint context, byte* signature, nuint length, byte* hash, nuint hashLength);

    [LibraryImport(Library)]
    private static partial void EVP_PKEY_CTX_free(nint context);

    [LibraryImport(Library)]
    private static partial void EVP_PKEY_free(nint key);
}
