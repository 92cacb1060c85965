using System.Buffers.Binary;

namespace Witan.Attestation;

/// <summary>Which TD report body a quote carries; the value is the body type of a version 5 quote.</summary>
public enum TdReportKind
{
    /// <summary>TD report 1.0, 584 bytes.</summary>
    Td10 = 2,

    /// <summary>TD report 1.5, 648 bytes.</summary>
    Td15 = 3,

    /// <summary>TD report 1.5 extended, 885 bytes.</summary>
    Td15Extended = 4,
}

/// <summary>A TD report body. A view; nothing is copied. Measurements have 48 bytes.</summary>
public readonly struct TdReport(ReadOnlyMemory<byte> bytes, TdReportKind kind)
{
    /// <summary>All of it, as it is signed.</summary>
    public ReadOnlyMemory<byte> Bytes { get; } = bytes;

    /// <summary>Which body it is.</summary>
    public TdReportKind Kind { get; } = kind;

    /// <summary>TEE_TCB_SVN, 16 bytes: [0] module minor, [1] module version, [2] late microcode. What the TD was launched with.</summary>
    public ReadOnlySpan<byte> TeeTcbSvn => Bytes.Span[..16];

    /// <summary>MRSEAM: the TDX module.</summary>
    public ReadOnlySpan<byte> MrSeam => Bytes.Span.Slice(16, 48);

    /// <summary>MRSIGNERSEAM; zero for Intel's module.</summary>
    public ReadOnlySpan<byte> MrSignerSeam => Bytes.Span.Slice(64, 48);

    /// <summary>SEAMATTRIBUTES.</summary>
    public ReadOnlySpan<byte> SeamAttributes => Bytes.Span.Slice(112, 8);

    /// <summary>TDATTRIBUTES: bits 0-7 mean that the TD cannot be trusted (0 DEBUG), 28 SEPT_VE_DISABLE, 29 MIGRATABLE, 30 PKS, 31 KL, 63 PERFMON.</summary>
    public ulong TdAttributes => BinaryPrimitives.ReadUInt64LittleEndian(Bytes.Span[120..]);

    /// <summary>XFAM.</summary>
    public ulong Xfam => BinaryPrimitives.ReadUInt64LittleEndian(Bytes.Span[128..]);

    /// <summary>MRTD: the initial image.</summary>
    public ReadOnlySpan<byte> MrTd => Bytes.Span.Slice(136, 48);

    /// <summary>MRCONFIGID.</summary>
    public ReadOnlySpan<byte> MrConfigId => Bytes.Span.Slice(184, 48);

    /// <summary>MROWNER.</summary>
    public ReadOnlySpan<byte> MrOwner => Bytes.Span.Slice(232, 48);

    /// <summary>MROWNERCONFIG.</summary>
    public ReadOnlySpan<byte> MrOwnerConfig => Bytes.Span.Slice(280, 48);

    /// <summary>REPORTDATA, 64 bytes: what the TD wanted bound.</summary>
    public ReadOnlySpan<byte> ReportData => Bytes.Span.Slice(520, 64);

    /// <summary>TEE_TCB_SVN2, 16 bytes: what is current now. Empty in TD report 1.0.</summary>
    public ReadOnlySpan<byte> TeeTcbSvn2 => Kind == TdReportKind.Td10 ? default : Bytes.Span.Slice(584, 16);

    /// <summary>MRSERVICETD. Empty in TD report 1.0.</summary>
    public ReadOnlySpan<byte> MrServiceTd => Kind == TdReportKind.Td10 ? default : Bytes.Span.Slice(600, 48);

    /// <summary>What only the extended body carries; null elsewhere.</summary>
    public TdReportExtension? Extension =>
        Kind == TdReportKind.Td15Extended ? new TdReportExtension(Bytes.Slice(648, TdReportExtension.Size)) : null;

    /// <summary>Whether the TD can be read by a debugger: attribute bit 0.</summary>
    public bool IsDebug => (TdAttributes & 1) != 0;

    /// <summary>RTMR0 to RTMR3: what was measured at run time.</summary>
    public ReadOnlySpan<byte> Rtmr(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)index, 3u, nameof(index));
        return Bytes.Span.Slice(328 + (48 * index), 48);
    }

    internal static int SizeOf(TdReportKind kind) => kind switch
    {
        TdReportKind.Td10 => 584,
        TdReportKind.Td15 => 648,
        _ => 885,
    };
}
