using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Witan.Agent;

namespace Witan.Coordinator;

/// <summary>
/// The certificate that the coordinator shows, from two PEM files: chain and private key. They are read anew when they change, so that a
/// renewed certificate needs no restart; a pair that cannot be read leaves the one in use.
/// </summary>
internal sealed class TlsCertificate
{
    private readonly Lock _gate = new();
    private readonly string _chain;
    private readonly string _key;
    private readonly Action<string> _log;
    private DateTime _readAt;
    private SslStreamCertificateContext _current;

    /// <summary>Reads the files. Throws <see cref="SettingException"/> where that cannot be done.</summary>
    public TlsCertificate(string chain, string key, Action<string> log)
    {
        (_chain, _key, _log) = (chain, key, log);
        try
        {
            _readAt = Written();
            _current = Read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new SettingException($"the TLS certificate {chain} with key {key} cannot be read: {e.Message}", "two PEM files: the chain, leaf first, and its private key");
        }
    }

    /// <summary>What to show now.</summary>
    public SslStreamCertificateContext Current
    {
        get
        {
            lock (_gate)
            {
                try
                {
                    DateTime written = Written();
                    if (written != _readAt)
                    {
                        _readAt = written;
                        _current = Read();
                    }
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
                {
                    _log($"the TLS certificate was changed and cannot be read; the one before stays: {e.Message}");
                }

                return _current;
            }
        }
    }

    private DateTime Written()
    {
        DateTime chain = File.GetLastWriteTimeUtc(_chain), key = File.GetLastWriteTimeUtc(_key);
        return chain > key ? chain : key;
    }

    private SslStreamCertificateContext Read()
    {
        X509Certificate2 leaf = X509Certificate2.CreateFromPemFile(_chain, _key);
        X509Certificate2Collection chain = [];
        chain.ImportFromPemFile(_chain);
        return SslStreamCertificateContext.Create(leaf, chain, offline: true);
    }
}
