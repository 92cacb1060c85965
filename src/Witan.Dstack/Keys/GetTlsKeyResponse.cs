using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Witan.Dstack;

/// <summary>A TLS key and its certificate by the app's authority. Dispose it after use: that zeroes the key's text.</summary>
public sealed class GetTlsKeyResponse : IDisposable
{
    private readonly char[] _key;

    internal GetTlsKeyResponse(char[] key, IReadOnlyList<string> certificateChain)
    {
        _key = key;
        CertificateChain = certificateChain.Count > 0
            ? certificateChain
            : throw new DstackProtocolException("GetTlsKey: the certificate chain is empty");
    }

    /// <summary>PEM of the private key, PKCS#8 over P-256.</summary>
    public ReadOnlySpan<char> KeyPem => _key;

    /// <summary>PEM certificates, leaf first.</summary>
    public IReadOnlyList<string> CertificateChain { get; }

    /// <summary>The private key as a key of .NET. Throws <see cref="DstackProtocolException"/> where the text is no key.</summary>
    public ECDsa ToEcdsa()
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(_key);
            return key;
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw new DstackProtocolException("GetTlsKey: the key is no PEM private key");
        }
    }

    /// <summary>The leaf with its private key, ready for <c>SslStream</c> and Kestrel.</summary>
    public X509Certificate2 ToCertificate()
    {
        using ECDsa key = ToEcdsa();
        try
        {
            using X509Certificate2 leaf = X509Certificate2.CreateFromPem(CertificateChain[0]);
            return leaf.CopyWithPrivateKey(key);
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            throw new DstackProtocolException("GetTlsKey: the first certificate is not PEM, or not the key's");
        }
    }

    /// <summary>The certificates above the leaf, which a server sends along.</summary>
    public X509Certificate2Collection Issuers()
    {
        try
        {
            return [.. CertificateChain.Skip(1).Select(pem => X509Certificate2.CreateFromPem(pem))];
        }
        catch (CryptographicException)
        {
            throw new DstackProtocolException("GetTlsKey: a certificate of the chain is not PEM");
        }
    }

    /// <summary>Zeroes the key's text.</summary>
    public void Dispose() => Array.Clear(_key);

    /// <summary>Says nothing of the key.</summary>
    public override string ToString() => "GetTlsKeyResponse { KeyPem = *** }";
}
