using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Witan.Tests.Coordinator;

/// <summary>A root and a certificate for 127.0.0.1 under it, written as PEM files.</summary>
internal sealed class TestAuthority : IDisposable
{
    private readonly ECDsa _rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ECDsa _leafKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public TestAuthority(string chain, string key, string authority)
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        var request = new CertificateRequest($"CN=test root {Guid.NewGuid():N}", _rootKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        using X509Certificate2 root = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        var leaf = new CertificateRequest("CN=coordinator", _leafKey, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        leaf.CertificateExtensions.Add(names.Build());
        leaf.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], true));
        using X509Certificate2 issued = leaf.Create(root, now.AddHours(-1), now.AddHours(1), RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(key, _leafKey.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(chain, issued.ExportCertificatePem() + "\n" + root.ExportCertificatePem());
        File.WriteAllText(authority, root.ExportCertificatePem());
    }

    public void Dispose()
    {
        _rootKey.Dispose();
        _leafKey.Dispose();
    }
}
