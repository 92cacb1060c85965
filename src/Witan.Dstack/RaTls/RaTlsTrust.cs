using Witan.Attestation;
using Witan.Dstack.CollateralService;
using Witan.Dstack.Evidence;

namespace Witan.Dstack.RaTls;

/// <summary>What a verifier of certificates believes in, and what it demands.</summary>
public sealed record RaTlsTrust
{
    /// <summary>
    /// Verified collateral for a platform family; null where there is none, which refuses the peer as undecided. Called during the
    /// handshake, so it must not wait for a network: <see cref="CollateralClient.Kept"/> does not.
    /// </summary>
    public required Func<PlatformFamily, TrustedCollateral?> Collateral { get; init; }

    /// <summary>What the guest must be.</summary>
    public required DstackPolicy Policy { get; init; }

    /// <summary>
    /// What is known about this one guest. Report data are always those of the certificate's key.
    /// <value>The default value is <see cref="EvidenceExpectations.None"/>.</value>
    /// </summary>
    public EvidenceExpectations Expectations { get; init; } = EvidenceExpectations.None;
}
