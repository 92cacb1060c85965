using System.Runtime.InteropServices;

namespace Witan.Crypto.Interop;

// EVP: keys given as raw bytes, one-shot signing and verifying.
internal static unsafe partial class LibCrypto
{
    internal const int Ed25519Id = 1087;

    [LibraryImport(Name)]
    internal static partial EvpKeyHandle EVP_PKEY_new_raw_private_key(int type, nint engine, byte* key, nuint length);

    [LibraryImport(Name)]
    internal static partial EvpKeyHandle EVP_PKEY_new_raw_public_key(int type, nint engine, byte* key, nuint length);

    [LibraryImport(Name)]
    internal static partial int EVP_PKEY_get_raw_public_key(EvpKeyHandle key, byte* output, ref nuint length);

    [LibraryImport(Name)]
    internal static partial void EVP_PKEY_free(nint key);

    [LibraryImport(Name)]
    internal static partial EvpDigestHandle EVP_MD_CTX_new();

    [LibraryImport(Name)]
    internal static partial void EVP_MD_CTX_free(nint context);

    [LibraryImport(Name)]
    internal static partial int EVP_DigestSignInit(EvpDigestHandle context, nint keyContext, nint digest, nint engine, EvpKeyHandle key);

    [LibraryImport(Name)]
    internal static partial int EVP_DigestSign(EvpDigestHandle context, byte* signature, ref nuint length, byte* message, nuint messageLength);

    [LibraryImport(Name)]
    internal static partial int EVP_DigestVerifyInit(EvpDigestHandle context, nint keyContext, nint digest, nint engine, EvpKeyHandle key);

    [LibraryImport(Name)]
    internal static partial int EVP_DigestVerify(EvpDigestHandle context, byte* signature, nuint length, byte* message, nuint messageLength);
}

/// <summary>Owns an <c>EVP_PKEY</c>.</summary>
internal sealed class EvpKeyHandle : SafeHandle
{
    public EvpKeyHandle()
        : base(0, ownsHandle: true)
    {
    }

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        LibCrypto.EVP_PKEY_free(handle);
        return true;
    }
}

/// <summary>Owns an <c>EVP_MD_CTX</c>.</summary>
internal sealed class EvpDigestHandle : SafeHandle
{
    public EvpDigestHandle()
        : base(0, ownsHandle: true)
    {
    }

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        LibCrypto.EVP_MD_CTX_free(handle);
        return true;
    }
}
