using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
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
        List<byte[]>? result = null;
        // Some platforms put no line break between two certificates, which a strict reader takes for one broken label.
        ReadOnlySpan<byte> rest = pem.IndexOf("----------"u8) < 0
            ? pem
            : Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(pem).Replace("----------", "-----\n-----", StringComparison.Ordinal));
        while (PemEncoding.TryFindUtf8(rest, out PemFields fields))
        {
            if (rest[fields.Label].SequenceEqual("CERTIFICATE"u8))
            {
                result ??= new List<byte[]>(3);
                if (result.Count == MaximumCertificates || fields.DecodedDataLength > MaximumCertificate)
                    return null;
                byte[] der = new byte[fields.DecodedDataLength];
                if (Base64.DecodeFromUtf8(rest[fields.Base64Data], der, out _, out int written) != OperationStatus.Done)
                    return null;
                result.Add(written == der.Length ? der : der[..written]);
            }

            rest = rest[fields.Location.End..];
        }

        return result;
    }
}
