using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Witan.Dstack.RaTls;

/// <summary>The hook for Kestrel.</summary>
public static class RaTlsKestrelExtensions
{
    /// <summary>
    /// Serves TLS with a certificate that carries evidence. Where clients are to be verified, each must show evidence that is
    /// accepted, and <see cref="IRaTlsPeerFeature"/> stands in the features of its connection and of each of its requests; every other
    /// client fails in the handshake.
    /// </summary>
    public static ListenOptions UseRaTls(this ListenOptions listen, RaTlsServerOptions options) => listen.UseHttps(new TlsHandshakeCallbackOptions
    {
        OnConnection = context => ValueTask.FromResult(Authentication(options, context.Connection)),
    });

    private static SslServerAuthenticationOptions Authentication(RaTlsServerOptions options, ConnectionContext connection)
    {
        var authentication = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(options.Certificate(), options.Issuers, offline: true),
            EnabledSslProtocols = SslProtocols.Tls13 | SslProtocols.Tls12,
            // Each connection is judged by itself, at its own time.
            AllowTlsResume = false,
        };
        if (options.Clients is not { } verifier)
            return authentication;
        authentication.ClientCertificateRequired = true;
        authentication.CertificateRevocationCheckMode = X509RevocationMode.NoCheck;
        authentication.RemoteCertificateValidationCallback = (_, certificate, _, _) =>
        {
            // A client that shows nothing comes here with null.
            if (certificate is not X509Certificate2 own)
                return false;
            RaTlsPeer peer = verifier.Verify(own);
            if (!peer.IsAccepted)
            {
                options.Refused?.Invoke(peer);
                return false;
            }

            connection.Features.Set<IRaTlsPeerFeature>(new RaTlsPeerFeature(peer));
            return true;
        };
        return authentication;
    }
}
