using System.Runtime.InteropServices;

namespace Witan.Crypto.Interop;

// EVP: keys of P-256 from their points, and verifying hashes with them.
internal static unsafe partial class LibCrypto
{
    private const int KeyParameters = 0x84;
    private const uint Utf8String = 4;

    /// <summary>A key of P-256 that has its curve and no point yet. Copying it costs a third of making it.</summary>
    internal static EvpKeyHandle NewP256Template()
    {
        fixed (byte* group = "group\0"u8, curve = "prime256v1\0"u8, type = "EC\0"u8)
        {
            Parameter* parameters = stackalloc Parameter[2];
            parameters[0] = new Parameter { Key = group, Type = Utf8String, Data = curve, Size = 10, ReturnSize = nuint.MaxValue };
            parameters[1] = default;
            using EvpKeyContextHandle context = EVP_PKEY_CTX_new_from_name(0, type, 0);
            nint key = 0;
            if (context.IsInvalid || EVP_PKEY_fromdata_init(context) != 1 || EVP_PKEY_fromdata(context, ref key, KeyParameters, parameters) != 1)
                throw Error("P-256 key");
            var handle = new EvpKeyHandle();
            Marshal.InitHandle(handle, key);
            return handle;
        }
    }

    [LibraryImport(Name)]
    internal static partial EvpKeyHandle EVP_PKEY_dup(EvpKeyHandle key);

    [LibraryImport(Name)]
    internal static partial int EVP_PKEY_set1_encoded_public_key(EvpKeyHandle key, byte* point, nuint length);

    [LibraryImport(Name)]
    internal static partial int EVP_PKEY_verify_init(EvpKeyContextHandle context);

    [LibraryImport(Name)]
    internal static partial nint EVP_PKEY_CTX_dup(EvpKeyContextHandle context);

    [LibraryImport(Name)]
    internal static partial int EVP_PKEY_verify(nint context, byte* signature, nuint length, byte* hash, nuint hashLength);

    [LibraryImport(Name)]
    private static partial EvpKeyContextHandle EVP_PKEY_CTX_new_from_name(nint library, byte* type, nint properties);

    [LibraryImport(Name)]
    private static partial int EVP_PKEY_fromdata_init(EvpKeyContextHandle context);

    [LibraryImport(Name)]
    private static partial int EVP_PKEY_fromdata(EvpKeyContextHandle context, ref nint key, int selection, Parameter* parameters);

    /// <summary><c>OSSL_PARAM</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Parameter
    {
        public byte* Key;
        public uint Type;
        public void* Data;
        public nuint Size;
        public nuint ReturnSize;
    }
}
