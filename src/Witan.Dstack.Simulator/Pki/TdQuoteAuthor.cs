using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Witan.Dstack.Simulator.Pki;

/// <summary>The measurements of a simulated TD.</summary>
/// <param name="MrTd">48 bytes.</param>
/// <param name="MrConfigId">48 bytes.</param>
/// <param name="Rtmr">Four registers of 48 bytes.</param>
public sealed record TdMeasurements(byte[] MrTd, byte[] MrConfigId, IReadOnlyList<byte[]> Rtmr)
{
    /// <summary>TDATTRIBUTES: SEPT_VE_DISABLE alone, as a production guest has it. Bit 0 is debug.</summary>
    public ulong Attributes { get; init; } = 1UL << 28;
}

/// <summary>Writes and signs TDX quotes of version 4 under a development authority.</summary>
public sealed class TdQuoteAuthor : IDisposable
{
    private static readonly byte[] Vendor = Convert.FromHexString("939A7233F79C4CA9940A0DB3957F0607");
    private readonly DevelopmentPki _pki;
    private readonly ECDsa _attestationKey;
    private readonly byte[] _attestationPoint;
    private readonly byte[] _authData;
    private readonly byte[] _certification;

    /// <summary>Makes the author of one simulated host.</summary>
    public TdQuoteAuthor(DevelopmentPki pki, ReadOnlySpan<byte> seed)
    {
        _pki = pki;
        _attestationKey = SeededKey.Ecdsa(seed, "attestation-key");
        ECParameters point = _attestationKey.ExportParameters(false);
        _attestationPoint = [.. point.Q.X!, .. point.Q.Y!];
        _authData = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
        _certification = Certification();
    }

    /// <summary>A quote over 64 bytes of report data.</summary>
    public byte[] Quote(TdMeasurements td, ReadOnlySpan<byte> reportData)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(reportData.Length, 64, nameof(reportData));
        byte[] signed = [.. Header(), .. Body(td, reportData)];
        byte[] auth = [.. SeededSignature.Sign(_attestationKey, signed), .. _attestationPoint, .. U16(6), .. U32(_certification.Length), .. _certification];
        return [.. signed, .. U32(auth.Length), .. auth];
    }

    /// <inheritdoc />
    public void Dispose() => _attestationKey.Dispose();

    private static byte[] Header() => [.. U16(4), .. U16(2), .. U32(0x81), 0, 0, 0, 0, .. Vendor, .. new byte[20]];

    private static byte[] Body(TdMeasurements td, ReadOnlySpan<byte> reportData)
    {
        byte[] body = new byte[584];
        new byte[] { 5, 1, 4 }.CopyTo(body, 0);
        BinaryPrimitives.WriteUInt64LittleEndian(body.AsSpan(120), td.Attributes);
        BinaryPrimitives.WriteUInt64LittleEndian(body.AsSpan(128), 0xE702E7);
        td.MrTd.CopyTo(body, 136);
        td.MrConfigId.CopyTo(body, 184);
        for (int i = 0; i < 4; i++)
            td.Rtmr[i].CopyTo(body, 328 + (48 * i));
        reportData.CopyTo(body.AsSpan(520));
        return body;
    }

    private byte[] QeReport()
    {
        byte[] report = new byte[384];
        report[48] = 0x11;
        _pki.QeSigner.CopyTo(report, 128);
        BinaryPrimitives.WriteUInt16LittleEndian(report.AsSpan(256), 2);
        BinaryPrimitives.WriteUInt16LittleEndian(report.AsSpan(258), 4);
        SHA256.HashData([.. _attestationPoint, .. _authData]).CopyTo(report, 320);
        return report;
    }

    // The same for every quote of the host.
    private byte[] Certification()
    {
        byte[] report = QeReport(), chain = [.. Encoding.ASCII.GetBytes(_pki.PckChainPem), 0];
        using ECDsa pck = _pki.PckKey;
        return [.. report, .. SeededSignature.Sign(pck, report), .. U16(_authData.Length), .. _authData, .. U16(5), .. U32(chain.Length), .. chain];
    }

    private static byte[] U16(int value) => [(byte)value, (byte)(value >> 8)];

    private static byte[] U32(int value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return bytes;
    }
}
