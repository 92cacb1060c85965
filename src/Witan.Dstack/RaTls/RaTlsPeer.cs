using Witan.Attestation;
using Witan.Dstack.Evidence;

namespace Witan.Dstack.RaTls;

/// <summary>
/// Who is at the other end of a connection, as far as its certificate's evidence goes: a guest with these facts holds the TLS key. It may
/// still be a relay's way to such a guest: seal secrets to keys that the guest attests, not to the connection.
/// </summary>
/// <param name="Verdict">The appraisal; a connection exists only where it is accepted.</param>
/// <param name="Facts">What is true of the evidence; null where there was none to be read.</param>
/// <param name="Evidence">The evidence; null where there was none to be read.</param>
/// <param name="CertificateFingerprint">SHA-256 of the certificate's DER, lower-case hexadecimal.</param>
public sealed record RaTlsPeer(Verdict Verdict, DstackFacts? Facts, RaTlsEvidence? Evidence, string CertificateFingerprint)
{
    /// <summary>Whether the evidence is good enough for the policy.</summary>
    public bool IsAccepted => Verdict.Outcome == AppraisalOutcome.Accepted;
}

/// <summary>The peer of a connection, in the features of the connection and of its requests.</summary>
public interface IRaTlsPeerFeature
{
    /// <summary>The peer, accepted.</summary>
    RaTlsPeer Peer { get; }
}

internal sealed record RaTlsPeerFeature(RaTlsPeer Peer) : IRaTlsPeerFeature;

/// <summary>A handshake ended because the peer's evidence was not accepted. <see cref="Peer"/> says why.</summary>
public sealed class RaTlsException(RaTlsPeer peer)
    : System.Security.Authentication.AuthenticationException(
        $"the peer's evidence is {(peer.Verdict.Outcome == AppraisalOutcome.Undecided ? "undecided" : "rejected")}: {peer.Verdict.Cause?.Message}")
{
    /// <summary>The peer that was refused.</summary>
    public RaTlsPeer Peer { get; } = peer;
}
