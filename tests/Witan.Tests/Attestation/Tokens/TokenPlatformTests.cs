using System.Security.Cryptography;
using System.Text;
using Witan.Attestation;
using Witan.Fuzz.Pki;
using Xunit;

namespace Witan.Tests.Attestation.Tokens;

/// <summary>Where a platform stands is said by the checker's own list: an issuer's list is the issuer's.</summary>
public class TokenPlatformTests
{
    private static readonly string Ppid = Convert.ToHexStringLower(SHA256.HashData(new TestPckExtension().Ppid));
    private static readonly AppraisalPolicy Issuers = AppraisalPolicy.Phala with { Name = "issuer", Platforms = [Entry(Ppid, Provenance.P3)] };

    [Fact]
    public void A_platform_that_only_the_issuer_lists_is_as_unknown_as_by_its_quote()
    {
        AppraisalPolicy mine = AppraisalPolicy.Phala with { Name = "mine", MinimumProvenance = Provenance.P2, Platforms = [Entry(new string('1', 64), Provenance.P2)] };
        Verdict quote = Appraiser.Appraise(Facts(), mine), token = Judge(Issuers, mine);
        Assert.Equal((AppraisalOutcome.Rejected, "POLICY_PLATFORM_IDENTITY"), (quote.Outcome, quote.Cause!.Code));
        Assert.Equal((AppraisalOutcome.Rejected, "POLICY_PLATFORM_IDENTITY"), (token.Outcome, token.Cause!.Code));
        Assert.Equal(quote.Provenance, token.Provenance);
    }

    [Fact]
    public void What_a_platform_is_worth_is_the_checkers_word_and_never_more_than_the_issuer_found()
    {
        AppraisalPolicy mine = AppraisalPolicy.Phala with { Name = "mine", MinimumProvenance = Provenance.P2, Platforms = [Entry(Ppid, Provenance.P2)] };
        Verdict listed = Judge(Issuers, mine), unlisted = Judge(AppraisalPolicy.Phala, mine);
        Assert.Equal((AppraisalOutcome.Accepted, Provenance.P2), (listed.Outcome, listed.Provenance.Level));
        Assert.Equal((AppraisalOutcome.Rejected, Provenance.P0), (unlisted.Outcome, unlisted.Provenance.Level));
        Assert.Contains("verifier", unlisted.Cause!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_its_ids_a_platform_is_judged_only_by_the_very_same_policy()
    {
        AppraisalPolicy mine = AppraisalPolicy.Phala with { Name = "mine", MinimumProvenance = Provenance.P2, Platforms = [Entry(Ppid, Provenance.P2)] };
        Verdict other = Judge(Issuers, mine, ids: false);
        Assert.Equal((AppraisalOutcome.Undecided, "TOKEN_POLICY_UNSEEN"), (other.Outcome, other.Cause!.Code));
        Assert.Equal((AppraisalOutcome.Accepted, Provenance.P2), (Judge(mine, mine, ids: false).Outcome, Judge(mine, mine, ids: false).Provenance.Level));
    }

    private static Verdict Judge(AppraisalPolicy issuers, AppraisalPolicy mine, bool ids = true)
    {
        QuoteFacts facts = Facts();
        var claims = new Dictionary<string, string>(StringComparer.Ordinal) { ["reportData"] = Convert.ToHexStringLower(facts.Quote.ReportData) };
        if (ids)
            (claims["ppidHash"], claims["fmspc"]) = (Ppid, Convert.ToHexStringLower(facts.Pck!.Fmspc.Span));
        SubmoduleResult submodule = AppraisalClaims.Of(facts, Appraiser.Appraise(facts, issuers), issuers, claims);
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        AttestationResult result = TokenBench.Result(EarProfile.Veraison2023, submodule) with { IssuedAt = TestAuthority.Noon, ExpiresAt = TestAuthority.Noon.AddMinutes(5) };
        TokenFacts read = TokenVerifier.Verify(
            AttestationResultToken.Issue(result, key), new JsonWebKeySet([JsonWebKey.Of(key)]), TokenBench.Expectations, TestAuthority.Noon.AddMinutes(1));
        Assert.True(read.Authenticity == Authenticity.Genuine, string.Join("; ", read.Findings));
        return Appraiser.Appraise(read, mine);
    }

    private static QuoteFacts Facts()
    {
        var authority = new TestAuthority(tdx: true);
        Assert.True(Quote.TryParse(authority.QuoteBytes(), out Quote? quote, out _));
        Assert.True(Collateral.TryParse(authority.CollateralBytes(), out Collateral? collateral, out _));
        Assert.True(TrustRoot.TryCreate(Encoding.ASCII.GetBytes(authority.Root.Pem()), false, out TrustRoot? root, out _));
        return QuoteVerifier.Verify(quote, CollateralVerifier.Verify(collateral, root, authority.At).Trusted!, authority.At);
    }

    private static PlatformEntry Entry(string ppid, Provenance provenance) => new() { PpidHash = ppid, Provenance = provenance };
}
