using System.Runtime.InteropServices;

namespace Witan.Crypto.Interop;

// Big numbers and the group of P-256.
internal static unsafe partial class LibCrypto
{
    internal const int P256CurveId = 415;
    internal const int CompressedForm = 2;
    internal const int UncompressedForm = 4;

    [LibraryImport(Name)]
    internal static partial nint EC_GROUP_new_by_curve_name(int id);

    [LibraryImport(Name)]
    internal static partial nint EC_GROUP_get0_generator(nint group);

    [LibraryImport(Name)]
    internal static partial EcPointHandle EC_POINT_new(nint group);

    [LibraryImport(Name)]
    internal static partial void EC_POINT_clear_free(nint point);

    [LibraryImport(Name)]
    internal static partial int EC_POINT_copy(EcPointHandle to, nint from);

    [LibraryImport(Name)]
    internal static partial int EC_POINT_mul(nint group, EcPointHandle result, nint generatorScalar, nint point, nint scalar, nint context);

    // Deprecated in OpenSSL 3, exported by every libcrypto.so.3: the only way to share the doublings of many products.
    [LibraryImport(Name)]
    internal static partial int EC_POINTs_mul(
        nint group, EcPointHandle result, nint generatorScalar, nuint count, nint* points, nint* scalars, nint context);

    [LibraryImport(Name)]
    internal static partial int EC_POINT_add(nint group, EcPointHandle result, EcPointHandle a, EcPointHandle b, nint context);

    [LibraryImport(Name)]
    internal static partial int EC_POINT_invert(nint group, EcPointHandle point, nint context);

    [LibraryImport(Name)]
    internal static partial int EC_POINT_cmp(nint group, EcPointHandle a, EcPointHandle b, nint context);

    [LibraryImport(Name)]
    internal static partial int EC_POINT_is_at_infinity(nint group, EcPointHandle point);

    [LibraryImport(Name)]
    internal static partial int EC_POINT_is_on_curve(nint group, EcPointHandle point, nint context);

    [LibraryImport(Name)]
    internal static partial nuint EC_POINT_point2oct(nint group, EcPointHandle point, int form, byte* buffer, nuint length, nint context);

    [LibraryImport(Name)]
    internal static partial int EC_POINT_oct2point(nint group, EcPointHandle point, byte* buffer, nuint length, nint context);

    [LibraryImport(Name)]
    internal static partial nint BN_CTX_new();

    [LibraryImport(Name)]
    internal static partial void BN_CTX_free(nint context);

    [LibraryImport(Name)]
    internal static partial nint BN_secure_new();

    [LibraryImport(Name)]
    internal static partial nint BN_new();

    [LibraryImport(Name)]
    internal static partial void BN_clear_free(nint number);

    [LibraryImport(Name)]
    internal static partial void BN_set_flags(nint number, int flags);

    [LibraryImport(Name)]
    internal static partial void BN_clear(nint number);

    [LibraryImport(Name)]
    internal static partial nint BN_bin2bn(byte* bytes, int length, nint result);

    [LibraryImport(Name)]
    internal static partial int BN_bn2binpad(nint number, byte* to, int length);

    [LibraryImport(Name)]
    internal static partial int BN_nnmod(nint result, nint number, nint modulus, nint context);

    [LibraryImport(Name)]
    internal static partial int BN_mod_add(nint result, nint a, nint b, nint modulus, nint context);

    [LibraryImport(Name)]
    internal static partial int BN_mod_sub(nint result, nint a, nint b, nint modulus, nint context);

    [LibraryImport(Name)]
    internal static partial int BN_mod_mul(nint result, nint a, nint b, nint modulus, nint context);

    [LibraryImport(Name)]
    internal static partial nint BN_mod_inverse(nint result, nint a, nint modulus, nint context);
}

/// <summary>Owns an <c>EC_POINT</c>; cleared when freed.</summary>
internal sealed class EcPointHandle : SafeHandle
{
    public EcPointHandle()
        : base(0, ownsHandle: true)
    {
    }

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        LibCrypto.EC_POINT_clear_free(handle);
        return true;
    }
}
