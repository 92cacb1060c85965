using Witan.Attestation;

namespace Witan.Dstack.Cloud;

/// <summary>Asks an endpoint for fresh evidence and judges it. A new nonce every time: an old answer proves nothing.</summary>
public interface IEndpointEvidence
{
    /// <summary>
    /// Judges the evidence of the program behind <paramref name="endpoint"/>. Does not throw for anything the endpoint does: an
    /// endpoint that does not answer, or answers nonsense, is <see cref="EndpointEvidenceOutcome.NotYet"/>.
    /// </summary>
    Task<EndpointEvidenceResult> VerifyAsync(Uri endpoint, EndpointExpectation expected, CancellationToken cancellationToken);
}

/// <summary>What became of the evidence of an endpoint.</summary>
public enum EndpointEvidenceOutcome
{
    /// <summary>Nothing to judge yet, or evidence of what ran before, or something needed to judge it was missing: ask again.</summary>
    NotYet,

    /// <summary>It verifies, it is of what was deployed, and the confidence is enough.</summary>
    Verified,

    /// <summary>It is of what was deployed, and it does not verify or the confidence is not enough. Waiting changes nothing.</summary>
    Rejected,
}

/// <summary>What became of the evidence of an endpoint, and why.</summary>
/// <param name="Outcome">Ready, not yet, or never.</param>
/// <param name="Summary">One sentence.</param>
public sealed record EndpointEvidenceResult(EndpointEvidenceOutcome Outcome, string Summary)
{
    /// <summary>The confidence reached, 1 to 5; null where none was.</summary>
    public int? Tier { get; init; }

    /// <summary>What verification and appraisal found.</summary>
    public IReadOnlyList<Finding> Findings { get; init; } = [];
}
