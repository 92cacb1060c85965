using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Witan.Attestation;

namespace Witan.Fuzz.Reports;

/// <summary>
/// <c>ias-report [FILE...]</c>: attestation verification reports in the published form (body, signature and certificate in one file), or a
/// body <c>NAME.json</c> with <c>NAME.sig.b64</c> and <c>NAME.signer.pem</c> beside it. Without files, a report under a root made for the run.
/// </summary>
public static class ReportFuzz
{
    private static readonly DateTimeOffset At = new(2026, 11, 25, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The claims of a genuine report as one text; null where it is refused.</summary>
    public static string? Claims(byte[] file, IasTrustRoot root)
    {
        if (!IasEvidence.TryRead(file, default, default, out IasEvidence? evidence, out _) || !IasReport.TryParse(evidence.Body, out IasReport? report, out _))
            return null;
        IasFacts facts = IasVerifier.Verify(report, evidence, root, At);
        Verdict verdict = Appraiser.Appraise(facts, AppraisalPolicy.Phala with { AcceptSimulated = true });
        if (facts.Authenticity != Authenticity.Genuine)
            return verdict.Outcome == AppraisalOutcome.Accepted || verdict.ConfidenceLevel is not null ? "accepted without a signature" : null;
        return $"{verdict.Outcome} {verdict.ConfidenceLevel} {report.StatusText} {report.Timestamp:O} {report.Id} {report.Nonce} {string.Join(',', report.AdvisoryIds)} "
            + $"{Convert.ToHexStringLower(report.QuoteBody.Bytes.Span)} {facts.PlatformInfo} {facts.SignerFingerprint}";
    }

    public static int Run(string[] args)
    {
        string[] files = [.. args.TakeWhile(argument => !argument.StartsWith("--", StringComparison.Ordinal))];
        IasTrustRoot root = IasTrustRoot.Intel;
        byte[][] samples = files.Length > 0 ? [.. files.Select(Load)] : [Sample(out root)];
        return new FuzzLoop("ias-report", file => Claims(file, root)).Run(samples, args);
    }

    private static byte[] Load(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        string stem = Path.ChangeExtension(path, null), signature = stem + ".sig.b64", signer = stem + ".signer.pem";
        if (!File.Exists(signature) || !File.Exists(signer))
            return file;
        string[] pem = File.ReadAllLines(signer);
        return Published(Encoding.UTF8.GetString(file), File.ReadAllText(signature).Trim(), string.Concat(pem.Where(line => !line.StartsWith('-'))));
    }

    private static byte[] Published(string body, string signature, string certificate) =>
        Encoding.UTF8.GetBytes($$"""{"raReport":"{{JsonEncodedText.Encode(body)}}","signature":"{{signature}}","rawSigningCert":"{{certificate}}"}""");

    /// <summary>A report in the published form under a root of its own.</summary>
    public static byte[] Sample(out IasTrustRoot root)
    {
        using RSA rootKey = RSA.Create(3072), signerKey = RSA.Create(2048);
        var rootRequest = new CertificateRequest("CN=Intel SGX Attestation Report Signing CA", rootKey, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        rootRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        rootRequest.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        using X509Certificate2 rootCertificate = rootRequest.CreateSelfSigned(At.AddYears(-5), At.AddYears(5));
        var request = new CertificateRequest("CN=Intel SGX Attestation Report Signing", signerKey, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        using X509Certificate2 signer = request.Create(rootCertificate, At.AddYears(-4), At.AddYears(4), [1, 2, 3]);
        if (!IasTrustRoot.TryCreate(Encoding.ASCII.GetBytes(rootCertificate.ExportCertificatePem()), isSimulated: true, out IasTrustRoot? made, out Finding? refusal))
            throw new InvalidOperationException(refusal.Message);
        root = made;
        byte[] quote = new byte[IasQuoteBody.Size];
        (quote[0], quote[4], quote[5], quote[96]) = (2, 0xAE, 0x0B, 5);
        string body = $$"""{"id":"1","timestamp":"2024-05-06T07:08:09.000001","version":4,"advisoryIDs":["INTEL-SA-00334"],"isvEnclaveQuoteStatus":"GROUP_OUT_OF_DATE","platformInfoBlob":"{{PlatformInfoFuzz.Published}}","isvEnclaveQuoteBody":"{{Convert.ToBase64String(quote)}}"}""";
        byte[] signature = signerKey.SignData(Encoding.UTF8.GetBytes(body), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return Published(body, Convert.ToBase64String(signature), Convert.ToBase64String(signer.RawData));
    }
}
