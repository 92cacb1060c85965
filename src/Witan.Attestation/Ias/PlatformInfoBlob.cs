using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Witan.Attestation;

/// <summary>
/// The platform info blob of an EPID report, 105 bytes: type, version, length, then what is behind on the platform and the TCB
/// to reach. Numbers are big-endian, except for the PCE SVN. Its own signature is not verified: the report's covers it.
/// Layout: linux-sgx, <c>platform_info_blob.h</c>.
/// </summary>
public sealed class PlatformInfoBlob
{
    /// <summary>Size in bytes, its envelope included.</summary>
    public const int Size = Header + Body;

    private const int Header = 4;
    private const int Body = 101;

    private PlatformInfoBlob(ReadOnlyMemory<byte> bytes) => Bytes = bytes;

    /// <summary>All of it.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary><c>sgx_epid_group_flags</c>. Bits without a name are kept.</summary>
    public EpidGroupConditions GroupFlags => (EpidGroupConditions)Span[0];

    /// <summary><c>sgx_tcb_evaluation_flags</c>. Bits without a name are kept.</summary>
    public TcbConditions TcbFlags => (TcbConditions)BinaryPrimitives.ReadUInt16BigEndian(Span[1..]);

    /// <summary><c>pse_evaluation_flags</c>. Bits without a name are kept.</summary>
    public PseConditions PseFlags => (PseConditions)BinaryPrimitives.ReadUInt16BigEndian(Span[3..]);

    /// <summary>CPUSVN of <c>latest_equivalent_tcb_psvn</c>, 16 bytes: the one to reach, not the one the machine has.</summary>
    public ReadOnlySpan<byte> TargetCpuSvn => Span.Slice(5, 16);

    /// <summary>PCE SVN of <c>latest_equivalent_tcb_psvn</c>: the one to reach.</summary>
    public ushort TargetPceSvn => BinaryPrimitives.ReadUInt16LittleEndian(Span[21..]);

    /// <summary><c>latest_pse_isvsvn</c>: the one to reach.</summary>
    public ushort TargetPseSvn => BinaryPrimitives.ReadUInt16BigEndian(Span[23..]);

    /// <summary><c>latest_psda_svn</c>: the one to reach.</summary>
    public uint TargetPsdaSvn => BinaryPrimitives.ReadUInt32BigEndian(Span[25..]);

    /// <summary><c>xeid</c>: the extended EPID group; 0 in all that are known.</summary>
    public uint ExtendedEpidGroup => BinaryPrimitives.ReadUInt32BigEndian(Span[29..]);

    /// <summary><c>gid</c>: the EPID group.</summary>
    public uint EpidGroup => BinaryPrimitives.ReadUInt32BigEndian(Span[33..]);

    /// <summary>ECDSA signature over P-256, r ‖ s. Not verified.</summary>
    public ReadOnlySpan<byte> Signature => Span.Slice(37, 64);

    private ReadOnlySpan<byte> Span => Bytes.Span[Header..];

    /// <summary>Reads the 105 bytes. On false the refusal names the field and its offset.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out PlatformInfoBlob? blob, [NotNullWhen(false)] out Finding? refusal)
    {
        blob = null;
        ReadOnlySpan<byte> span = bytes.Span;
        refusal = span.Length != Size ? Refuse($"it has {span.Length} bytes, not {Size}", Math.Min(span.Length, Size))
            : span[0] != 0x15 ? Refuse($"its type is 0x{span[0]:x2}, not 0x15", 0)
            : span[1] != 0x02 ? Refuse($"its version is {span[1]}, not 2", 1)
            : BinaryPrimitives.ReadUInt16BigEndian(span[2..]) is not Body and ushort length ? Refuse($"its length field says {length}, not {Body}", 2)
            : null;
        if (refusal is not null)
            return false;
        blob = new PlatformInfoBlob(bytes);
        return true;
    }

    /// <summary>One line in the form of the older tools, with its flags named and its numbers in the right order.</summary>
    public override string ToString() =>
        $"platform_info_blob {{ sgx_epid_group_flags: 0x{(byte)GroupFlags:x2}{Words(PlatformInfoText.Words(GroupFlags))}"
        + $", sgx_tcb_evaluation_flags: 0x{(ushort)TcbFlags:x4}{Words(PlatformInfoText.Words(TcbFlags))}"
        + $", pse_evaluation_flags: 0x{(ushort)PseFlags:x4}{Words(PlatformInfoText.Words(PseFlags))}"
        + $", latest_equivalent_tcb_psvn: {Convert.ToHexStringLower(TargetCpuSvn)} with PCE SVN {TargetPceSvn}"
        + $", latest_pse_isvsvn: {TargetPseSvn}, latest_psda_svn: {TargetPsdaSvn}, xeid: {ExtendedEpidGroup}, gid: 0x{EpidGroup:x8}"
        + $", signature: {Convert.ToHexStringLower(Signature)} }}";

    private static string Words(string words) => words.Length == 0 ? "" : $" ({words})";

    private static Finding Refuse(string why, int offset) => new("IAS_PLATFORM_INFO_FORMAT", FindingSeverity.Error, $"the platform info blob is not as specified: {why}")
    {
        Subject = "platformInfoBlob",
        Actor = FindingActor.Sender,
        Offset = offset,
    };
}
