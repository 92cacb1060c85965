using System.Buffers.Binary;

namespace Witan.Attestation;

/// <summary>An SGX report body, 384 bytes: of an enclave, or of the quoting enclave. A view; nothing is copied.</summary>
public readonly struct SgxReport(ReadOnlyMemory<byte> bytes)
{
    /// <summary>Size in bytes.</summary>
    public const int Size = 384;

    /// <summary>All of it, as it is signed.</summary>
    public ReadOnlyMemory<byte> Bytes { get; } = bytes;

    /// <summary>Raw security version of the running platform, 16 bytes. Not comparable with the PCK certificate's.</summary>
    public ReadOnlySpan<byte> CpuSvn => Bytes.Span[..16];

    /// <summary>MISCSELECT.</summary>
    public uint MiscSelect => BinaryPrimitives.ReadUInt32LittleEndian(Bytes.Span[16..]);

    /// <summary>ISVEXTPRODID, 16 bytes; meaningful with KSS.</summary>
    public ReadOnlySpan<byte> IsvExtProdId => Bytes.Span.Slice(32, 16);

    /// <summary>ATTRIBUTES: 8 bytes of flags, 8 of XFRM.</summary>
    public ReadOnlySpan<byte> Attributes => Bytes.Span.Slice(48, 16);

    /// <summary>The flags of ATTRIBUTES: 0 INIT, 1 DEBUG, 2 MODE64BIT, 4 PROVISION_KEY, 5 EINITTOKEN_KEY, 7 KSS.</summary>
    public ulong Flags => BinaryPrimitives.ReadUInt64LittleEndian(Attributes);

    /// <summary>The XFRM of ATTRIBUTES.</summary>
    public ulong Xfrm => BinaryPrimitives.ReadUInt64LittleEndian(Attributes[8..]);

    /// <summary>Whether the enclave can be read by a debugger: flag bit 1.</summary>
    public bool IsDebug => (Flags & 2) != 0;

    /// <summary>MRENCLAVE, 32 bytes: the code.</summary>
    public ReadOnlySpan<byte> MrEnclave => Bytes.Span.Slice(64, 32);

    /// <summary>MRSIGNER, 32 bytes: who signed it.</summary>
    public ReadOnlySpan<byte> MrSigner => Bytes.Span.Slice(128, 32);

    /// <summary>CONFIGID, 64 bytes; meaningful with KSS.</summary>
    public ReadOnlySpan<byte> ConfigId => Bytes.Span.Slice(192, 64);

    /// <summary>ISVPRODID.</summary>
    public ushort IsvProdId => BinaryPrimitives.ReadUInt16LittleEndian(Bytes.Span[256..]);

    /// <summary>ISVSVN.</summary>
    public ushort IsvSvn => BinaryPrimitives.ReadUInt16LittleEndian(Bytes.Span[258..]);

    /// <summary>CONFIGSVN; meaningful with KSS.</summary>
    public ushort ConfigSvn => BinaryPrimitives.ReadUInt16LittleEndian(Bytes.Span[260..]);

    /// <summary>ISVFAMILYID, 16 bytes; meaningful with KSS.</summary>
    public ReadOnlySpan<byte> IsvFamilyId => Bytes.Span.Slice(304, 16);

    /// <summary>REPORTDATA, 64 bytes: what the enclave wanted bound.</summary>
    public ReadOnlySpan<byte> ReportData => Bytes.Span.Slice(320, 64);
}
