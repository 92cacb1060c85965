using Witan.Crypto.Interop;

namespace Witan.Crypto;

/// <summary>
/// The curve, made once, and the scratch numbers of a thread. A BN_CTX may not be shared between threads, and making numbers
/// for each operation would cost more than a point addition.
/// </summary>
internal sealed unsafe class P256Arithmetic
{
    [ThreadStatic]
    private static P256Arithmetic? t_ofThread;

    internal static readonly nint Group = LibCrypto.EC_GROUP_new_by_curve_name(LibCrypto.P256CurveId) is not 0 and var group
        ? group
        : throw LibCrypto.Error("P-256 group");

    private readonly nint _order;

    private P256Arithmetic()
    {
        Context = LibCrypto.BN_CTX_new();
        (A, B, C) = (Number(), Number(), Number());
        _order = LibCrypto.BN_new();
        fixed (byte* bytes = P256Scalar.Order)
            LibCrypto.BN_bin2bn(bytes, P256Scalar.Size, _order);
    }

#pragma warning disable MA0055 // a thread has no other moment at which it could give its numbers back
    ~P256Arithmetic()
#pragma warning restore MA0055
    {
        foreach (nint number in (ReadOnlySpan<nint>)[A, B, C, _order])
            LibCrypto.BN_clear_free(number);
        LibCrypto.BN_CTX_free(Context);
    }

    internal enum Operation
    {
        Add,
        Subtract,
        Multiply,
        Invert,
    }

    internal static P256Arithmetic OfThread => t_ofThread ??= new P256Arithmetic();

    internal nint Context { get; }

    internal nint A { get; }

    internal nint B { get; }

    internal nint C { get; }

    internal static nint Load(nint number, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* from = bytes)
            return LibCrypto.BN_bin2bn(from, bytes.Length, number) != 0 ? number : throw LibCrypto.Error("BN_bin2bn");
    }

    /// <summary>a OP b modulo the group order, as 32 bytes; inputs are below the order. Scratch is cleared.</summary>
    internal void Modular(Operation operation, ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, Span<byte> result)
    {
        Load(A, a);
        Load(B, b);
        bool good = operation switch
        {
            Operation.Add => LibCrypto.BN_mod_add(C, A, B, _order, Context) == 1,
            Operation.Subtract => LibCrypto.BN_mod_sub(C, A, B, _order, Context) == 1,
            Operation.Multiply => LibCrypto.BN_mod_mul(C, A, B, _order, Context) == 1,
            _ => LibCrypto.BN_mod_inverse(C, A, _order, Context) != 0,
        };
        fixed (byte* to = result)
            good = good && LibCrypto.BN_bn2binpad(C, to, P256Scalar.Size) == P256Scalar.Size;
        Clear();
        if (!good)
            throw LibCrypto.Error($"P-256 scalar {operation}");
    }

    /// <summary>Reduces any number of bytes, big-endian, modulo the order.</summary>
    internal void Reduce(ReadOnlySpan<byte> wide, Span<byte> result)
    {
        Load(A, wide);
        bool good = LibCrypto.BN_nnmod(C, A, _order, Context) == 1;
        fixed (byte* to = result)
            good = good && LibCrypto.BN_bn2binpad(C, to, P256Scalar.Size) == P256Scalar.Size;
        Clear();
        if (!good)
            throw LibCrypto.Error("P-256 scalar reduction");
    }

    internal void Clear()
    {
        LibCrypto.BN_clear(A);
        LibCrypto.BN_clear(B);
        LibCrypto.BN_clear(C);
    }

    private static nint Number()
    {
        nint number = LibCrypto.BN_new();
        LibCrypto.BN_set_flags(number, 4); // BN_FLG_CONSTTIME
        return number;
    }
}
