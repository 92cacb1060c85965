using System.Buffers.Binary;

namespace Witan.Attestation;

/// <summary>
/// What only the extended body of TD report 1.5 carries: 237 bytes behind the 648 of the others. It ties a TD to its service TDs and
/// to the platform it was first started on, which migration changes. A view; nothing is copied.
/// </summary>
public readonly struct TdReportExtension
{
    internal const int Size = 237;

    internal TdReportExtension(ReadOnlyMemory<byte> bytes) => Bytes = bytes;

    /// <summary>All of it, as it is signed.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>VM id within the TD.</summary>
    public byte VmId => Bytes.Span[0];

    /// <summary>TD id, 32 bytes.</summary>
    public ReadOnlySpan<byte> TdId => Bytes.Span.Slice(1, 32);

    /// <summary>Device information, 48 bytes.</summary>
    public ReadOnlySpan<byte> DeviceInfo => Bytes.Span.Slice(33, 48);

    /// <summary>Hash of the service TDs bound at the start, 48 bytes.</summary>
    public ReadOnlySpan<byte> InitialServiceTdHash => Bytes.Span.Slice(81, 48);

    /// <summary>Attributes of the service TDs bound at the start.</summary>
    public ulong InitialServiceTdAttributes => BinaryPrimitives.ReadUInt64LittleEndian(Bytes.Span[129..]);

    /// <summary>CPUSVN of the platform it was first started on, 16 bytes.</summary>
    public ReadOnlySpan<byte> InitialCpuSvn => Bytes.Span.Slice(137, 16);

    /// <summary>TEE_TCB_SVN of the platform it was first started on, 16 bytes.</summary>
    public ReadOnlySpan<byte> InitialTeeTcbSvn => Bytes.Span.Slice(153, 16);

    /// <summary>TEE FMSPC of the platform it was first started on, 12 bytes.</summary>
    public ReadOnlySpan<byte> InitialTeeFmspc => Bytes.Span.Slice(169, 12);

    /// <summary>Hash of the service TDs bound now, 48 bytes.</summary>
    public ReadOnlySpan<byte> CurrentServiceTdHash => Bytes.Span.Slice(181, 48);

    /// <summary>Attributes of the service TDs bound now.</summary>
    public ulong CurrentServiceTdAttributes => BinaryPrimitives.ReadUInt64LittleEndian(Bytes.Span[229..]);
}
