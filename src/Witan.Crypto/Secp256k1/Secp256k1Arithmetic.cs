using System.Runtime.InteropServices;
using Witan.Crypto.Interop;

namespace Witan.Crypto;

/// <summary>
/// Scratch numbers for one operation on secp256k1: made, used and cleared within one method. All numbers are 32 bytes big-endian.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal readonly unsafe ref struct Secp256k1Arithmetic : IDisposable
{
    private const int BignumConstantTime = 4;
    private const int Secp256k1CurveId = 714;
    private static readonly nint Group = LibCrypto.EC_GROUP_new_by_curve_name(Secp256k1CurveId) is not 0 and var group
        ? group
        : throw LibCrypto.Error("secp256k1 group");

    private readonly nint _context;
    private readonly nint _a;
    private readonly nint _b;
    private readonly nint _c;
    private readonly nint _order;

    public Secp256k1Arithmetic()
    {
        _context = LibCrypto.BN_CTX_new();
        (_a, _b, _c, _order) = (Number(), Number(), Number(), LibCrypto.BN_new());
        Load(_order, Order);
    }

    /// <summary>The group order n (SEC 2, secp256k1).</summary>
    public static ReadOnlySpan<byte> Order =>
    [
        0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE,
        0xBA, 0xAE, 0xDC, 0xE6, 0xAF, 0x48, 0xA0, 0x3B, 0xBF, 0xD2, 0x5E, 0x8C, 0xD0, 0x36, 0x41, 0x41,
    ];

    /// <summary>(n - 1) / 2: an s above it is "high".</summary>
    public static ReadOnlySpan<byte> HalfOrder =>
    [
        0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0x5D, 0x57, 0x6E, 0x73, 0x57, 0xA4, 0x50, 0x1D, 0xDF, 0xE9, 0x2F, 0x46, 0x68, 0x1B, 0x20, 0xA0,
    ];

    /// <summary>Whether a number is at least one and below the order.</summary>
    public static bool IsScalar(ReadOnlySpan<byte> number) =>
        number.Length == 32 && number.IndexOfAnyExcept((byte)0) >= 0 && number.SequenceCompareTo(Order) < 0;

    public void Dispose()
    {
        foreach (nint number in (ReadOnlySpan<nint>)[_a, _b, _c, _order])
            LibCrypto.BN_clear_free(number);
        LibCrypto.BN_CTX_free(_context);
    }

    /// <summary>number mod n.</summary>
    public void Reduce(ReadOnlySpan<byte> number, Span<byte> result)
    {
        Load(_a, number);
        Store(LibCrypto.BN_nnmod(_c, _a, _order, _context) == 1, result);
    }

    /// <summary>a·b mod n.</summary>
    public void Multiply(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, Span<byte> result)
    {
        Load(_a, a);
        Load(_b, b);
        Store(LibCrypto.BN_mod_mul(_c, _a, _b, _order, _context) == 1, result);
    }

    /// <summary>a+b mod n.</summary>
    public void Add(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, Span<byte> result)
    {
        Load(_a, a);
        Load(_b, b);
        Store(LibCrypto.BN_mod_add(_c, _a, _b, _order, _context) == 1, result);
    }

    /// <summary>-a mod n.</summary>
    public void Negate(ReadOnlySpan<byte> a, Span<byte> result)
    {
        Load(_a, default);
        Load(_b, a);
        Store(LibCrypto.BN_mod_sub(_c, _a, _b, _order, _context) == 1, result);
    }

    /// <summary>1/a mod n; the modulus is prime and the flag keeps it free of secret-dependent branches.</summary>
    public void Invert(ReadOnlySpan<byte> a, Span<byte> result)
    {
        Load(_a, a);
        Store(LibCrypto.BN_mod_inverse(_c, _a, _order, _context) != 0, result);
    }

    /// <summary>secret·G, compressed: the single-scalar form, which libcrypto computes in constant time.</summary>
    public void MultiplyBase(ReadOnlySpan<byte> secret, Span<byte> compressed)
    {
        Load(_a, secret);
        using EcPointHandle result = LibCrypto.EC_POINT_new(Group);
        if (LibCrypto.EC_POINT_mul(Group, result, _a, 0, 0, _context) != 1)
            throw LibCrypto.Error("secp256k1 base multiplication");
        LibCrypto.BN_clear(_a);
        Encode(result, LibCrypto.CompressedForm, compressed);
    }

    /// <summary>g·G + q·Q, compressed. Public numbers only. False where Q is no point, or the sum is the identity.</summary>
    public bool TryCombine(ReadOnlySpan<byte> g, ReadOnlySpan<byte> q, ReadOnlySpan<byte> point, Span<byte> compressed)
    {
        using EcPointHandle from = LibCrypto.EC_POINT_new(Group);
        using EcPointHandle result = LibCrypto.EC_POINT_new(Group);
        if (!TryDecode(point, from))
            return false;
        Load(_a, g);
        Load(_b, q);
        bool held = false;
        from.DangerousAddRef(ref held);
        int good = LibCrypto.EC_POINT_mul(Group, result, _a, from.DangerousGetHandle(), _b, _context);
        from.DangerousRelease();
        if (good != 1)
            throw LibCrypto.Error("secp256k1 multiplication");
        if (LibCrypto.EC_POINT_is_at_infinity(Group, result) == 1)
            return false;
        Encode(result, LibCrypto.CompressedForm, compressed);
        return true;
    }

    /// <summary>Between the 33 and the 65 byte form. False where the input is no point of the curve.</summary>
    public bool TryConvert(ReadOnlySpan<byte> point, Span<byte> result)
    {
        using EcPointHandle decoded = LibCrypto.EC_POINT_new(Group);
        if (!TryDecode(point, decoded))
            return false;
        Encode(decoded, result.Length == 33 ? LibCrypto.CompressedForm : LibCrypto.UncompressedForm, result);
        return true;
    }

    private bool TryDecode(ReadOnlySpan<byte> point, EcPointHandle handle)
    {
        if (point is not ([2 or 3, ..] and { Length: 33 }) && point is not ([4, ..] and { Length: 65 }))
            return false;
        fixed (byte* from = point)
        {
            // oct2point checks the curve equation for the uncompressed form and solves it for the compressed one.
            if (LibCrypto.EC_POINT_oct2point(Group, handle, from, (nuint)point.Length, _context) == 1)
                return true;
        }

        LibCrypto.ClearErrors();
        return false;
    }

    private void Encode(EcPointHandle point, int form, Span<byte> result)
    {
        fixed (byte* to = result)
        {
            if (LibCrypto.EC_POINT_point2oct(Group, point, form, to, (nuint)result.Length, _context) != (nuint)result.Length)
                throw LibCrypto.Error("secp256k1 encoding");
        }
    }

    private void Store(bool good, Span<byte> result)
    {
        fixed (byte* to = result)
            good = good && LibCrypto.BN_bn2binpad(_c, to, 32) == 32;
        foreach (nint number in (ReadOnlySpan<nint>)[_a, _b, _c])
            LibCrypto.BN_clear(number);
        if (!good)
            throw LibCrypto.Error("secp256k1 scalar arithmetic");
    }

    private static nint Number()
    {
        nint number = LibCrypto.BN_secure_new();
        LibCrypto.BN_set_flags(number, BignumConstantTime);
        return number;
    }

    private static void Load(nint number, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* from = bytes)
        {
            if (LibCrypto.BN_bin2bn(from, bytes.Length, number) == 0)
                throw LibCrypto.Error("BN_bin2bn");
        }
    }
}
