using System.Text;
using Witan.Attestation;
using Witan.Fuzz.Flips;
using Witan.Fuzz.Pki;
using Witan.Fuzz.Quotes;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.Tests.Attestation.Fuzz;

/// <summary>The short versions of <c>eng/fuzz.sh</c> and <c>eng/flips.sh</c>.</summary>
public class FuzzTests
{
    public static TheoryData<string> Targets => [.. AttestationTargets.Names];

    public static TheoryData<string> Quotes => [.. SharedData.Files("data/quotes/quotes", "*.bin").Select(path => Path.GetFileName(path)!)];

    [Theory]
    [MemberData(nameof(Targets))]
    public void Changed_samples_are_refused_or_keep_their_claims(string target)
    {
        var (loop, samples) = AttestationTargets.Target(target)!.Value;
        Assert.Equal(0, loop.Mutate(samples, 400, seed: 77));
    }

    // Found by fuzzing: strings that are well-formed JSON, or bytes that are nearly, and no text.
    [Theory]
    [InlineData("tcb_info_signature")]
    [InlineData("tcb_info")]
    [InlineData("pck_crl_issuer_chain")]
    public void A_member_in_broken_UTF8_is_refused(string member)
    {
        byte[] file = new TestAuthority(tdx: true).CollateralBytes();
        int at = file.AsSpan().IndexOf(Encoding.ASCII.GetBytes($"\"{member}\":")) + member.Length + 4;
        file[at] = 0xFF;
        Assert.False(Collateral.TryParse(file, out _, out Finding? refusal));
        Assert.Equal("COLLATERAL_FORMAT", refusal.Code);
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Quotes))]
    public void Flips_spread_over_every_real_quote_are_refused_or_keep_its_claims(string name)
    {
        SuiteCase? real = SuiteCase.All(SharedData.Path("data", "quotes")).FirstOrDefault(item => item.QuoteName.EndsWith(name, StringComparison.Ordinal));
        if (real is null)
            return;
        // Another phase for each quote: together the quotes cover every bit of the common layout.
        int phase = Quotes.Select((row, i) => (row.Data, i)).First(item => item.Data == name).i * 13;
        FlipResult result = QuoteFlips.Run(real.Quote, real.Trusted(), real.At, phase, 797);
        Assert.Equal([], result.Wrong);
        string page = File.ReadAllText(Path.Combine(SharedData.Repository, "docs", "reference", "accepted-flips.md"));
        Assert.All(result.Accepted.Keys, region => Assert.Contains($"`{region}`", page, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_flip_and_every_truncation_of_a_real_quote_of_each_kind_is_refused_or_keeps_its_claims()
    {
        // Of every quote it is eng/flips.sh. Version and TEE are at the offsets 0 and 4.
        foreach (SuiteCase real in SuiteCase.All(SharedData.Path("data", "quotes")).GroupBy(item => (item.Quote[0], item.Quote[4])).Select(same => same.MinBy(item => item.Quote.Length)!))
        {
            TrustedCollateral trusted = real.Trusted();
            Assert.Equal([], QuoteFlips.Run(real.Quote, trusted, real.At, 0, 1).Wrong);
            Assert.True(Quote.TryParse(real.Quote, out Quote? whole, out _));
            string original = Samples.Claims(QuoteVerifier.Verify(whole, trusted, real.At))!;
            Parallel.For(0, real.Quote.Length, length =>
            {
                string? now = Quote.TryParse(real.Quote.AsMemory(0, length).ToArray(), out Quote? cut, out _) ? Samples.Claims(QuoteVerifier.Verify(cut, trusted, real.At)) : null;
                Assert.True(now is null || (length >= whole.Bytes.Length && now == original), $"{real.QuoteName} cut at {length}");
            });
        }
    }

    [Fact]
    public void Every_truncation_and_every_byte_of_a_quote_of_every_body_is_refused_or_keeps_its_claims()
    {
        foreach (byte[] sample in Samples.Quotes())
        {
            string original = Samples.Claims(sample)!;
            Assert.True(Quote.TryParse(sample, out Quote? quote, out _));
            for (int length = 0; length < sample.Length; length++)
                Assert.True(Samples.Claims(sample[..length]) is not { } now || (length >= quote.Bytes.Length && now == original), $"cut at {length}");
            // Header, body, signature, attestation key and QE report: one bit of each byte here, all bits by eng/flips.sh.
            int certification = sample.AsSpan().IndexOf(quote.CertificationData);
            Parallel.For(0, certification, at =>
            {
                int bit = (at * 8) + (at * 5 % 8);
                byte[] changed = [.. sample];
                changed[bit / 8] ^= (byte)(1 << (bit % 8));
                Assert.True(Samples.Claims(changed) is not { } now || now == original, $"bit {bit}");
            });
        }
    }

    [Fact]
    public void Limits_hold_before_any_signature_is_looked_at()
    {
        var authority = new TestAuthority(tdx: true);
        Assert.False(Quote.TryParse(new byte[Quote.MaximumSize + 1], out _, out Finding? refusal));
        Assert.Equal("QUOTE_TOO_LARGE", refusal.Code);
        Assert.False(Collateral.TryParse(new byte[Collateral.MaximumSize + 1], out _, out refusal));
        Assert.Equal("COLLATERAL_TOO_LARGE", refusal.Code);
        Assert.False(RevocationList.TryParse(new byte[RevocationList.MaximumSize + 1], out _));
        Assert.False(PolicyFile.TryParse(new byte[PolicyFile.MaximumSize + 1], out _, out refusal));

        // With the limit broken and every signature wrong as well, the limit is the cause that is named.
        authority.Quote.AuthData = new byte[65535];
        authority.Quote.ChangeSignature = _ => new byte[64];
        authority.Quote.ChangeQeSignature = _ => new byte[64];
        Assert.False(Quote.TryParse(authority.QuoteBytes(), out _, out refusal));
        Assert.Equal("QUOTE_TOO_LARGE", refusal.Code);
        var chains = new TestAuthority(tdx: true);
        chains.TcbSigning.Signer = TestAuthority.Key("stranger");
        chains.SigningChain = () => string.Concat(Enumerable.Repeat(chains.TcbSigning.Pem(), 9));
        Assert.True(Collateral.TryParse(chains.CollateralBytes(), out Collateral? collateral, out _));
        Assert.Equal("TCB_SIGNING_CERT_MISSING", CollateralVerifier.Verify(collateral, Samples.Root, TestAuthority.Noon).Findings[0].Code);
    }
}
