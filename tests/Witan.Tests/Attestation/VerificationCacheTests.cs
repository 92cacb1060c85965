using Witan.Attestation;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.Tests.Attestation;

/// <summary>A verdict never depends on what a cache holds, and what it holds is bounded.</summary>
public sealed class VerificationCacheTests : IDisposable
{
    private readonly SimulatedPlatform _platform = new("cache");

    public void Dispose() => _platform.Dispose();

    [Fact]
    public void Real_quotes_give_the_same_facts_from_an_empty_and_from_a_full_cache()
    {
        string[] names = [.. SharedData.Files("data/quotes/cases", "*.json").Select(path => Path.GetFileName(path)!)];
        Assert.SkipWhen(names.Length == 0, "no shared data");
        var cache = new VerificationCache();
        foreach (string name in names.Concat(names))
        {
            QuoteCase real = QuoteCase.Load(name);
            Quote quote = SimulatedPlatform.Parse(real.Quote);
            TrustedCollateral collateral = real.TrustedCollateral();
            Same(QuoteVerifier.Verify(quote, collateral, real.At), QuoteVerifier.Verify(quote, collateral, real.At, cache));
        }

        Assert.True(cache.PckChains > 10 && cache.AttestationKeys > 10 && cache.TcbEvaluations > 10);
    }

    [Theory]
    [InlineData("signature", "QUOTE_SIGNATURE_INVALID")]
    [InlineData("key", "QE_REPORT_DATA_MISMATCH")]
    [InlineData("qe report", "QE_REPORT_SIGNATURE_INVALID")]
    [InlineData("qe signature", "QE_REPORT_SIGNATURE_INVALID")]
    [InlineData("qe auth data", "QE_REPORT_DATA_MISMATCH")]
    [InlineData("body", "QUOTE_SIGNATURE_INVALID")]
    public void A_known_host_proves_everything_again(string where, string code)
    {
        TrustedCollateral collateral = _platform.Trusted();
        var cache = new VerificationCache();
        byte[] bytes = _platform.QuoteBytes();
        Quote good = SimulatedPlatform.Parse(bytes);
        Assert.Equal(Authenticity.Genuine, QuoteVerifier.Verify(good, collateral, SimulatedPlatform.At, cache).Authenticity);
        int from = where switch
        {
            "signature" => good.Bytes.Span.IndexOf(good.Signature),
            "key" => good.Bytes.Span.IndexOf(good.AttestationKey),
            "qe report" => good.Bytes.Span.IndexOf(good.QeReport.Bytes.Span),
            "qe signature" => good.Bytes.Span.IndexOf(good.QeReportSignature),
            "qe auth data" => good.Bytes.Span.IndexOf(good.QeAuthData),
            _ => 520 + 48,
        };
        for (int i = 0; i < 32; i++)
        {
            byte[] damaged = [.. bytes];
            damaged[from + i] ^= (byte)(1 << (i % 8));
            Quote quote = SimulatedPlatform.Parse(damaged);
            QuoteFacts warm = QuoteVerifier.Verify(quote, collateral, SimulatedPlatform.At, cache);
            Assert.Equal(Authenticity.NotGenuine, warm.Authenticity);
            Assert.Equal(code, warm.Findings[0].Code);
            Same(QuoteVerifier.Verify(quote, collateral, SimulatedPlatform.At), warm);
        }

        Assert.Equal(1, cache.AttestationKeys);
    }

    [Fact]
    public void Time_and_revocation_are_judged_anew()
    {
        var cache = new VerificationCache();
        Quote quote = SimulatedPlatform.Parse(_platform.QuoteBytes());
        TrustedCollateral collateral = _platform.Trusted();
        Assert.Equal(Authenticity.Genuine, QuoteVerifier.Verify(quote, collateral, SimulatedPlatform.At, cache).Authenticity);
        QuoteFacts late = QuoteVerifier.Verify(quote, collateral, new DateTimeOffset(2050, 1, 1, 0, 0, 0, TimeSpan.Zero), cache);
        Assert.Contains(late.Findings, finding => finding.Code == "PCK_EXPIRED");
        Assert.True(late.IsCollateralStale);

        _platform.RevokePck();
        QuoteFacts revoked = QuoteVerifier.Verify(quote, _platform.Trusted(), SimulatedPlatform.At, cache);
        Assert.Equal("PCK_REVOKED", revoked.Findings[0].Code);
        Assert.Equal(Authenticity.NotGenuine, revoked.Authenticity);
        Assert.Null(revoked.Tcb);
    }

    [Fact]
    public void A_chain_under_one_root_is_not_known_under_another()
    {
        var cache = new VerificationCache();
        Quote quote = SimulatedPlatform.Parse(_platform.QuoteBytes());
        QuoteVerifier.Verify(quote, _platform.Trusted(), SimulatedPlatform.At, cache);
        using var other = new SimulatedPlatform("another root");
        QuoteFacts facts = QuoteVerifier.Verify(quote, other.Trusted(), SimulatedPlatform.At, cache);
        Assert.Equal("ROOT_CA_UNTRUSTED", facts.Findings[0].Code);
        Assert.Equal(Authenticity.NotGenuine, facts.Authenticity);
    }

    [Fact]
    public void Another_TCB_info_is_another_evaluation()
    {
        var cache = new VerificationCache();
        Quote quote = SimulatedPlatform.Parse(_platform.QuoteBytes());
        Assert.Equal(TcbStatus.UpToDate, QuoteVerifier.Verify(quote, _platform.Trusted(), SimulatedPlatform.At, cache).Tcb!.Status);
        _platform.Sign("tcb_info", _platform.Json["tcb_info"]!.GetValue<string>().Replace("\"pcesvn\":13", "\"pcesvn\":14", StringComparison.Ordinal));
        QuoteFacts behind = QuoteVerifier.Verify(quote, _platform.Trusted(), SimulatedPlatform.At, cache);
        Assert.Null(behind.Tcb!.Status);
        Assert.Contains(behind.Findings, finding => finding.Code == "TCB_LEVEL_UNSUPPORTED");
    }

    [Fact]
    public void It_never_holds_more_than_twice_its_capacity()
    {
        var cache = new VerificationCache(2);
        TrustedCollateral collateral = _platform.Trusted();
        byte[] bytes = _platform.QuoteBytes();
        // Text around the armour makes another chain of bytes, which is as good.
        for (int i = 0; i < 20; i++)
        {
            byte[] chain = [.. System.Text.Encoding.ASCII.GetBytes($"chain {i}\n{_platform.Pki.PckChainPem}")];
            Quote quote = SimulatedPlatform.Parse(SimulatedPlatform.WithCertification(bytes, 5, chain));
            Assert.Equal(Authenticity.Genuine, QuoteVerifier.Verify(quote, collateral, SimulatedPlatform.At, cache).Authenticity);
            Assert.InRange(cache.PckChains, 1, 4);
        }

        Assert.Equal(1, cache.AttestationKeys);
        Assert.Throws<ArgumentOutOfRangeException>(() => new VerificationCache(0));
    }

    [Fact]
    public async Task Threads_share_it()
    {
        var cache = new VerificationCache(4);
        TrustedCollateral collateral = _platform.Trusted();
        Quote[] quotes = [.. Enumerable.Range(0, 16).Select(i => SimulatedPlatform.Parse(_platform.QuoteBytes((byte)i)))];
        bool[] good = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
            quotes.All(quote => QuoteVerifier.Verify(quote, collateral, SimulatedPlatform.At, cache).Authenticity == Authenticity.Genuine))));
        Assert.All(good, Assert.True);
    }

    private static void Same(QuoteFacts cold, QuoteFacts warm)
    {
        Assert.Equal(cold.Authenticity, warm.Authenticity);
        Assert.Equal(cold.Findings, warm.Findings);
        Assert.Equal(cold.Tcb?.Status, warm.Tcb?.Status);
        Assert.Equal(cold.Tcb?.AdvisoryIds, warm.Tcb?.AdvisoryIds);
        Assert.Equal(cold.Tcb?.Date, warm.Tcb?.Date);
        Assert.Equal(cold.Tcb?.Shortfall, warm.Tcb?.Shortfall);
        Assert.Equal(cold.PckCertificate?.Fingerprint, warm.PckCertificate?.Fingerprint);
        Assert.Equal(cold.PckIssuer, warm.PckIssuer);
        Assert.Equal(cold.IsCollateralStale, warm.IsCollateralStale);
    }
}
