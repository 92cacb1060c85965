using Witan.Attestation;
using Witan.Cli.Commands.Verify;

namespace Witan.Cli.Commands.SgxTest;

/// <summary>Evidence with its rating, in the words of the documents.</summary>
/// <param name="Kind">What it is, for people.</param>
/// <param name="QuoteStatus">What the documents call <c>isvEnclaveQuoteStatus</c>; null where the evidence did not verify so far.</param>
/// <param name="AdvisoryIds">Intel's advisories that are open on the platform.</param>
/// <param name="Blob">Lines of the platform info blob, decoded; empty where the evidence has none.</param>
/// <param name="Shortfall">What lies below the next better level.</param>
/// <param name="Verdict">The appraisal.</param>
internal sealed record RatedEvidence(
    string Kind, string? QuoteStatus, IReadOnlyList<string> AdvisoryIds, IReadOnlyList<string> Blob, IReadOnlyList<TcbShortfall> Shortfall, Verdict Verdict)
{
    /// <summary>Number and age of the collateral, in words; null where none was used.</summary>
    public string? Collateral { get; init; }

    public static RatedEvidence Of(VerifyResult result)
    {
        TcbFacts? tcb = result.Facts?.Tcb;
        string kind = result.Quote is { } quote ? $"{quote.Tee.ToString().ToUpperInvariant()} quote of version {quote.Version}{(quote.IsDebug ? ", debug" : "")}" : "no quote";
        return new RatedEvidence(kind, tcb?.Status?.ToString(), tcb?.AdvisoryIds ?? [], [], tcb?.Shortfall ?? [], result.Verdict)
        {
            Collateral = tcb is null ? null : $"TCB evaluation number {tcb.EvaluationDataNumber}, {(result.Facts!.CollateralAge ?? TimeSpan.Zero).Days} days old{(result.Facts.IsCollateralStale ? ", stale" : "")}",
        };
    }
}
