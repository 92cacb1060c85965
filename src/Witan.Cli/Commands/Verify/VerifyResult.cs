using Witan.Attestation;
using Witan.Dstack.Evidence;

namespace Witan.Cli.Commands.Verify;

/// <summary>What came of one file.</summary>
/// <param name="File">Its name.</param>
/// <param name="Quote">Null where it is none.</param>
/// <param name="Facts">Null where there was no trusted collateral.</param>
/// <param name="Verdict">The verdict.</param>
internal sealed record VerifyResult(string File, Quote? Quote, QuoteFacts? Facts, Verdict Verdict)
{
    /// <summary>What the early TCB set makes of it; null where none was given.</summary>
    public TcbForecast? Forecast { get; init; }

    /// <summary>What a dstack guest's report proves; null where the file is none.</summary>
    public DstackFacts? Guest { get; init; }

    /// <summary>What an attestation verification report proves; null where the file is none.</summary>
    public IasFacts? Ias { get; init; }

    /// <summary>What another verifier's token says; null where the file is none.</summary>
    public TokenFacts? Token { get; init; }

    /// <summary>The kind of evidence, for <c>evidence.kind</c>.</summary>
    public string Kind { get; init; } = Quote is null ? "unknown" : Quote.Tee == TeeType.Sgx ? "sgx-quote" : "tdx-quote";
}
