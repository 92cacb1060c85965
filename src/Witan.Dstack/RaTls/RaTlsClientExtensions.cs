using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Witan.Dstack.RaTls;

/// <summary>Hooks for the side that connects.</summary>
public static class RaTlsClientExtensions
{
    /// <summary>
    /// Takes the server's certificate on its evidence alone: no authority and no name counts. A peer that is not accepted ends the
    /// handshake with <see cref="RaTlsException"/>, which names the finding.
    /// </summary>
    /// <param name="options">Options of one <see cref="SslStream"/>.</param>
    /// <param name="verifier">Judges the certificate.</param>
    /// <param name="accepted">Told of the peer, once, before the handshake ends.</param>
    public static void VerifyPeerEvidence(this SslClientAuthenticationOptions options, RaTlsVerifier verifier, Action<RaTlsPeer>? accepted = null)
    {
        options.AllowTlsResume = false;
        options.RemoteCertificateValidationCallback = (_, certificate, _, _) =>
        {
            RaTlsPeer? peer = certificate is X509Certificate2 own ? verifier.Verify(own) : null;
            if (peer is null)
                return false;
            if (!peer.IsAccepted)
                throw new RaTlsException(peer);
            accepted?.Invoke(peer);
            return true;
        };
    }

    /// <summary>
    /// Takes, beside certificates of an authority for the name asked for, those with accepted evidence: for an endpoint that may stand behind a
    /// gateway or show its own certificate. The connection then proves nothing by itself; ask for evidence over it. Evidence that is
    /// there and not accepted ends the handshake with <see cref="RaTlsException"/>.
    /// </summary>
    public static void AcceptPeerEvidence(this SslClientAuthenticationOptions options, RaTlsVerifier verifier)
    {
        options.AllowTlsResume = false;
        options.RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
        {
            if (errors == SslPolicyErrors.None)
                return true;
            if (certificate is not X509Certificate2 own)
                return false;
            RaTlsPeer peer = verifier.Verify(own);
            // Without evidence it is a certificate like any other, with what is wrong with it.
            return peer.IsAccepted || (peer.Evidence is null && peer.Verdict.Cause?.Code == "RATLS_NO_EVIDENCE" ? false : throw new RaTlsException(peer));
        };
    }

    /// <summary>
    /// Makes a handler whose every connection is to a peer with accepted evidence. <see cref="PeerOf"/> says to which one a response
    /// belongs. Takes <paramref name="handler"/> over; plain http is refused.
    /// </summary>
    public static HttpMessageHandler VerifyPeerEvidence(this SocketsHttpHandler handler, RaTlsVerifier verifier) => new RaTlsHandler(handler, verifier);

    /// <summary>The peer whose connection a response came over; null where it did not come through <see cref="VerifyPeerEvidence(SocketsHttpHandler, RaTlsVerifier)"/>.</summary>
    public static RaTlsPeer? PeerOf(HttpResponseMessage response) =>
        response.RequestMessage is { } request && request.Options.TryGetValue(RaTlsHandler.PeerKey, out RaTlsPeer? peer) ? peer : null;
}
