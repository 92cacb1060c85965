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
        // Wide enough that filling the buckets and summing them up cost about the same.
        int width = points.Length switch { < 16 => 3, < 64 => 4, < 256 => 6, < 1024 => 7, < 4096 => 9, _ => 11 };
        ulong[] limbs = new ulong[points.Length * 4];
        for (int i = 0; i < points.Length; i++)
        {
            for (int limb = 0; limb < 4; limb++)
                limbs[(i * 4) + limb] = BinaryPrimitives.ReadUInt64BigEndian(scalars.Slice((i * 32) + 24 - (limb * 8), 8));
        }

        var total = default(P256Accumulator);
        var buckets = new P256Accumulator[1 << width];
        for (int window = 255 / width; window >= 0; window--)
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
                buckets[digit].Add(points[i]);
            }

            if (any)
                total.Add(SumUp(buckets));
        }

        return total.ToPoint();
    }

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

    private static int Digit(ReadOnlySpan<ulong> limbs, int at, int width)
    {
        int limb = at >> 6, shift = at & 63;
        ulong low = limbs[limb] >> shift;
        if (shift + width > 64 && limb < 3)
            low |= limbs[limb + 1] << (64 - shift);
        return (int)(low & ((1UL << width) - 1));
    }
}
