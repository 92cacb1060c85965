using System.Buffers.Binary;

namespace Witan.Crypto;

/// <summary>Sums of many products of public points and public scalars, by Pippenger's buckets.</summary>
public static class P256PublicSum
{
    /// <summary>
    /// Σ scalars[i]·points[i]; null where that is the identity. <paramref name="scalars"/> holds 32 bytes big-endian for each point;
    /// short scalars cost less. Any value below 2^256 is allowed.
    /// </summary>
    public static P256PublicPoint? Multiply(ReadOnlySpan<P256PublicPoint> points, ReadOnlySpan<byte> scalars)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(scalars.Length, points.Length * P256Scalar.Size, nameof(scalars));
        int width = Width(points.Length);
        ulong[] limbs = new ulong[points.Length * 4];
        for (int i = 0; i < points.Length; i++)
        {
            for (int limb = 0; limb < 4; limb++)
                limbs[(i * 4) + limb] = BinaryPrimitives.ReadUInt64BigEndian(scalars.Slice((i * 32) + 24 - (limb * 8), 8));
        }

        var total = default(P256Accumulator);
        var buckets = new P256Accumulator[(1 << (width - 1)) + 1];
        for (int window = 256 / width; window >= 0; window--)
        {
            for (int i = 0; i < width; i++)
                total.Double();
            Array.Clear(buckets);
            bool any = false;
            for (int i = 0; i < points.Length; i++)
            {
                int digit = Digit(limbs.AsSpan(i * 4, 4), window * width, width);
                if (digit == 0)
                    continue;
                any = true;
                if (digit > 0)
                    buckets[digit].Add(points[i]);
                else
                    buckets[-digit].Add(new P256PublicPoint(points[i].X, -points[i].Y));
            }

            if (any)
                total.Add(SumUp(buckets));
        }

        return total.ToPoint();
    }

    // Where filling the buckets, for scalars of which most have 128 bits, and summing them up cost least together.
    private static int Width(int points) => points switch { < 35 => 3, < 104 => 4, < 278 => 5, < 694 => 6, < 1667 => 7, < 3890 => 8, < 8900 => 9, _ => 10 };

    // Σ j·bucket[j], by running sums from the top.
    private static P256Accumulator SumUp(P256Accumulator[] buckets)
    {
        var running = default(P256Accumulator);
        var sum = default(P256Accumulator);
        for (int j = buckets.Length - 1; j > 0; j--)
        {
            running.Add(buckets[j]);
            sum.Add(running);
        }

        return sum;
    }

    // Booth's digits: from -2^(width-1) to 2^(width-1), so that half as many buckets do. Each follows from its own bits and the one below them.
    private static int Digit(ReadOnlySpan<ulong> limbs, int at, int width)
    {
        int value = (int)((at == 0 ? limbs[0] << 1 : Bits(limbs, at - 1)) & ((2UL << width) - 1));
        int digit = (value >> 1) + (value & 1);
        return value >> width == 0 ? digit : digit - (1 << width);
    }

    // At least 17 bits from a position on, zeros beyond the end.
    private static ulong Bits(ReadOnlySpan<ulong> limbs, int at)
    {
        int limb = at >> 6, shift = at & 63;
        ulong low = limb < 4 ? limbs[limb] >> shift : 0;
        return shift > 47 && limb < 3 ? low | (limbs[limb + 1] << (64 - shift)) : low;
    }
}
