using Witan.Attestation;

namespace Witan.Dstack.CollateralService;

/// <summary>The door between a server's bytes and everything else: authentic, for what was asked, fresh, not older than seen.</summary>
internal static class CollateralCheck
{
    /// <summary>Verifies what a source served. Throws <see cref="SourceException"/>.</summary>
    public static (Collateral Collateral, TrustedCollateral Trusted) Served(
        ServedDocuments served, CollateralSource source, PlatformFamily family, TcbSet set, TrustRoot root, SeenMarks? seen, DateTimeOffset at)
    {
        if (!CollateralBundle.TryAssemble(served, out Collateral? collateral, out Finding? refusal))
            throw SourceException.Of("COLLATERAL_SOURCE_ANSWER", source, "collateral", refusal!.Message);
        CollateralVerification verification = CollateralVerifier.Verify(collateral!, root, at);
        if (verification.Trusted is not { } trusted)
        {
            Finding cause = verification.Findings.FirstOrDefault(finding => finding.Severity == FindingSeverity.Error) ?? verification.Findings[0];
            throw SourceException.Of("COLLATERAL_SOURCE_NOT_AUTHENTIC", source, "collateral", cause.Message, "Do not use this source before its operator has explained it.", cause.Code);
        }

        if (Mismatch(trusted, family, set) is { } mismatch)
            throw SourceException.Of("COLLATERAL_SOURCE_WRONG_PLATFORM", source, "collateral", mismatch, "Do not use this source before its operator has explained it.");
        if (Stale(verification) is { } stale)
            throw SourceException.Of("COLLATERAL_SOURCE_STALE", source, "collateral", stale.Message, "The source's own cache is behind: refresh it, or name another.", stale.Code);
        return seen?.Refuses(SeenMarks.Of(trusted)) is { } rollback
            ? throw SourceException.Of("COLLATERAL_SOURCE_ROLLBACK", source, "collateral", rollback, "Refresh that server; older collateral hides what has become known since.")
            : (collateral!, trusted);
    }

    /// <summary>Verifies what was kept. Null, with the reason, where it does not serve any more.</summary>
    public static TrustedCollateral? Kept(CollateralEntry entry, CollateralEntryKey key, TrustRoot root, DateTimeOffset at, out Finding? reason)
    {
        reason = null;
        if (!Collateral.TryParse(entry.Bundle, out Collateral? collateral, out Finding? refusal))
        {
            reason = refusal;
            return null;
        }

        CollateralVerification verification = CollateralVerifier.Verify(collateral, root, at);
        if (verification.Trusted is null || Mismatch(verification.Trusted, key.Family, key.Set) is not null)
        {
            reason = verification.Findings.FirstOrDefault(finding => finding.Severity == FindingSeverity.Error)
                ?? new Finding("COLLATERAL_CACHE_CORRUPT", FindingSeverity.Warning, "it is for another platform family");
            return null;
        }

        // Past nextUpdate it is only not there: nothing is wrong with the file.
        return Stale(verification) is null ? verification.Trusted : null;
    }

    private static Finding? Stale(CollateralVerification verification) =>
        verification.Findings.FirstOrDefault(finding => finding.Severity == FindingSeverity.Undecided);

    private static string? Mismatch(TrustedCollateral trusted, PlatformFamily family, TcbSet set)
    {
        string fmspc = Convert.ToHexString(trusted.TcbInfo.Fmspc.Span);
        string identity = family.Tee == TeeType.Tdx ? "TD_QE" : "QE", ca = family.Ca == PckCa.Platform ? Names.PlatformCa : Names.ProcessorCa;
        return fmspc != family.Fmspc ? $"the TCB info is for FMSPC {fmspc}, where {family.Fmspc} was asked for"
            : trusted.TcbInfo.Tee != family.Tee ? $"the TCB info is for {trusted.TcbInfo.Tee.ToString().ToUpperInvariant()}, where {family.Tee.ToString().ToUpperInvariant()} was asked for"
            : trusted.QeIdentity.Id != identity ? $"the identity is of {trusted.QeIdentity.Id}, where {identity} was asked for"
            : trusted.PckCrl.IssuerName != ca ? $"the PCK CRL is by {trusted.PckCrl.IssuerName}, where {ca} was asked for"
            : set.EvaluationDataNumber is { } number && trusted.TcbInfo.EvaluationDataNumber != number
                ? $"the TCB info has evaluation number {trusted.TcbInfo.EvaluationDataNumber}, where {number} was asked for"
            : set.EvaluationDataNumber is { } asked && trusted.QeIdentity.EvaluationDataNumber != asked
                ? $"the QE identity has evaluation number {trusted.QeIdentity.EvaluationDataNumber}, where {asked} was asked for"
            : null;
    }
}
