using System.Buffers;

namespace Witan.Attestation;

/// <summary>Hexadecimal and base64 in one way only: what decodes here encodes back to the same text (but for the case of hexadecimal digits).</summary>
internal static class StrictText
{
    /// <summary>The bytes; null where the text is not hexadecimal digits in pairs.</summary>
    public static byte[]? Hex(string text) =>
        text.Length % 2 == 0 && text.All(char.IsAsciiHexDigit) ? Convert.FromHexString(text) : null;

    /// <summary>The bytes; null where the text is no padded base64, has white space, or has bits that the bytes do not carry.</summary>
    public static byte[]? Base64(string text)
    {
        byte[] result = new byte[(text.Length / 4 * 3) + 3];
        return Convert.TryFromBase64String(text, result, out int written) && Convert.ToBase64String(result, 0, written) == text ? result[..written] : null;
    }

    /// <summary>The bytes; null where the text is no base64url without padding, or has bits that the bytes do not carry.</summary>
    public static byte[]? Base64Url(ReadOnlySpan<char> text)
    {
        byte[] result = new byte[(text.Length / 4 * 3) + 3];
        bool good = System.Buffers.Text.Base64Url.DecodeFromChars(text, result, out _, out int written) == OperationStatus.Done;
        return good && text.SequenceEqual(System.Buffers.Text.Base64Url.EncodeToString(result.AsSpan(0, written))) ? result[..written] : null;
    }
}
