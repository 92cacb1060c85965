using Witan.Attestation;

namespace Witan.Agent;

/// <summary>Collateral in a file, or given as text: verified once and kept, a file read anew when it changes. Safe to use from several threads.</summary>
public sealed class CollateralFile(TextOrFile source, TrustRoot root, TimeProvider clock)
{
    private readonly Lock _gate = new();
    private TrustedCollateral? _trusted;
    private DateTime _readAt;

    /// <summary>The collateral as it is now; null where there is none that verifies, and <paramref name="missing"/> says why.</summary>
    public TrustedCollateral? Current(out Finding? missing)
    {
        missing = null;
        lock (_gate)
        {
            try
            {
                DateTime written = source.WrittenAt();
                if (_trusted is not null && written == _readAt)
                    return _trusted;
                if (!Collateral.TryParse(source.Read(), out Collateral? collateral, out missing))
                    return null;
                CollateralVerification verification = CollateralVerifier.Verify(collateral, root, clock.GetUtcNow());
                (_trusted, _readAt) = (verification.Trusted, written);
                missing = verification.Trusted is null ? verification.Findings[0] : null;
                return _trusted;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                missing = new Finding("COLLATERAL_MISSING", FindingSeverity.Undecided, $"the collateral cannot be read: {e.Message}")
                {
                    Actor = FindingActor.VerifierOperator,
                };
                return null;
            }
        }
    }
}
