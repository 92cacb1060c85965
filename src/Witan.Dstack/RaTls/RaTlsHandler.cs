using System.Net;
using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;

namespace Witan.Dstack.RaTls;

/// <summary>
/// A handler over pooled connections that knows the peer of each. Every connection's stream carries its peer; a request learns it from
/// the stream that it is written to. That needs HTTP/1.1, where a request is written by its own caller.
/// </summary>
internal sealed class RaTlsHandler : DelegatingHandler
{
    public static readonly HttpRequestOptionsKey<RaTlsPeer> PeerKey = new("witan.ratls.peer");

    private readonly AsyncLocal<PeerSlot?> _request = new();
    private readonly ConditionalWeakTable<SslStream, RaTlsPeer> _peers = [];

    public RaTlsHandler(SocketsHttpHandler handler, RaTlsVerifier verifier)
        : base(handler)
    {
        handler.AllowAutoRedirect = false;
        handler.SslOptions.AllowTlsResume = false;
        handler.SslOptions.ApplicationProtocols = [SslApplicationProtocol.Http11];
        handler.SslOptions.RemoteCertificateValidationCallback = (sender, certificate, _, _) =>
        {
            if (certificate is not X509Certificate2 own || sender is not SslStream stream)
                return false;
            RaTlsPeer peer = verifier.Verify(own);
            if (!peer.IsAccepted)
                throw new RaTlsException(peer);
            _peers.AddOrUpdate(stream, peer);
            return true;
        };
        handler.PlaintextStreamFilter = (context, _) => context.PlaintextStream is SslStream stream && _peers.TryGetValue(stream, out RaTlsPeer? peer)
            ? ValueTask.FromResult<Stream>(new PeerStream(stream, peer, _request))
            : throw new HttpRequestException("the connection has no verified peer");
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.RequestUri?.Scheme != Uri.UriSchemeHttps)
            throw new HttpRequestException($"{request.RequestUri} is not https: there would be no peer to verify");
        request.Version = HttpVersion.Version11;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        var slot = new PeerSlot();
        _request.Value = slot;
        HttpResponseMessage response = await base.SendAsync(request, cancellationToken);
        if (slot.Peer is not { } peer)
        {
            response.Dispose();
            throw new HttpRequestException("the response came over a connection without a verified peer");
        }

        (response.RequestMessage ?? request).Options.Set(PeerKey, peer);
        return response;
    }

    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) =>
        throw new NotSupportedException("evidence is verified on asynchronous requests only");
}

/// <summary>Where a request finds the peer that it was written to.</summary>
internal sealed class PeerSlot
{
    public RaTlsPeer? Peer { get; set; }
}
