using System.Text;

namespace Witan.Attestation;

/// <summary>Takes certificates out of PEM. Text around the armour, line lengths and a trailing NUL do not matter.</summary>
internal static class PemReader
{
    private const int MaximumCertificates = 8;
    private const int MaximumCertificate = 8 * 1024;

    /// <summary>The DER of each certificate in order; null where there is none, too many, or one that is no base64.</summary>
    public static List<byte[]>? Certificates(ReadOnlySpan<byte> pem)
    {
        if (pem.Length > 64 * 1024)
            return null;
        string text = Encoding.ASCII.GetString(pem);
        var result = new List<byte[]>();
        ReadOnlySpan<char> rest = text;
        while (System.Security.Cryptography.PemEncoding.TryFind(rest, out System.Security.Cryptography.PemFields fields))
        {
            if (rest[fields.Label] is "CERTIFICATE")
            {
                if (result.Count == MaximumCertificates || fields.DecodedDataLength > MaximumCertificate)
                    return null;
                byte[] der = new byte[fields.DecodedDataLength];
                if (!Convert.TryFromBase64Chars(rest[fields.Base64Data], der, out int written))
                    return null;
                result.Add(der[..written]);
            }

            rest = rest[fields.Location.End..];
        }

        return result.Count == 0 ? null : result;
    }
}
