using System.Diagnostics.CodeAnalysis;

namespace Witan.Attestation;

/// <summary>
/// Which roots a caller believes in for reports of Intel's attestation service, each identified by the SHA-256 of its DER. A root
/// that comes with a report is never trusted.
/// </summary>
public sealed class IasTrustRoot
{
    // Intel SGX Attestation Report Signing CA, 2016-11-14 to 2049-12-31,
    // SHA-256 7b42e41ec43b91db834a065de4f98a13c44d695570e839cfa8921e584e40735d.
    private const string IntelRoot =
        "MIIFSzCCA7OgAwIBAgIJANEHdl0yo7CUMA0GCSqGSIb3DQEBCwUAMH4xCzAJBgNVBAYTAlVTMQswCQYDVQQIDAJDQTEUMBIGA1UEBwwLU2FudGEgQ2xhcmEx"
        + "GjAYBgNVBAoMEUludGVsIENvcnBvcmF0aW9uMTAwLgYDVQQDDCdJbnRlbCBTR1ggQXR0ZXN0YXRpb24gUmVwb3J0IFNpZ25pbmcgQ0EwIBcNMTYxMTE0MTUz"
        + "NzMxWhgPMjA0OTEyMzEyMzU5NTlaMH4xCzAJBgNVBAYTAlVTMQswCQYDVQQIDAJDQTEUMBIGA1UEBwwLU2FudGEgQ2xhcmExGjAYBgNVBAoMEUludGVsIENv"
        + "cnBvcmF0aW9uMTAwLgYDVQQDDCdJbnRlbCBTR1ggQXR0ZXN0YXRpb24gUmVwb3J0IFNpZ25pbmcgQ0EwggGiMA0GCSqGSIb3DQEBAQUAA4IBjwAwggGKAoIB"
        + "gQCfPGR+tXc8u1EtJzLA10Feu1Wg+p7eLmSRmeaCHbkQ1TF3Nwl3RmpqXkeGzNLd69QUnWovYyVSndEMyYc3sHecGgfinEehrgBJSEdsSJ9FpaFdesjsxqzG"
        + "Ra20PYdnnfWcCTvFoulpbFR4VBuXnnVLVzkUvlXTL/TAnd8nIZk0zZkFJ7P5LtePvykkar7LcSQO85wtcQe0R1Raf/sQ6wYKaKmFgCGeNpEJUmg4ktal4qgI"
        + "Axk+QHUxQE42sxViN5mqglB0QJdUot/o9a/V/mMeH8KvOAiQbyinkNndn+Bgk5sSV5DFgF0DffVqmVMblt5p3jPtImzBIH0QQrXJq39AT8cRwP5HafuVeLHc"
        + "DsRp6hol4P+ZFIhu8mmbI1u0hH3W/0C2BuYXB5PC+5izFFh/nP0lc2Lf6rELO9LZdnOhpL1ExFOq9H/B8tPQ84T3Sgb4nAifDabNt/zu6MmCGo5U8lwEFtGM"
        + "RoOaX4AS+909x00lYnmtwsDVWv9vBiJCXRsCAwEAAaOByTCBxjBgBgNVHR8EWTBXMFWgU6BRhk9odHRwOi8vdHJ1c3RlZHNlcnZpY2VzLmludGVsLmNvbS9j"
        + "b250ZW50L0NSTC9TR1gvQXR0ZXN0YXRpb25SZXBvcnRTaWduaW5nQ0EuY3JsMB0GA1UdDgQWBBR4Q3t2pn680K9+QjfrNXw7hwFRPDAfBgNVHSMEGDAWgBR4"
        + "Q3t2pn680K9+QjfrNXw7hwFRPDAOBgNVHQ8BAf8EBAMCAQYwEgYDVR0TAQH/BAgwBgEB/wIBADANBgkqhkiG9w0BAQsFAAOCAYEAeF8tYMXICvQqeXYQITkV"
        + "2oLJsp6J4JAqJabHWxYJHGirIEqucRiJSSx+HjIJEUVaj8E0QjEud6Y5lNmXlcjqRXaCPOqK0eGRz6hi+ripMtPZsFNaBwLQVV905SDjAzDzNIDnrcnXyB4g"
        + "cDFCvwDFKKgLRjOB/WAqgscDUoGq5ZVizLUzTqiQPmULAQaB9c6Oti6snEFJiCQ67JLyW/E83/frzCmO5Ru6WjU4tmsmy8RaUd4APK0wZTGtfPXU7w+IBdG5"
        + "Ez0kE1qzxGQaL4gINJ1zMyleDnbuS8UicjJijvqA152Sq049ESDz+1rRGc2NVEqh1KaGXmtXvqxXcTB+Ljy5Bw2ke0v8iGngFBPqCTVB3op5KBG3RjbF6RRS"
        + "zwzuWfL7QErNC8WEy5yDVARzTA5+xmBc388v9Dm21HGfcC8ODD+gT9sSpssq0ascmvH49MOgjt1yoysLtdCtJW/9FZpoOypaHx0R+mJTLwPXVMrvDaVzWh5a"
        + "iEx+idkSGMnX";

    private IasTrustRoot(IReadOnlyList<RsaCertificate> anchors, bool isSimulated) => (Anchors, IsSimulated) = (anchors, isSimulated);

    /// <summary>Intel's own root for report signing, valid to the end of 2049.</summary>
    public static IasTrustRoot Intel { get; } = CreateIntel();

    /// <summary>Whether this is a development root: everything verified under it is marked as simulated.</summary>
    public bool IsSimulated { get; }

    /// <summary>Identity of the set: the fingerprints in order.</summary>
    public string Fingerprint => string.Join(',', Anchors.Select(anchor => anchor.Fingerprint).Order(StringComparer.Ordinal));

    internal IReadOnlyList<RsaCertificate> Anchors { get; }

    /// <summary>
    /// Makes a trust root of certificates in PEM. Each must be RSA, self-issued, a CA, and signed by its own key.
    /// <paramref name="isSimulated"/> marks a development root.
    /// </summary>
    public static bool TryCreate(
        ReadOnlySpan<byte> pem, bool isSimulated, [NotNullWhen(true)] out IasTrustRoot? root, [NotNullWhen(false)] out Finding? refusal)
    {
        root = null;
        refusal = null;
        var anchors = new List<RsaCertificate>();
        foreach (byte[] der in PemReader.Certificates(pem) ?? [])
        {
            if (!RsaCertificate.TryParse(der, out RsaCertificate? certificate)
                || !certificate.IsIssuedBy(certificate) || !certificate.IsCa || !certificate.CanSignCertificates)
            {
                refusal = Refuse("a root certificate is not a self-signed CA with RSA and SHA-256");
                return false;
            }

            anchors.Add(certificate);
        }

        if (anchors.Count == 0)
        {
            refusal = Refuse("there is no certificate in PEM");
            return false;
        }

        root = new IasTrustRoot(anchors, isSimulated);
        return true;
    }

    private static IasTrustRoot CreateIntel() => RsaCertificate.TryParse(Convert.FromBase64String(IntelRoot), out RsaCertificate? root)
        ? new IasTrustRoot([root], isSimulated: false)
        : throw new InvalidOperationException("the embedded root is broken");

    private static Finding Refuse(string message) => new("TRUST_ROOT_INVALID", FindingSeverity.Error, message)
    {
        Actor = FindingActor.VerifierOperator,
        Remedy = "Give root certificates in PEM.",
    };
}
