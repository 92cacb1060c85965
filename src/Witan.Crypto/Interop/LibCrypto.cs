using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Witan.Crypto.Interop;

/// <summary>
/// The libcrypto that .NET itself has loaded. One partial class for all imports; each primitive adds its own file
/// (<c>LibCrypto.Bn.cs</c>, <c>LibCrypto.Ec.cs</c>, …). Callers wrap every pointer in a SafeHandle and check every code.
/// </summary>
internal static unsafe partial class LibCrypto
{
    private const string Name = "libcrypto.so.3";

    static LibCrypto()
    {
        // A second copy of the library would have its own error queue and its own idea of what is supported.
        ulong ours = OpenSSL_version_num();
        long theirs = SafeEvpPKeyHandle.OpenSslVersion;
        if ((long)ours != theirs)
        {
            throw new CryptographicException(
                $"libcrypto 0x{ours:x} is not the library that .NET uses (0x{theirs:x}). "
                + "Unset CLR_OPENSSL_VERSION_OVERRIDE, or install OpenSSL 3 as libcrypto.so.3.");
        }
    }

    /// <summary>Turns the newest entry of OpenSSL's error queue into an exception and clears the queue.</summary>
    internal static CryptographicException Error(string operation)
    {
        ulong code = ERR_get_error();
        ERR_clear_error();
        byte* text = stackalloc byte[256];
        ERR_error_string_n(code, text, 256);
        return new CryptographicException($"{operation}: {Marshal.PtrToStringUTF8((nint)text)}");
    }

    /// <summary>For expected refusals of hostile input: forget the reason, so that it does not surface elsewhere.</summary>
    internal static void ClearErrors() => ERR_clear_error();

    [LibraryImport(Name)]
    private static partial ulong OpenSSL_version_num();

    [LibraryImport(Name)]
    private static partial ulong ERR_get_error();

    [LibraryImport(Name)]
    private static partial void ERR_clear_error();

    [LibraryImport(Name)]
    private static partial void ERR_error_string_n(ulong error, byte* buffer, nuint length);
}
