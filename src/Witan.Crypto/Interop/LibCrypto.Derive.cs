using System.Runtime.InteropServices;

namespace Witan.Crypto.Interop;

// EVP: key agreement.
internal static unsafe partial class LibCrypto
{
    internal const int X25519Id = 1034;

    [LibraryImport(Name)]
    internal static partial EvpKeyContextHandle EVP_PKEY_CTX_new(EvpKeyHandle key, nint engine);

    [LibraryImport(Name)]
    internal static partial void EVP_PKEY_CTX_free(nint context);

    [LibraryImport(Name)]
    internal static partial int EVP_PKEY_derive_init(EvpKeyContextHandle context);

    [LibraryImport(Name)]
    internal static partial int EVP_PKEY_derive_set_peer(EvpKeyContextHandle context, EvpKeyHandle peer);

    [LibraryImport(Name)]
    internal static partial int EVP_PKEY_derive(EvpKeyContextHandle context, byte* secret, ref nuint length);
}

/// <summary>Owns an <c>EVP_PKEY_CTX</c>.</summary>
internal sealed class EvpKeyContextHandle : SafeHandle
{
    public EvpKeyContextHandle()
        : base(0, ownsHandle: true)
    {
    }

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        LibCrypto.EVP_PKEY_CTX_free(handle);
        return true;
    }
}
