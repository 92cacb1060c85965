using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Witan.Attestation;
using Xunit;

namespace Witan.Tests.Attestation.Ias;

/// <summary>An attestation service under a root of its own: makes the reports that nobody has published.</summary>
internal sealed class IasTestService
{
    private readonly RSA _signer = RSA.Create(2048);

    public IasTestService(DateTimeOffset? notAfter = null, string signerName = "Intel SGX Attestation Report Signing", bool isCa = false)
    {
        using RSA rootKey = RSA.Create(3072);
        var rootRequest = new CertificateRequest("CN=Intel SGX Attestation Report Signing CA", rootKey, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        rootRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        rootRequest.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        using X509Certificate2 root = rootRequest.CreateSelfSigned(At.AddYears(-5), At.AddYears(20));
        var request = new CertificateRequest($"CN={signerName}", _signer, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isCa, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.NonRepudiation, true));
        using X509Certificate2 leaf = request.Create(root, At.AddYears(-4), notAfter ?? At.AddYears(4), [1, 2, 3]);
        Certificate = Encoding.ASCII.GetBytes(leaf.ExportCertificatePem());
        Assert.True(IasTrustRoot.TryCreate(Encoding.ASCII.GetBytes(root.ExportCertificatePem()), isSimulated: true, out IasTrustRoot? trust, out _));
        Root = trust;
    }

    public static DateTimeOffset At { get; } = new(2024, 5, 6, 7, 8, 9, TimeSpan.Zero);

    public byte[] Certificate { get; }

    public IasTrustRoot Root { get; }

    public static string Body(string status, string extra = "", bool debug = false)
    {
        byte[] quote = new byte[IasQuoteBody.Size];
        quote[0] = 2;
        quote[96] = (byte)(debug ? 7 : 5);
        return $$"""{"id":"1","timestamp":"{{At:yyyy-MM-ddTHH:mm:ss}}.000001","version":4,"isvEnclaveQuoteStatus":"{{status}}","isvEnclaveQuoteBody":"{{Convert.ToBase64String(quote)}}"{{extra}}}""";
    }

    public IasFacts Verify(string body, DateTimeOffset? at = null)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(body);
        byte[] signature = _signer.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return IasCase.Verify(bytes, signature, Certificate, Root, at ?? At.AddMinutes(1));
    }
}
