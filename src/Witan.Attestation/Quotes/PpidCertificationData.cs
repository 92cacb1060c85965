using System.Buffers.Binary;

namespace Witan.Attestation;

/// <summary>
/// Certification data of types 1, 2 and 3: which PCK certificate belongs to the quote, instead of the certificate. Type 1 has the
/// PPID in clear, 2 under RSA-2048-OAEP and 3 under RSA-3072-OAEP of Intel's provisioning key. A request to Intel's service
/// (<c>pckcert</c>) takes the four values in hexadecimal, in this byte order. A view; nothing is copied.
/// </summary>
public sealed class PpidCertificationData
{
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly int _ppidSize;

    private PpidCertificationData(int type, ReadOnlyMemory<byte> bytes, int ppidSize) => (Type, _bytes, _ppidSize) = (type, bytes, ppidSize);

    /// <summary>Certification data type: 1, 2 or 3.</summary>
    public int Type { get; }

    /// <summary>Whether <see cref="Ppid"/> is encrypted: types 2 and 3.</summary>
    public bool IsEncrypted => Type != 1;

    /// <summary>The platform's id: 16 bytes in clear, or 256 or 384 encrypted.</summary>
    public ReadOnlyMemory<byte> Ppid => _bytes[.._ppidSize];

    /// <summary>CPUSVN, 16 bytes.</summary>
    public ReadOnlyMemory<byte> CpuSvn => _bytes.Slice(_ppidSize, 16);

    /// <summary>PCESVN.</summary>
    public int PceSvn => BinaryPrimitives.ReadUInt16LittleEndian(_bytes.Span[(_ppidSize + 16)..]);

    /// <summary>PCEID, 2 bytes; empty where the build that made the quote leaves it out.</summary>
    public ReadOnlyMemory<byte> PceId => _bytes[(_ppidSize + 18)..];

    /// <summary>The data of a quote; null for other types, and where the size is not one that is known for the type.</summary>
    public static PpidCertificationData? Of(Quote quote)
    {
        int ppid = quote.CertificationType switch { 1 => 16, 2 => 256, 3 => 384, _ => 0 };
        int size = quote.Layout.CertificationSize;
        return ppid > 0 && (size == ppid + 18 || size == ppid + 20)
            ? new PpidCertificationData(quote.CertificationType, quote.Bytes.Slice(quote.Layout.Certification, size), ppid)
            : null;
    }
}
