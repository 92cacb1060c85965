using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Witan.Crypto;

/// <summary>
/// An element of the field of P-256 in Montgomery form, four limbs of 64 bits, always below the prime. For public values
/// only: its time depends on them.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal readonly struct P256Field : IEquatable<P256Field>
{
    // p = 2^256 - 2^224 + 2^192 + 2^96 - 1; the inverse of p modulo 2^64 is -1 times 1, so Montgomery's factor is 1.
    private const ulong P0 = 0xFFFFFFFFFFFFFFFF, P1 = 0x00000000FFFFFFFF, P2 = 0, P3 = 0xFFFFFFFF00000001;

    private readonly ulong _0, _1, _2, _3;

    private P256Field(ulong l0, ulong l1, ulong l2, ulong l3) => (_0, _1, _2, _3) = (l0, l1, l2, l3);

    internal static P256Field Zero => default;

    /// <summary>R modulo p.</summary>
    internal static P256Field One => new(0x0000000000000001, 0xFFFFFFFF00000000, 0xFFFFFFFFFFFFFFFF, 0x00000000FFFFFFFE);

    internal static P256Field Three => One + One + One;

    // R^2 modulo p.
    private static P256Field SquareOfR => new(0x0000000000000003, 0xFFFFFFFBFFFFFFFF, 0xFFFFFFFFFFFFFFFE, 0x00000004FFFFFFFD);

    // The coefficient b of the curve.
    internal static P256Field B { get; } = FromBytes(Convert.FromHexString("5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B"))!.Value;

    internal bool IsZero => (_0 | _1 | _2 | _3) == 0;

    /// <summary>Reads 32 bytes big-endian; null where they are not below the prime.</summary>
    internal static P256Field? FromBytes(ReadOnlySpan<byte> bytes)
    {
        ulong l3 = System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes);
        ulong l2 = System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        ulong l1 = System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]);
        ulong l0 = System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]);
        bool below = l3 != P3 ? l3 < P3 : l2 != P2 ? l2 < P2 : l1 != P1 ? l1 < P1 : l0 < P0;
        return below ? new P256Field(l0, l1, l2, l3) * SquareOfR : null;
    }

    internal void WriteTo(Span<byte> bytes)
    {
        P256Field plain = this * new P256Field(1, 0, 0, 0);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(bytes, plain._3);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], plain._2);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(bytes[16..], plain._1);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(bytes[24..], plain._0);
    }

    /// <summary>Whether the number itself, not its Montgomery form, is odd.</summary>
    internal bool IsOdd => ((this * new P256Field(1, 0, 0, 0))._0 & 1) == 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static P256Field operator +(P256Field a, P256Field b)
    {
        unchecked
        {
            ulong r0 = a._0 + b._0;
            ulong carry = r0 < b._0 ? 1UL : 0;
            ulong r1 = a._1 + carry;
            carry = r1 < carry ? 1UL : 0;
            r1 += b._1;
            carry += r1 < b._1 ? 1UL : 0;
            ulong r2 = a._2 + carry;
            carry = r2 < carry ? 1UL : 0;
            r2 += b._2;
            carry += r2 < b._2 ? 1UL : 0;
            ulong r3 = a._3 + carry;
            carry = r3 < carry ? 1UL : 0;
            r3 += b._3;
            carry += r3 < b._3 ? 1UL : 0;
            return Reduce(r0, r1, r2, r3, carry);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static P256Field operator -(P256Field a, P256Field b)
    {
        unchecked
        {
            ulong r0 = a._0 - b._0;
            ulong borrow = a._0 < b._0 ? 1UL : 0;
            ulong r1 = a._1 - b._1;
            ulong next = a._1 < b._1 || (r1 == 0 && borrow == 1) ? 1UL : 0;
            r1 -= borrow;
            ulong r2 = a._2 - b._2;
            borrow = a._2 < b._2 || (r2 == 0 && next == 1) ? 1UL : 0;
            r2 -= next;
            ulong r3 = a._3 - b._3;
            next = a._3 < b._3 || (r3 == 0 && borrow == 1) ? 1UL : 0;
            r3 -= borrow;
            if (next == 0)
                return new P256Field(r0, r1, r2, r3);
            // Below zero: add p = -1 + 2^96 + 0 + P3·2^192.
            ulong s0 = r0 - 1;
            ulong carry = r0 == 0 ? 0UL : 1;
            ulong s1 = r1 + P1 + carry;
            carry = s1 < P1 + carry ? 1UL : 0;
            ulong s2 = r2 + carry;
            carry = s2 < carry ? 1UL : 0;
            return new P256Field(s0, s1, s2, r3 + P3 + carry);
        }
    }

    public static P256Field operator -(P256Field a) => Zero - a;

    // Montgomery multiplication, one limb of a at a time.
    public static P256Field operator *(P256Field a, P256Field b)
    {
        var (t0, t1, t2, t3, t4) = Step(a._0, b, 0, 0, 0, 0, 0);
        (t0, t1, t2, t3, t4) = Step(a._1, b, t0, t1, t2, t3, t4);
        (t0, t1, t2, t3, t4) = Step(a._2, b, t0, t1, t2, t3, t4);
        (t0, t1, t2, t3, t4) = Step(a._3, b, t0, t1, t2, t3, t4);
        return Reduce(t0, t1, t2, t3, t4);
    }

    internal P256Field Square() => this * this;

    /// <summary>The inverse, by Fermat; zero for zero.</summary>
    internal P256Field Invert()
    {
        // p - 2
        ReadOnlySpan<ulong> exponent = [0xFFFFFFFFFFFFFFFD, 0x00000000FFFFFFFF, 0, 0xFFFFFFFF00000001];
        return Power(exponent);
    }

    /// <summary>A square root, or null where there is none. p = 3 modulo 4, so it is the power (p + 1) / 4.</summary>
    internal P256Field? SquareRoot()
    {
        // (p + 1) / 4 = 2^254 - 2^222 + 2^190 + 2^94
        P256Field x2 = Repeat(this, 1) * this;
        P256Field x4 = Repeat(x2, 2) * x2;
        P256Field x8 = Repeat(x4, 4) * x4;
        P256Field x16 = Repeat(x8, 8) * x8;
        P256Field x32 = Repeat(x16, 16) * x16;
        P256Field root = Repeat(Repeat(Repeat(x32, 32) * this, 96) * this, 94);
        return root.Square().Equals(this) ? root : null;
    }

    public bool Equals(P256Field other) => _0 == other._0 && _1 == other._1 && _2 == other._2 && _3 == other._3;

    public override bool Equals(object? obj) => obj is P256Field other && Equals(other);

    public override int GetHashCode() => unchecked((int)_0);

    private P256Field Power(ReadOnlySpan<ulong> exponent)
    {
        P256Field result = One;
        for (int i = 255; i >= 0; i--)
        {
            result = result.Square();
            if (((exponent[i >> 6] >> (i & 63)) & 1) == 1)
                result *= this;
        }

        return result;
    }

    private static P256Field Repeat(P256Field value, int squarings)
    {
        for (int i = 0; i < squarings; i++)
            value = value.Square();
        return value;
    }

    // t += a·b, then t += m·p with m so that the lowest limb vanishes, then that limb is dropped. Since p = -1 modulo 2^64, m is
    // the lowest limb itself, and the limbs of m·p + m are 0, m·2^32 (in two limbs) and m·P3: one multiplication.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (ulong T0, ulong T1, ulong T2, ulong T3, ulong T4) Step(
        ulong a, in P256Field b, ulong t0, ulong t1, ulong t2, ulong t3, ulong t4)
    {
        unchecked
        {
            ulong low = a * b._0, high = High(a, b._0);
            ulong m = t0 + low;
            ulong carry = high + (m < low ? 1UL : 0);
            (low, high) = (a * b._1, High(a, b._1));
            low += carry;
            high += low < carry ? 1UL : 0;
            t1 += low;
            carry = high + (t1 < low ? 1UL : 0);
            (low, high) = (a * b._2, High(a, b._2));
            low += carry;
            high += low < carry ? 1UL : 0;
            t2 += low;
            carry = high + (t2 < low ? 1UL : 0);
            (low, high) = (a * b._3, High(a, b._3));
            low += carry;
            high += low < carry ? 1UL : 0;
            t3 += low;
            carry = high + (t3 < low ? 1UL : 0);
            t4 += carry;
            ulong t5 = t4 < carry ? 1UL : 0;

            low = m << 32;
            ulong s0 = t1 + low;
            low = (m >> 32) + (s0 < low ? 1UL : 0);
            ulong s1 = t2 + low;
            carry = s1 < low ? 1UL : 0;
            (low, high) = (m * P3, High(m, P3));
            low += carry;
            high += low < carry ? 1UL : 0;
            ulong s2 = t3 + low;
            high += s2 < low ? 1UL : 0;
            ulong s3 = t4 + high;
            return (s0, s1, s2, s3, t5 + (s3 < high ? 1UL : 0));
        }
    }

    // The upper half of a product. The instruction that gives only this half spares a store of the other.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong High(ulong a, ulong b) => Bmi2.X64.IsSupported ? Bmi2.X64.MultiplyNoFlags(a, b) : Math.BigMul(a, b, out _);

    // t below 2p, with its fifth limb: subtract p once where needed.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static P256Field Reduce(ulong t0, ulong t1, ulong t2, ulong t3, ulong t4)
    {
        unchecked
        {
            ulong r0 = t0 + 1;
            ulong take = P1 + (t0 == P0 ? 0UL : 1);
            ulong r1 = t1 - take;
            take = t1 < take ? 1UL : 0;
            ulong r2 = t2 - take;
            take = P3 + (t2 < take ? 1UL : 0);
            ulong r3 = t3 - take;
            take = t3 < take ? 1UL : 0;
            return t4 < take ? new P256Field(t0, t1, t2, t3) : new P256Field(r0, r1, r2, r3);
        }
    }
}
