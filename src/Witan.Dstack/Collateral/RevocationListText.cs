using System.Security.Cryptography;
using System.Text;

namespace Witan.Dstack.CollateralService;

/// <summary>
/// Revocation lists come as DER (PCS with <c>encoding=der</c>, Intel's distribution point), as hexadecimal text (<c>rootcacrl</c> of
/// a PCCS), as PEM (PCS by default) and as base64. All become DER.
/// </summary>
internal static class RevocationListText
{
    /// <summary>The DER; null where it is none of these forms.</summary>
    public static byte[]? ToDer(ReadOnlySpan<byte> body)
    {
        // DER begins with a SEQUENCE, which is the digit 0 in ASCII: the second byte, a long length, tells them apart.
        if (body.Length > 2 && body[0] == 0x30 && body[1] >= 0x80)
            return body.ToArray();
        ReadOnlySpan<byte> trimmed = body.Trim(" \t\r\n\0\""u8);
        if (trimmed.IsEmpty || !Ascii.IsValid(trimmed))
            return null;
        string text = Encoding.ASCII.GetString(trimmed);
        if (text.Length % 2 == 0 && text.All(char.IsAsciiHexDigit))
            return Convert.FromHexString(text);
        if (PemEncoding.TryFind(text, out PemFields fields))
            text = text[fields.Base64Data];
        byte[] der = new byte[text.Length];
        return Convert.TryFromBase64String(text, der, out int written) ? der[..written] : null;
    }
}
