using System.Text;

namespace Witan.Attestation;

/// <summary>The forms in which the service's headers and published files carry signature and certificate.</summary>
internal static class IasEncoding
{
    private const int SmallestSignature = 256;
    private const int LargestSignature = 512;

    public static bool TrySignature(ReadOnlySpan<byte> input, out byte[] signature)
    {
        string text = Text(input, "X-IASReport-Signature");
        if (text.Contains('%', StringComparison.Ordinal))
            text = Uri.UnescapeDataString(text);
        signature = StrictText.Hex(text) ?? StrictText.Base64(text) ?? input.ToArray();
        return signature.Length is >= SmallestSignature and <= LargestSignature;
    }

    public static bool TryCertificates(ReadOnlySpan<byte> input, out IReadOnlyList<ReadOnlyMemory<byte>> certificates)
    {
        certificates = [];
        if (input is [0x30, 0x82, ..])
        {
            certificates = [input.ToArray()];
            return true;
        }

        string text = Text(input, "X-IASReport-Signing-Certificate");
        if (text.Contains('%', StringComparison.Ordinal))
            text = Uri.UnescapeDataString(text);
        if (text.Contains("-----BEGIN", StringComparison.Ordinal))
        {
            certificates = [.. (PemReader.Certificates(Encoding.UTF8.GetBytes(text)) ?? []).Select(der => (ReadOnlyMemory<byte>)der)];
            return certificates.Count > 0;
        }

        if ((StrictText.Hex(text) ?? StrictText.Base64(text)) is not { Length: > 0 } single)
            return false;
        certificates = [single];
        return true;
    }

    private static string Text(ReadOnlySpan<byte> input, string header)
    {
        string text = Encoding.Latin1.GetString(input).Trim('\r', '\n', '\t', ' ');
        return text.StartsWith(header + ":", StringComparison.OrdinalIgnoreCase) ? text[(header.Length + 1)..].Trim('\t', ' ') : text;
    }
}
