using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Witan.Machine;

/// <summary>One page of an enclave to be built.</summary>
/// <param name="Offset">Offset into the enclave, a multiple of 4096.</param>
/// <param name="Flags">SECINFO flags: bit 0 R, bit 1 W, bit 2 X, bits 15 to 8 the page type (1 TCS, 2 regular).</param>
/// <param name="Data">4096 bytes.</param>
/// <param name="IsMeasured">Whether its content counts for MRENCLAVE.</param>
internal sealed record EnclavePage(ulong Offset, ulong Flags, byte[] Data, bool IsMeasured)
{
    public const int Size = 4096;

    public const ulong Read = 1, Write = 2, Execute = 4, Tcs = 1 << 8, Regular = 2 << 8;

    public bool IsTcs => (Flags >> 8 & 0xFF) == 1;

    /// <summary>Protection of the mapping: a TCS is mapped for reading and writing, although its SECINFO has neither.</summary>
    public int Protection => IsTcs ? Libc.ProtRead | Libc.ProtWrite : (int)(Flags & 7);
}

/// <summary>An enclave before it is built: its size, the size of its state save frames, and its pages in order.</summary>
internal sealed record EnclaveBlueprint(ulong Size, uint SsaFrameSize, IReadOnlyList<EnclavePage> Pages)
{
    /// <summary>Bytes of a page that one EEXTEND measures.</summary>
    private const int Chunk = 256;

    /// <summary>The smallest enclave that could be entered: code, thread control structure, one state save frame.</summary>
    public static EnclaveBlueprint Smallest()
    {
        byte[] code = new byte[EnclavePage.Size];
        // Never entered: an invalid instruction, should anybody.
        (code[0], code[1]) = (0x0F, 0x0B);
        byte[] tcs = new byte[EnclavePage.Size];
        BinaryPrimitives.WriteUInt64LittleEndian(tcs.AsSpan(16), 0x2000);
        BinaryPrimitives.WriteUInt32LittleEndian(tcs.AsSpan(28), 1);
        BinaryPrimitives.WriteUInt32LittleEndian(tcs.AsSpan(64), 0xFFF);
        BinaryPrimitives.WriteUInt32LittleEndian(tcs.AsSpan(68), 0xFFF);
        return new EnclaveBlueprint(0x4000, 1,
        [
            new EnclavePage(0x0000, EnclavePage.Regular | EnclavePage.Read | EnclavePage.Execute, code, IsMeasured: true),
            new EnclavePage(0x1000, EnclavePage.Tcs, tcs, IsMeasured: true),
            new EnclavePage(0x2000, EnclavePage.Regular | EnclavePage.Read | EnclavePage.Write, new byte[EnclavePage.Size], IsMeasured: true),
        ]);
    }

    /// <summary>MRENCLAVE: SHA-256 over one 64-byte record an operation, and the measured bytes.</summary>
    public byte[] Measure()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> record = stackalloc byte[64];
        Begin(record, "ECREATE");
        BinaryPrimitives.WriteUInt32LittleEndian(record[8..], SsaFrameSize);
        BinaryPrimitives.WriteUInt64LittleEndian(record[12..], Size);
        hash.AppendData(record);
        foreach (EnclavePage page in Pages)
        {
            Begin(record, "EADD");
            BinaryPrimitives.WriteUInt64LittleEndian(record[8..], page.Offset);
            BinaryPrimitives.WriteUInt64LittleEndian(record[16..], page.Flags);
            hash.AppendData(record);
            for (int at = 0; page.IsMeasured && at < EnclavePage.Size; at += Chunk)
            {
                Begin(record, "EEXTEND");
                BinaryPrimitives.WriteUInt64LittleEndian(record[8..], page.Offset + (ulong)at);
                hash.AppendData(record);
                hash.AppendData(page.Data.AsSpan(at, Chunk));
            }
        }

        return hash.GetHashAndReset();
    }

    private static void Begin(Span<byte> record, string operation)
    {
        record.Clear();
        Encoding.ASCII.GetBytes(operation, record);
    }
}
