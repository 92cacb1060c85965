using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Witan.Attestation;

/// <summary>
/// A parsed SGX or TDX quote of version 3, 4 or 5. Parsing says that the structure is whole, nothing about its truth. All
/// members are views of the bytes given; do not change those.
/// </summary>
public sealed class Quote
{
    /// <summary>Largest quote that is read, in bytes.</summary>
    public const int MaximumSize = 64 * 1024;

    internal Quote(ReadOnlyMemory<byte> bytes, QuoteLayout layout)
    {
        Bytes = bytes[..layout.Length];
        TrailingBytesAreZero = bytes.Span[layout.Length..].IndexOfAnyExcept((byte)0) < 0;
        Layout = layout;
    }

    /// <summary>The quote, without what stood behind it. Not an identity: see <see cref="SignedBytes"/>.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>Version: 3, 4 or 5.</summary>
    public int Version => BinaryPrimitives.ReadUInt16LittleEndian(Bytes.Span);

    /// <summary>Attestation key type; 2 is ECDSA over P-256, the only one there is.</summary>
    public int AttestationKeyType => BinaryPrimitives.ReadUInt16LittleEndian(Bytes.Span[2..]);

    /// <summary>Which technology made it.</summary>
    public TeeType Tee => (TeeType)BinaryPrimitives.ReadUInt32LittleEndian(Bytes.Span[4..]);

    /// <summary>QE SVN of the header; version 3 only.</summary>
    public ushort HeaderQeSvn => BinaryPrimitives.ReadUInt16LittleEndian(Bytes.Span[8..]);

    /// <summary>PCE SVN of the header; version 3 only.</summary>
    public ushort HeaderPceSvn => BinaryPrimitives.ReadUInt16LittleEndian(Bytes.Span[10..]);

    /// <summary>Vendor of the quoting enclave, 16 bytes.</summary>
    public ReadOnlySpan<byte> QeVendorId => Bytes.Span.Slice(12, 16);

    /// <summary>User data of the header, 20 bytes; the first 16 are the QE ID.</summary>
    public ReadOnlySpan<byte> UserData => Bytes.Span.Slice(28, 20);

    /// <summary>The bytes that the attestation key signs: header, body descriptor and body. This identifies a statement; a quote's whole bytes do not.</summary>
    public ReadOnlyMemory<byte> SignedBytes => Bytes[..(Layout.Body + Layout.BodySize)];

    /// <summary>The enclave's report. Throws <see cref="InvalidOperationException"/> for a TDX quote.</summary>
    public SgxReport SgxReport => Tee == TeeType.Sgx
        ? new SgxReport(Bytes.Slice(Layout.Body, SgxReport.Size))
        : throw new InvalidOperationException("a TDX quote carries no SGX report of its own");

    /// <summary>The TD's report. Throws <see cref="InvalidOperationException"/> for an SGX quote.</summary>
    public TdReport TdReport => Tee == TeeType.Tdx
        ? new TdReport(Bytes.Slice(Layout.Body, Layout.BodySize), Layout.Td)
        : throw new InvalidOperationException("an SGX quote carries no TD report");

    /// <summary>What was bound by the enclave or TD, 64 bytes.</summary>
    public ReadOnlySpan<byte> ReportData => Tee == TeeType.Sgx ? SgxReport.ReportData : TdReport.ReportData;

    /// <summary>Whether a debugger can read the enclave or TD.</summary>
    public bool IsDebug => Tee == TeeType.Sgx ? SgxReport.IsDebug : TdReport.IsDebug;

    /// <summary>Signature over <see cref="SignedBytes"/>, r ‖ s.</summary>
    public ReadOnlySpan<byte> Signature => Bytes.Span.Slice(Layout.Auth, 64);

    /// <summary>The attestation key, x ‖ y.</summary>
    public ReadOnlySpan<byte> AttestationKey => Bytes.Span.Slice(Layout.Auth + 64, 64);

    /// <summary>The quoting enclave's report; its report data binds the attestation key.</summary>
    public SgxReport QeReport => new(Bytes.Slice(Layout.QeReport, SgxReport.Size));

    /// <summary>Signature of the PCK over <see cref="QeReport"/>, r ‖ s.</summary>
    public ReadOnlySpan<byte> QeReportSignature => Bytes.Span.Slice(Layout.QeReport + SgxReport.Size, 64);

    /// <summary>Authentication data of the quoting enclave; any length, 0 included.</summary>
    public ReadOnlySpan<byte> QeAuthData => Bytes.Span.Slice(Layout.QeAuth, Layout.QeAuthSize);

    /// <summary>
    /// Certification data type: 1 PPID in clear, 2 and 3 encrypted PPID, 4 PCK leaf, 5 PCK chain in PEM. Others are refused.
    /// </summary>
    public int CertificationType => Layout.CertificationType;

    /// <summary>Certification data. Not signed as such.</summary>
    public ReadOnlySpan<byte> CertificationData => Bytes.Span.Slice(Layout.Certification, Layout.CertificationSize);

    /// <summary>How many bytes stood behind the quote.</summary>
    public int TrailingBytes => Layout.Trailing;

    /// <summary>Whether all of them are zero: padding, which real files have. True where there are none.</summary>
    public bool TrailingBytesAreZero { get; }

    /// <summary>How many bytes inside the authentication data stood behind its last member.</summary>
    public int AuthDataSlack => Layout.Slack;

    internal QuoteLayout Layout { get; }

    /// <summary>
    /// Parses a quote. On false, <paramref name="refusal"/> names the field and the offset. Bytes behind the quote are accepted
    /// and counted: real files are padded.
    /// </summary>
    public static bool TryParse(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out Quote? quote, [NotNullWhen(false)] out Finding? refusal) =>
        TryParse(bytes, allowTrailingBytes: true, out quote, out refusal);

    /// <summary>The same; bytes behind the quote are refused unless <paramref name="allowTrailingBytes"/>.</summary>
    public static bool TryParse(
        ReadOnlyMemory<byte> bytes, bool allowTrailingBytes, [NotNullWhen(true)] out Quote? quote, [NotNullWhen(false)] out Finding? refusal)
    {
        refusal = QuoteLayout.Read(bytes.Span, out QuoteLayout layout);
        if (refusal is null && layout.Trailing > 0 && !allowTrailingBytes)
            refusal = QuoteLayout.Refuse("QUOTE_TRAILING_BYTES", layout.Length, $"{layout.Trailing} bytes stand behind the quote");
        quote = refusal is null ? new Quote(bytes, layout) : null;
        return quote is not null;
    }
}
