using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

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
            ulong c = 0;
            ulong r0 = Add(a._0, b._0, ref c), r1 = Add(a._1, b._1, ref c), r2 = Add(a._2, b._2, ref c), r3 = Add(a._3, b._3, ref c);
            return Reduce(r0, r1, r2, r3, c);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static P256Field operator -(P256Field a, P256Field b)
    {
        unchecked
        {
            ulong c = 0;
            ulong r0 = Subtract(a._0, b._0, ref c), r1 = Subtract(a._1, b._1, ref c), r2 = Subtract(a._2, b._2, ref c), r3 = Subtract(a._3, b._3, ref c);
            ulong mask = 0 - c;
            c = 0;
            return new P256Field(
                Add(r0, P0 & mask, ref c), Add(r1, P1 & mask, ref c), Add(r2, P2 & mask, ref c), Add(r3, P3 & mask, ref c));
        }
    }

    public static P256Field operator -(P256Field a) => Zero - a;

    // Montgomery multiplication, one limb of a at a time. Since p = -1 modulo 2^64, the factor of each step is the lowest limb
    // itself, and adding factor times p needs two multiplications less than in general.
    public static P256Field operator *(P256Field a, P256Field b)
    {
        unchecked
        {
            ulong t0 = 0, t1 = 0, t2 = 0, t3 = 0, t4 = 0;
            Step(a._0, b, ref t0, ref t1, ref t2, ref t3, ref t4);
            Step(a._1, b, ref t0, ref t1, ref t2, ref t3, ref t4);
            Step(a._2, b, ref t0, ref t1, ref t2, ref t3, ref t4);
            Step(a._3, b, ref t0, ref t1, ref t2, ref t3, ref t4);
            return Reduce(t0, t1, t2, t3, t4);
        }
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step(ulong a, in P256Field b, ref ulong t0, ref ulong t1, ref ulong t2, ref ulong t3, ref ulong t4)
    {
        unchecked
        {
            // t += a * b
            ulong high = Math.BigMul(a, b._0, out ulong low);
            ulong c = 0;
            t0 = Add(t0, low, ref c);
            ulong carry = high + c;
            high = Math.BigMul(a, b._1, out low);
            c = 0;
            low = Add(low, carry, ref c);
            high += c;
            c = 0;
            t1 = Add(t1, low, ref c);
            carry = high + c;
            high = Math.BigMul(a, b._2, out low);
            c = 0;
            low = Add(low, carry, ref c);
            high += c;
            c = 0;
            t2 = Add(t2, low, ref c);
            carry = high + c;
            high = Math.BigMul(a, b._3, out low);
            c = 0;
            low = Add(low, carry, ref c);
            high += c;
            c = 0;
            t3 = Add(t3, low, ref c);
            carry = high + c;
            c = 0;
            t4 = Add(t4, carry, ref c);
            ulong t5 = c;

            // t += m * p, then drop the lowest limb, which is zero: m * p = m * 2^256 - m * 2^224 + m * 2^192 + m * 2^96 - m
            ulong m = t0;
            c = 0;
            ulong s1 = Add(t1, m << 32, ref c);
            ulong s2 = Add(t2, m >> 32, ref c);
            ulong top = Math.BigMul(m, P3, out low);
            ulong s3 = Add(t3, low, ref c);
            ulong s4 = Add(t4, top, ref c);
            t5 += c;
            (t0, t1, t2, t3, t4) = (s1, s2, s3, s4, t5);
        }
    }

    // t below 2p, with its fifth limb: subtract p once where needed.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static P256Field Reduce(ulong t0, ulong t1, ulong t2, ulong t3, ulong t4)
    {
        unchecked
        {
            ulong c = 0;
            ulong r0 = Subtract(t0, P0, ref c), r1 = Subtract(t1, P1, ref c), r2 = Subtract(t2, P2, ref c), r3 = Subtract(t3, P3, ref c);
            bool below = t4 < c;
            return below ? new P256Field(t0, t1, t2, t3) : new P256Field(r0, r1, r2, r3);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Add(ulong a, ulong b, ref ulong carry)
    {
        unchecked
        {
            ulong sum = a + b;
            ulong first = sum < a ? 1UL : 0;
            ulong result = sum + carry;
            carry = first + (result < sum ? 1UL : 0);
            return result;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Subtract(ulong a, ulong b, ref ulong borrow)
    {
        unchecked
        {
            ulong difference = a - b;
            ulong first = a < b ? 1UL : 0;
            ulong result = difference - borrow;
            borrow = first + (difference < borrow ? 1UL : 0);
            return result;
        }
    }
}
