using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Witan.Dstack.RaTls;

/// <summary>What ties evidence to a TLS key: the report data are the hash of the public key, under a prefix of its own.</summary>
public static class RaTlsBinding
{
    /// <summary>SHA-512 over <c>ratls-cert:</c> and the SubjectPublicKeyInfo in DER: 64 bytes.</summary>
    public static byte[] ReportData(ReadOnlySpan<byte> subjectPublicKeyInfo) => SHA512.HashData([.. "ratls-cert:"u8, .. subjectPublicKeyInfo]);

    /// <summary>The same of a certificate's key.</summary>
    public static byte[] ReportData(X509Certificate2 certificate) => ReportData(certificate.PublicKey.ExportSubjectPublicKeyInfo());
}
