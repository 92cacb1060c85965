using System.Text.Json;
using Witan.Attestation;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.Tests.Attestation;

/// <summary>Real quotes with real collateral: status and advisories must be those of Intel's own library.</summary>
public class RealQuoteTests
{
    public static TheoryData<string> Cases => [.. SharedData.Files("data/quotes/cases", "*.json").Select(path => Path.GetFileName(path)!)];

    public static TheoryData<string> Malformed => [.. SharedData.Files("data/quotes/malformed", "*.bin").Select(path => Path.GetFileName(path)!)];

    public static TheoryData<string> Quotes => [.. SharedData.Files("data/quotes/quotes", "*.bin").Select(path => Path.GetFileName(path)!)];

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Cases))]
    public void Status_and_advisories_are_Intels(string name)
    {
        QuoteCase real = QuoteCase.Load(name);
        QuoteFacts facts = real.Verify();
        Assert.True(facts.Authenticity == Authenticity.Genuine, string.Join("; ", facts.Findings));
        Assert.Equal(real.Status, facts.Tcb!.Status?.ToString());
        Assert.Equal(real.Advisories, facts.Tcb.AdvisoryIds);
        Assert.Equal(real.IsDebug, facts.Quote.IsDebug);
        Assert.Equal(real.Fmspc, Convert.ToHexStringLower(facts.Pck!.Fmspc.Span));
        Assert.DoesNotContain(facts.Findings, finding => finding.Severity == FindingSeverity.Undecided);
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Malformed))]
    public void What_is_not_genuine_is_refused_with_a_finding(string name)
    {
        byte[] bytes = File.ReadAllBytes(SharedData.Path("data", "quotes", "malformed", name));
        Verdict verdict = Quote.TryParse(bytes, out Quote? quote, out Finding? refusal)
            ? Appraiser.Appraise(QuoteVerifier.Verify(quote, AnyCollateral(quote.Tee), new DateTimeOffset(2026, 6, 27, 22, 30, 0, TimeSpan.Zero)), AppraisalPolicy.Phala)
            : Appraiser.Refuse(refusal, AppraisalPolicy.Phala);
        Assert.NotEqual(AppraisalOutcome.Accepted, verdict.Outcome);
        Assert.Equal(Expected(name), verdict.Cause!.Code);
        Assert.Null(verdict.ConfidenceLevel);
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Quotes))]
    public void Every_real_quote_parses_and_every_truncation_is_refused(string name)
    {
        byte[] bytes = File.ReadAllBytes(SharedData.Path("data", "quotes", "quotes", name));
        Assert.True(Quote.TryParse(bytes, out Quote? quote, out _));
        for (int length = 0; length < quote.Bytes.Length; length++)
        {
            Assert.False(Quote.TryParse(bytes.AsMemory(0, length), out _, out Finding? refusal));
            Assert.NotNull(refusal.Offset);
        }
    }

    private static string Expected(string name) => name.Split('-')[2][..12] switch
    {
        "8551122067ba" or "9d37356fb871" or "d9c11dc745e4" => "QUOTE_TRUNCATED",
        "8cc428aaac34" or "72a05bf6c003" or "89231917720d" => "PCK_CHAIN_UNAVAILABLE",
        "7131b263af65" or "aa2cafadb32b" or "c04eb01f016d" or "6f8e92b8527d" => "PCK_CHAIN_FORMAT",
        "f4f27469fc6c" => "ROOT_CA_INVALID",
        "6dc7792ab051" or "7d63357da638" => "ROOT_CA_UNTRUSTED",
        _ => throw new InvalidOperationException(name),
    };

    private static TrustedCollateral AnyCollateral(TeeType tee) =>
        SharedData.Files("data/quotes/cases", tee == TeeType.Sgx ? "v3-*.json" : "v4-*.json")
            .Select(path => QuoteCase.Load(Path.GetFileName(path)!).TrustedCollateral()).First();
}

/// <summary>One case of the shared suite.</summary>
internal sealed record QuoteCase(byte[] Quote, byte[] Collateral, DateTimeOffset At, string? Status, string[] Advisories, bool IsDebug, string Fmspc)
{
    public static QuoteCase Load(string name)
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(SharedData.Path("data", "quotes", "cases", name)));
        JsonElement root = json.RootElement, expected = root.GetProperty("expected");
        byte[] File_(string member) => File.ReadAllBytes(SharedData.Path("data", "quotes", root.GetProperty(member).GetString()!));
        return new QuoteCase(
            File_("quote"),
            File_("collateral"),
            root.GetProperty("at").GetDateTimeOffset(),
            expected.GetProperty("tcbStatus").GetString(),
            [.. expected.GetProperty("advisoryIds").EnumerateArray().Select(id => id.GetString()!).Order(StringComparer.Ordinal)],
            root.GetProperty("debug").GetBoolean(),
            root.GetProperty("fmspc").GetString()!);
    }

    public TrustedCollateral TrustedCollateral()
    {
        Assert.True(Witan.Attestation.Collateral.TryParse(Collateral, out Witan.Attestation.Collateral? collateral, out Finding? refusal), refusal?.ToString());
        CollateralVerification verification = CollateralVerifier.Verify(collateral, TrustRoot.Intel, At);
        Assert.True(verification.Trusted is not null, string.Join("; ", verification.Findings));
        return verification.Trusted;
    }

    public QuoteFacts Verify()
    {
        Assert.True(Witan.Attestation.Quote.TryParse(Quote, out Witan.Attestation.Quote? quote, out Finding? refusal), refusal?.ToString());
        return QuoteVerifier.Verify(quote, TrustedCollateral(), At);
    }
}
