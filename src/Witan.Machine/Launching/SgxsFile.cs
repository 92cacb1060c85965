using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Witan.Machine;

/// <summary>Reads an enclave in the SGXS form: the stream that is measured, with unmeasured bytes in records of their own.</summary>
internal static class SgxsFile
{
    /// <summary>Most pages read; a test enclave has a handful.</summary>
    private const int MostPages = 4096;
    private const int Record = 64, Chunk = 256;

    public static bool TryRead(ReadOnlySpan<byte> file, [NotNullWhen(true)] out EnclaveBlueprint? blueprint)
    {
        blueprint = null;
        if (file.Length < Record || !Is(file, "ECREATE\0"u8))
            return false;
        uint frame = BinaryPrimitives.ReadUInt32LittleEndian(file[8..]);
        ulong size = BinaryPrimitives.ReadUInt64LittleEndian(file[12..]);
        if (size is < 0x2000 or > 1UL << 36 || !ulong.IsPow2(size))
            return false;
        var pages = new List<EnclavePage>();
        int measured = 0;
        for (int at = Record; at < file.Length;)
        {
            ReadOnlySpan<byte> rest = file[at..];
            if (rest.Length < Record)
                return false;
            ulong offset = BinaryPrimitives.ReadUInt64LittleEndian(rest[8..]);
            if (Is(rest, "EADD\0\0\0\0"u8))
            {
                if (!Close(pages, measured) || pages.Count == MostPages || offset % EnclavePage.Size != 0 || offset >= size)
                    return false;
                pages.Add(new EnclavePage(offset, BinaryPrimitives.ReadUInt64LittleEndian(rest[16..]), new byte[EnclavePage.Size], IsMeasured: false));
                measured = 0;
                at += Record;
                continue;
            }

            bool counts = Is(rest, "EEXTEND\0"u8);
            if ((!counts && !Is(rest, "UNMEASRD"u8)) || pages.Count == 0 || rest.Length < Record + Chunk
                || offset < pages[^1].Offset || offset % Chunk != 0 || offset - pages[^1].Offset >= EnclavePage.Size)
            {
                return false;
            }

            rest.Slice(Record, Chunk).CopyTo(pages[^1].Data.AsSpan((int)(offset - pages[^1].Offset)));
            measured += counts ? 1 : 0;
            at += Record + Chunk;
        }

        if (!Close(pages, measured))
            return false;
        blueprint = new EnclaveBlueprint(size, frame, pages);
        return true;
    }

    // The driver measures a page whole or not at all.
    private static bool Close(List<EnclavePage> pages, int measured)
    {
        if (pages.Count == 0 || measured == 0)
            return true;
        pages[^1] = pages[^1] with { IsMeasured = true };
        return measured == EnclavePage.Size / Chunk;
    }

    private static bool Is(ReadOnlySpan<byte> record, ReadOnlySpan<byte> tag) => record[..8].SequenceEqual(tag);
}
