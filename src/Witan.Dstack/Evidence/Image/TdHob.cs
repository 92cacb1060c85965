using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Witan.Dstack.Evidence;

/// <summary>
/// The hand-off blocks that TDVF measures first: a header, then one resource block for each range of memory, split by the ranges
/// that the firmware has accepted already. Reproduced from the image's layout and the size of memory.
/// </summary>
public static class TdHob
{
    /// <summary>Memory from which a part of it lies above 4 GiB, in bytes.</summary>
    public const ulong SplitThreshold = 0xB000_0000;

    private const ulong PageSize = 4096;
    private const int MaximumRanges = 64;
    private const ulong LowMemoryEnd = 0x8000_0000;
    private const ulong HighMemoryStart = 0x1_0000_0000;
    private const uint Accepted = 0;
    private const uint Unaccepted = 7;

    /// <summary>Whether the layout is known for a size of memory in bytes: exactly 2 GiB, or at least 2.75 GiB.</summary>
    public static bool IsSupported(ulong memorySize) => memorySize is LowMemoryEnd or (>= SplitThreshold and < 1UL << 52);

    /// <summary>
    /// Builds the bytes that are hashed into the first event of RTMR0. False where the layout is malformed or the size of memory is
    /// not supported.
    /// </summary>
    /// <param name="layout">LEB128 numbers: base page, page of the blocks relative to it, count, then start and length of each accepted range, in pages.</param>
    /// <param name="memorySize">Size of memory in bytes.</param>
    /// <param name="hob">The bytes.</param>
    public static bool TryBuild(ReadOnlySpan<byte> layout, ulong memorySize, [NotNullWhen(true)] out byte[]? hob)
    {
        hob = null;
        if (!IsSupported(memorySize) || !TryRead(layout, out ulong basePage, out ulong delta, out List<(ulong Start, ulong End)> ranges))
            return false;
        var blocks = new List<byte>(1024);
        blocks.AddRange(Header());
        ulong at = 0;
        foreach ((ulong start, ulong end) in ranges)
        {
            if (start < at || end > LowMemoryEnd)
                return false;
            if (start > at)
                blocks.AddRange(Resource(Unaccepted, at, start - at));
            blocks.AddRange(Resource(Accepted, start, end - start));
            at = end;
        }

        AddRest(blocks, at, memorySize);
        byte[] bytes = [.. blocks];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(48), ((basePage + delta) * PageSize) + (ulong)bytes.Length + 8);
        hob = bytes;
        return true;
    }

    private static void AddRest(List<byte> blocks, ulong start, ulong memorySize)
    {
        if (memorySize < SplitThreshold)
        {
            blocks.AddRange(Resource(Unaccepted, start, memorySize - start));
            return;
        }

        if (start < LowMemoryEnd)
            blocks.AddRange(Resource(Unaccepted, start, LowMemoryEnd - start));
        blocks.AddRange(Resource(Unaccepted, HighMemoryStart, memorySize - LowMemoryEnd));
    }

    private static byte[] Header()
    {
        byte[] header = new byte[56];
        header[0] = 1;
        header[2] = 56;
        header[8] = 9;
        return header;
    }

    private static byte[] Resource(uint type, ulong start, ulong length)
    {
        byte[] block = new byte[48];
        block[0] = 3;
        block[2] = 48;
        BinaryPrimitives.WriteUInt32LittleEndian(block.AsSpan(24), type);
        BinaryPrimitives.WriteUInt32LittleEndian(block.AsSpan(28), 7);
        BinaryPrimitives.WriteUInt64LittleEndian(block.AsSpan(32), start);
        BinaryPrimitives.WriteUInt64LittleEndian(block.AsSpan(40), length);
        return block;
    }

    private static bool TryRead(ReadOnlySpan<byte> layout, out ulong basePage, out ulong delta, out List<(ulong Start, ulong End)> ranges)
    {
        ranges = [];
        delta = 0;
        int at = 0;
        if (!TryNumber(layout, ref at, out basePage) || !TryNumber(layout, ref at, out delta) || !TryNumber(layout, ref at, out ulong count)
            || count > MaximumRanges)
        {
            return false;
        }

        for (ulong i = 0; i < count; i++)
        {
            if (!TryNumber(layout, ref at, out ulong start) || !TryNumber(layout, ref at, out ulong pages))
                return false;
            ulong first = (basePage + start) * PageSize;
            ranges.Add((first, first + (pages * PageSize)));
        }

        return at == layout.Length;
    }

    // Bounded to 32 bits of pages, 16 TiB: no sum of them overflows.
    private static bool TryNumber(ReadOnlySpan<byte> bytes, ref int at, out ulong value)
    {
        value = 0;
        for (int shift = 0; shift < 35; shift += 7)
        {
            if (at >= bytes.Length)
                return false;
            byte digit = bytes[at++];
            value |= (ulong)(digit & 0x7F) << shift;
            if ((digit & 0x80) == 0)
                return value <= uint.MaxValue;
        }

        return false;
    }
}
