using Witan.Attestation;
using Witan.Cli.Commands.Verify;

namespace Witan.Cli.Commands.SgxTest;

/// <summary>Evidence with its rating, in the words of Phala Network's guide "Worker Confidence Level".</summary>
/// <param name="Kind">What it is, for people.</param>
/// <param name="QuoteStatus">What that guide calls <c>isvEnclaveQuoteStatus</c>; null where the evidence did not verify so far.</param>
/// <param name="AdvisoryIds">Intel's advisories that are open on the platform; null where they are not known.</param>
/// <param name="Blob">Lines of the platform info blob, decoded; empty where the evidence has none.</param>
/// <param name="Shortfall">What lies below the next better level.</param>
/// <param name="Verdict">The appraisal.</param>
internal sealed record RatedEvidence(
    string Kind, string? QuoteStatus, IReadOnlyList<string>? AdvisoryIds, IReadOnlyList<string> Blob, IReadOnlyList<TcbShortfall> Shortfall, Verdict Verdict)
{
    /// <summary>Where the report sends the reader for advisories; null for Intel's general page.</summary>
    public string? AdvisoryUrl { get; init; }

    /// <summary>Number and age of the collateral, in words; null where none was used.</summary>
    public string? Collateral { get; init; }

    /// <summary>What the published table says, where it says something else; null where it agrees, or where there is no level.</summary>
    public string? PublishedTable { get; init; }

    /// <summary>Rates an EPID report. The platform info blob is printed decoded; the older tool had its numbers in the wrong byte order.</summary>
    public static RatedEvidence Of(IasFacts facts, AppraisalPolicy policy)
    {
        IasReport report = facts.Report;
        string kind = $"EPID report of {report.Timestamp:yyyy-MM-dd HH:mm:ss} UTC, {(facts.Authenticity == Authenticity.Genuine ? "signature valid" : "not known to be genuine")}{(report.QuoteBody.Report.IsDebug ? ", debug enclave" : "")}";
        string[] blob = facts.PlatformInfo is { } info ? [info.ToString()] : [];
        Verdict verdict = Appraiser.Appraise(facts, policy);
        return new RatedEvidence(kind, report.StatusText, report.AdvisoryIds, blob, facts.Shortfall, verdict)
        {
            AdvisoryUrl = report.AdvisoryUrl,
            PublishedTable = Table(facts.TcbStatus, report.AdvisoryIds, verdict),
        };
    }

    /// <summary>What could not be read.</summary>
    public static RatedEvidence Refused(Verdict verdict) => new("not readable", null, null, [], [], verdict);

    public static RatedEvidence Of(VerifyResult result)
    {
        TcbFacts? tcb = result.Facts?.Tcb;
        string kind = result.Quote is { } quote ? $"{quote.Tee.ToString().ToUpperInvariant()} quote of version {quote.Version}{(quote.IsDebug ? ", debug" : "")}" : "no quote";
        return new RatedEvidence(kind, tcb?.Status?.ToString(), tcb?.AdvisoryIds, [], tcb?.Shortfall ?? [], result.Verdict)
        {
            PublishedTable = tcb is null ? null : Table(tcb.Status, tcb.AdvisoryIds, result.Verdict),
            Collateral = tcb is null ? null : $"TCB evaluation number {tcb.EvaluationDataNumber}, {(result.Facts!.CollateralAge ?? TimeSpan.Zero).Days} days old{(result.Facts.IsCollateralStale ? ", stale" : "")}",
        };
    }

    private static string? Table(TcbStatus? status, IReadOnlyList<string> advisories, Verdict verdict) =>
        verdict.ConfidenceLevel is null ? null : VerifyText.PublishedTable(status, advisories, verdict);
}
