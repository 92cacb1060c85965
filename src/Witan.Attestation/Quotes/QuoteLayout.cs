namespace Witan.Attestation;

/// <summary>Where everything stands in a quote.</summary>
[System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
internal readonly record struct QuoteLayout
{
    private static ReadOnlySpan<byte> IntelVendor =>
        [0x93, 0x9A, 0x72, 0x33, 0xF7, 0x9C, 0x4C, 0xA9, 0x94, 0x0A, 0x0D, 0xB3, 0x95, 0x7F, 0x06, 0x07];

    public int Body { get; init; }

    public int BodySize { get; init; }

    public TdReportKind Td { get; init; }

    public int Auth { get; init; }

    public int QeReport { get; init; }

    public int QeAuth { get; init; }

    public int QeAuthSize { get; init; }

    public int CertificationType { get; init; }

    public int Certification { get; init; }

    public int CertificationSize { get; init; }

    public int Length { get; init; }

    public int Trailing { get; init; }

    public int Slack { get; init; }

    /// <summary>Walks the structure once; null where it is whole.</summary>
    public static Finding? Read(ReadOnlySpan<byte> bytes, out QuoteLayout layout)
    {
        layout = default;
        if (bytes.Length > Quote.MaximumSize)
            return Refuse("QUOTE_TOO_LARGE", 0, $"the quote has {bytes.Length} bytes; at most {Quote.MaximumSize} are read");
        var reader = new ByteReader(bytes);
        if (!reader.TryUInt16(out ushort version) || !reader.TryUInt16(out ushort keyType) || !reader.TryUInt32(out uint tee)
            || !reader.TrySkip(4) || !reader.TryBytes(16, out ReadOnlySpan<byte> vendor) || !reader.TrySkip(20))
        {
            return Truncated("the header", bytes.Length, 48);
        }

        if (version is not (3 or 4 or 5))
            return Refuse("QUOTE_VERSION_UNSUPPORTED", 0, $"quote version {version}; 3, 4 and 5 are known");
        if (keyType != 2)
            return Refuse("QUOTE_KEY_TYPE_UNSUPPORTED", 2, $"attestation key type {keyType}; only 2 (ECDSA over P-256) exists");
        if (tee is not (0 or 0x81) || (version == 3 && tee != 0))
            return Refuse("QUOTE_TEE_TYPE_UNSUPPORTED", 4, $"TEE type 0x{tee:x} in a version {version} quote");
        if (!vendor.SequenceEqual(IntelVendor))
            return Refuse("QUOTE_QE_VENDOR_UNKNOWN", 12, $"QE vendor {Convert.ToHexStringLower(vendor)} is not Intel's");
        return ReadBody(bytes, ref reader, version, tee == 0, ref layout) ?? ReadAuth(bytes, ref reader, version, ref layout);
    }

    private static Finding? ReadBody(ReadOnlySpan<byte> bytes, ref ByteReader reader, int version, bool sgx, ref QuoteLayout layout)
    {
        int kind = sgx ? 1 : 2;
        if (version == 5)
        {
            int at = reader.Position;
            if (!reader.TryUInt16(out ushort type) || !reader.TryUInt32(out uint size))
                return Truncated("the body descriptor", bytes.Length, 54);
            if (type is < 1 or > 4 || (type == 1) != sgx)
                return Refuse("QUOTE_BODY_INVALID", at, $"body type {type} for {(sgx ? "SGX" : "TDX")}");
            kind = type;
            if (size != SizeOf(kind))
                return Refuse("QUOTE_BODY_INVALID", at + 2, $"body type {type} has {SizeOf(kind)} bytes, the descriptor says {size}");
        }

        layout = layout with { Body = reader.Position, BodySize = SizeOf(kind), Td = (TdReportKind)kind };
        return reader.TrySkip(SizeOf(kind)) ? null : Truncated("the report body", bytes.Length, reader.Position + SizeOf(kind));
    }

    private static Finding? ReadAuth(ReadOnlySpan<byte> bytes, ref ByteReader reader, int version, ref QuoteLayout layout)
    {
        int lengthAt = reader.Position;
        if (!reader.TryUInt32(out uint length))
            return Truncated("the length of the authentication data", bytes.Length, lengthAt + 4);
        int auth = reader.Position;
        if (!reader.TryBytes(length, out ReadOnlySpan<byte> authBytes))
            return Truncated("the authentication data", bytes.Length, auth + (long)length);
        var inner = new ByteReader(authBytes);
        if (!inner.TrySkip(128))
            return Short("signature and attestation key", lengthAt);
        int slack = 0;
        if (version >= 4)
        {
            if (!inner.TryUInt16(out ushort outer) || !inner.TryUInt32(out uint size))
                return Short("the outer certification data", lengthAt);
            if (outer != 6)
                return Refuse("QUOTE_CERTIFICATION_TYPE_UNSUPPORTED", auth + 128, $"outer certification data type {outer}; it must be 6");
            if (size > (uint)inner.Remaining)
                return Short("the outer certification data", auth + 130);
            slack = inner.Remaining - (int)size;
        }

        int end = authBytes.Length - slack;
        int report = inner.Position;
        if (!inner.TrySkip(SgxReport.Size + 64) || !inner.TryUInt16(out ushort qeAuthSize))
            return Short("the QE report", lengthAt);
        int qeAuth = inner.Position;
        if (!inner.TrySkip(qeAuthSize) || !inner.TryUInt16(out ushort type) || !inner.TryUInt32(out uint certificationSize))
            return Short("the QE authentication data", auth + qeAuth - 2);
        int certification = inner.Position;
        if (certificationSize > end - certification)
            return Short("the certification data", auth + certification - 4);
        if (type is < 1 or > 5)
            return Refuse("QUOTE_CERTIFICATION_TYPE_UNSUPPORTED", auth + certification - 6, $"certification data type {type}{(type == 7 ? " (platform manifest)" : "")}; 1 to 5 are known here");
        if (certificationSize > 32 * 1024)
            return Refuse("QUOTE_TOO_LARGE", auth + certification - 4, $"certification data of {certificationSize} bytes; at most 32768 are read");
        int rest = end - certification - (int)certificationSize;
        if (version >= 4 && rest != 0)
            return Refuse("QUOTE_AUTH_DATA_INVALID", auth + 130, $"{rest} bytes too many inside the outer certification data");
        layout = layout with
        {
            Auth = auth,
            QeReport = auth + report,
            QeAuth = auth + qeAuth,
            QeAuthSize = qeAuthSize,
            CertificationType = type,
            Certification = auth + certification,
            CertificationSize = (int)certificationSize,
            Length = reader.Position,
            Trailing = bytes.Length - reader.Position,
            Slack = version >= 4 ? slack : rest,
        };
        return null;
    }

    private static int SizeOf(int kind) => kind == 1 ? SgxReport.Size : TdReport.SizeOf((TdReportKind)kind);

    private static Finding Truncated(string what, int have, long need) =>
        Refuse("QUOTE_TRUNCATED", have, $"the quote ends inside {what}: {have} bytes, {need} needed");

    private static Finding Short(string what, int at) =>
        Refuse("QUOTE_AUTH_DATA_INVALID", at, $"the declared length does not hold {what}");

    public static Finding Refuse(string code, int offset, string message) =>
        new(code, FindingSeverity.Error, message) { Subject = "quote", Offset = offset, Actor = FindingActor.Sender, Remedy = "Send the whole quote as the TEE made it." };
}
