using System.Buffers.Binary;

namespace Witan.Attestation;

/// <summary>
/// The EPID quote inside a report: 432 bytes, the quote without its signature. Little-endian; a view, nothing is copied.
/// </summary>
public readonly struct IasQuoteBody(ReadOnlyMemory<byte> bytes)
{
    /// <summary>Size in bytes.</summary>
    public const int Size = 48 + SgxReport.Size;

    /// <summary>All of it.</summary>
    public ReadOnlyMemory<byte> Bytes { get; } = bytes;

    /// <summary>Version of the quote; 2 in all that are known.</summary>
    public ushort Version => BinaryPrimitives.ReadUInt16LittleEndian(Bytes.Span);

    /// <summary>0 unlinkable, 1 linkable.</summary>
    public ushort SignatureType => BinaryPrimitives.ReadUInt16LittleEndian(Bytes.Span[2..]);

    /// <summary>The EPID group that the platform belongs to.</summary>
    public uint EpidGroup => BinaryPrimitives.ReadUInt32LittleEndian(Bytes.Span[4..]);

    /// <summary>Security version of the quoting enclave.</summary>
    public ushort QeSvn => BinaryPrimitives.ReadUInt16LittleEndian(Bytes.Span[8..]);

    /// <summary>Security version of the provisioning certification enclave.</summary>
    public ushort PceSvn => BinaryPrimitives.ReadUInt16LittleEndian(Bytes.Span[10..]);

    /// <summary>Extended EPID group; 0 is Intel's.</summary>
    public uint ExtendedEpidGroup => BinaryPrimitives.ReadUInt32LittleEndian(Bytes.Span[12..]);

    /// <summary>Basename, 32 bytes: what linkable signatures are linked by.</summary>
    public ReadOnlySpan<byte> Basename => Bytes.Span.Slice(16, 32);

    /// <summary>The enclave's report: MRENCLAVE, MRSIGNER, attributes, report data.</summary>
    public SgxReport Report => new(Bytes.Slice(48, SgxReport.Size));
}
