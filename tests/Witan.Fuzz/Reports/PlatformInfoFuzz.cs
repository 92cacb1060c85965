using System.Buffers.Binary;
using Witan.Attestation;

namespace Witan.Fuzz.Reports;

/// <summary>
/// <c>pib [FILE...]</c>: platform info blobs as 105 bytes. A blob alone is not signed, so the oracle is another one: what is accepted, put
/// together again from its decoded fields, is the very same bytes.
/// </summary>
public static class PlatformInfoFuzz
{
    /// <summary>A published blob in hexadecimal.</summary>
    public const string Published =
        "1502006504000900000F0F02040180060000000000000000000B00000B000000020000000000000BAE63EFE1AB60DBD8D2F6D31465FEC1F642AA28"
        + "FFC550CB1122A4027F5F294FE93A8D7EE35C80030A20EF5CF03A5EA7CB96A6A8B4BF7EC46B841354D90E7C0EF5B3";

    /// <summary>The decoded fields as bytes in hexadecimal; null where the blob is refused.</summary>
    public static string? Claims(byte[] bytes)
    {
        if (!PlatformInfoBlob.TryParse(bytes, out PlatformInfoBlob? blob, out _))
            return null;
        if (!blob.ToString().StartsWith("platform_info_blob {", StringComparison.Ordinal))
            throw new InvalidOperationException("no text");
        byte[] again = new byte[PlatformInfoBlob.Size];
        Span<byte> body = again.AsSpan(4);
        "\x15\x02\0e"u8.CopyTo(again);
        body[0] = (byte)blob.GroupFlags;
        BinaryPrimitives.WriteUInt16BigEndian(body[1..], (ushort)blob.TcbFlags);
        BinaryPrimitives.WriteUInt16BigEndian(body[3..], (ushort)blob.PseFlags);
        blob.TargetCpuSvn.CopyTo(body[5..]);
        BinaryPrimitives.WriteUInt16LittleEndian(body[21..], blob.TargetPceSvn);
        BinaryPrimitives.WriteUInt16BigEndian(body[23..], blob.TargetPseSvn);
        BinaryPrimitives.WriteUInt32BigEndian(body[25..], blob.TargetPsdaSvn);
        BinaryPrimitives.WriteUInt32BigEndian(body[29..], blob.ExtendedEpidGroup);
        BinaryPrimitives.WriteUInt32BigEndian(body[33..], blob.EpidGroup);
        blob.Signature.CopyTo(body[37..]);
        return Convert.ToHexStringLower(again);
    }

    public static int Run(string[] args)
    {
        string[] files = [.. args.TakeWhile(argument => !argument.StartsWith("--", StringComparison.Ordinal))];
        byte[][] samples = files.Length > 0 ? [.. files.Select(File.ReadAllBytes)] : [Convert.FromHexString(Published)];
        return Loop().Run(samples, args);
    }

    public static FuzzLoop Loop() => new("pib", Claims, (changed, now, _) => now == Convert.ToHexStringLower(changed));
}
