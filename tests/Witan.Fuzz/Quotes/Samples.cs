using System.Globalization;
using System.Text;
using Witan.Attestation;
using Witan.Fuzz.Pki;

namespace Witan.Fuzz.Quotes;

/// <summary>The test authority as the fuzz targets use it: its trusted collateral, and the claims of what verifies under it.</summary>
public static class Samples
{
    private static readonly Lazy<TrustedCollateral> Sgx = new(() => Trusted(false)), Tdx = new(() => Trusted(true));

    /// <summary>The test authority's root.</summary>
    public static TrustRoot Root { get; } = TrustRoot.TryCreate(Encoding.ASCII.GetBytes(new TestAuthority(true).Root.Pem()), false, out TrustRoot? root, out _) ? root : throw new InvalidOperationException();

    /// <summary>Quotes of every version and body.</summary>
    public static byte[][] Quotes()
    {
        var td15 = new TestAuthority(true) { Quote = { Version = 5, BodyType = 3, Body = TestDocuments.TdReport(648) } };
        var sgx4 = new TestAuthority(false) { Quote = { Version = 4, AuthData = [], Slack = [1, 2, 3] } };
        return [new TestAuthority(false).QuoteBytes(), new TestAuthority(true).QuoteBytes(), td15.QuoteBytes(), sgx4.QuoteBytes()];
    }

    /// <summary>The claims of a quote that is genuine; null for any other.</summary>
    public static string? Claims(byte[] bytes)
    {
        if (!Quote.TryParse(bytes, out Quote? quote, out Finding? refusal))
            return refusal.Code.Length > 0 ? null : throw new InvalidOperationException("a refusal without a code");
        return Claims(QuoteVerifier.Verify(quote, quote.Tee == TeeType.Sgx ? Sgx.Value : Tdx.Value, TestAuthority.Noon));
    }

    /// <summary>Everything that a reader of facts would rely on, as one text; null where the quote is not genuine.</summary>
    public static string? Claims(QuoteFacts facts)
    {
        Verdict verdict = Appraiser.Appraise(facts, AppraisalPolicy.Phala);
        if (facts.Authenticity != Authenticity.Genuine)
            return verdict.Outcome == AppraisalOutcome.Accepted ? throw new InvalidOperationException("accepted without being genuine") : null;
        return string.Create(CultureInfo.InvariantCulture, $"{Convert.ToHexString(facts.Quote.SignedBytes.Span)} {Convert.ToHexString(facts.Pck!.Ppid.Span)} {Convert.ToHexString(facts.Pck.Fmspc.Span)} {facts.Tcb!.Status} {facts.Tcb.Date:u} {string.Join(',', facts.Tcb.AdvisoryIds)} {verdict.Outcome} {verdict.ConfidenceLevel}");
    }

    private static TrustedCollateral Trusted(bool tdx) =>
        Collateral.TryParse(new TestAuthority(tdx).CollateralBytes(), out Collateral? collateral, out _) && CollateralVerifier.Verify(collateral, Root, TestAuthority.Noon).Trusted is { } trusted
            ? trusted
            : throw new InvalidOperationException("the test authority's own collateral is refused");
}
