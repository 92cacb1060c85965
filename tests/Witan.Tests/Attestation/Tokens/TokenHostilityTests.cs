using System.Security.Cryptography;
using System.Text;
using Witan.Attestation;
using Xunit;

namespace Witan.Tests.Attestation.Tokens;

/// <summary>Changed, borrowed and forged tokens: each refused, each with its own finding.</summary>
public class TokenHostilityTests
{
    private const string Good = """{"alg":"ES256","typ":"JWT","kid":"KID"}""";

    [Theory]
    [InlineData(EarProfile.Veraison2023)]
    [InlineData(EarProfile.Rats03)]
    public void Every_changed_byte_and_every_truncation_is_refused(EarProfile profile)
    {
        var bench = new TokenBench();
        string token = bench.Issue(profile);
        Assert.Equal(Authenticity.Genuine, bench.Verify(token).Authenticity);
        for (int at = 0; at < token.Length; at++)
        {
            char[] changed = token.ToCharArray();
            changed[at] = (char)(changed[at] ^ (1 << (at % 7)));
            Assert.Equal(Authenticity.NotGenuine, bench.Verify(new string(changed)).Authenticity);
            changed[at] = token[at] == 'A' ? 'B' : 'A';
            Assert.Equal(Authenticity.NotGenuine, bench.Verify(new string(changed)).Authenticity);
            Assert.Equal(Authenticity.NotGenuine, bench.Verify(token[..at]).Authenticity);
        }

        foreach (string more in new[] { "A", "=", ".", " ", "AAAA" })
            Assert.Equal(Authenticity.NotGenuine, bench.Verify(token + more).Authenticity);
    }

    [Theory]
    [InlineData("""{"alg":"none","kid":"KID"}""", "TOKEN_ALGORITHM")]
    [InlineData("""{"alg":"HS256","kid":"KID"}""", "TOKEN_ALGORITHM")]
    [InlineData("""{"alg":"RS256","kid":"KID"}""", "TOKEN_ALGORITHM")]
    [InlineData("""{"alg":"es256","kid":"KID"}""", "TOKEN_ALGORITHM")]
    [InlineData("""{"alg":"ES384","kid":"KID"}""", "TOKEN_ALGORITHM")]
    [InlineData("""{"alg":["ES256"],"kid":"KID"}""", "TOKEN_FORMAT")]
    [InlineData("""{"alg":"ES256","alg":"ES256","kid":"KID"}""", "TOKEN_FORMAT")]
    [InlineData("""{"alg":"ES256"}""", "TOKEN_FORMAT")]
    [InlineData("""{"alg":"ES256","kid":"another"}""", "TOKEN_KEY_UNKNOWN")]
    [InlineData("""{"alg":"ES256","kid":"../KID"}""", "TOKEN_KEY_UNKNOWN")]
    [InlineData("""{"alg":"ES256","kid":"KID","crit":["exp"]}""", "TOKEN_CRITICAL_HEADER")]
    [InlineData("""{"alg":"ES256","kid":"KID","typ":"at+jwt"}""", "TOKEN_TYPE")]
    [InlineData("""["alg","ES256"]""", "TOKEN_FORMAT")]
    [InlineData("""{"alg":"ES256","kid":"KID"}{}""", "TOKEN_FORMAT")]
    public void A_header_that_confuses_is_refused_though_the_signature_holds(string header, string code)
    {
        var bench = new TokenBench();
        (_, string claims) = TokenBench.Open(bench.Issue());
        Assert.Equal(code, FirstError(bench.Verify(bench.Sign(header.Replace("KID", bench.Set.Keys[0].KeyId, StringComparison.Ordinal), claims))));
    }

    [Fact]
    public void A_key_that_a_token_brings_is_not_used()
    {
        var bench = new TokenBench();
        using ECDsa stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        JsonWebKey own = JsonWebKey.Of(stranger);
        (_, string claims) = TokenBench.Open(bench.Issue());
        string embedded = $$"""{"alg":"ES256","kid":"{{own.KeyId}}","jwk":{"kty":"EC","crv":"P-256","x":"{{System.Buffers.Text.Base64Url.EncodeToString(own.X.Span)}}","y":"{{System.Buffers.Text.Base64Url.EncodeToString(own.Y.Span)}}"},"jku":"https://example.org/jwks"}""";
        string signed = System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(embedded)) + "." + System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims));
        string token = signed + "." + System.Buffers.Text.Base64Url.EncodeToString(stranger.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256));
        Assert.Equal("TOKEN_KEY_UNKNOWN", FirstError(bench.Verify(token)));
        // The issuer's own key keeps its worth beside such a header.
        TokenFacts facts = bench.Verify(bench.Sign(Good.Replace("KID\"", bench.Set.Keys[0].KeyId + "\",\"jku\":\"https://example.org\"", StringComparison.Ordinal), claims));
        Assert.Equal(Authenticity.Genuine, facts.Authenticity);
        Assert.Contains(facts.Findings, finding => finding.Code == "TOKEN_BROUGHT_KEY");
    }

    [Theory]
    [InlineData("\"iss\":\"tests\"", "\"iss\":\"tests\",\"iss\":\"tests\"", "TOKEN_FORMAT")]
    [InlineData("\"iss\":\"tests\"", "\"iss\":\"tests\",\"ear_status\":\"affirming\"", "TOKEN_FORMAT")]
    [InlineData("\"ear.status\":\"affirming\"", "\"ear.status\":\"affirming\",\"ear_status\":\"affirming\"", "TOKEN_FORMAT")]
    [InlineData("tag:github.com,2023:veraison/ear", "tag:ietf.org,2026:rats/ear#03", "TOKEN_FORMAT")]
    [InlineData("tag:github.com,2023:veraison/ear", "tag:example.org", "TOKEN_FORMAT")]
    [InlineData("\"iat\":", "\"iat\":1.5,\"was\":", "TOKEN_FORMAT")]
    [InlineData("\"iat\":", "\"iat\":1e9,\"was\":", "TOKEN_FORMAT")]
    [InlineData("\"hardware\":2", "\"hardware\":96", "TOKEN_FORMAT")]
    [InlineData("\"hardware\":2", "\"hardware\":200", "TOKEN_FORMAT")]
    [InlineData("\"ear.status\":\"affirming\"", "\"ear.status\":\"good\"", "TOKEN_FORMAT")]
    [InlineData("\"confidence_level\":1", "\"confidence_level\":0", "TOKEN_FORMAT")]
    [InlineData("\"confidence_level\":1", "\"confidence_level\":6", "TOKEN_FORMAT")]
    [InlineData("\"aud\":\"council\"", "\"aud\":\"others\"", "TOKEN_AUDIENCE")]
    [InlineData("\"aud\":\"council\"", "\"for\":\"council\"", "TOKEN_AUDIENCE")]
    [InlineData("\"aud\":\"council\"", "\"aud\":[\"council\"]", "TOKEN_FORMAT")]
    [InlineData("\"eat_nonce\":\"AQ", "\"eat_nonce\":\"AR", "TOKEN_NONCE")]
    [InlineData("\"eat_nonce\":", "\"eat_nonce\":\"short\",\"was\":", "TOKEN_FORMAT")]
    public void Claims_that_do_not_fit_are_refused_though_the_signature_holds(string from, string to, string code)
    {
        var bench = new TokenBench();
        (string header, string claims) = TokenBench.Open(bench.Issue());
        string changed = claims.Replace(from, to, StringComparison.Ordinal);
        Assert.NotEqual(claims, changed);
        Assert.Equal(code, FirstError(bench.Verify(bench.Sign(header, changed))));
    }

    [Fact]
    public void A_token_lives_from_its_issue_to_its_end()
    {
        var bench = new TokenBench();
        string token = bench.Issue();
        Assert.Equal(Authenticity.Genuine, bench.Verify(token, TokenBench.Now.AddMinutes(5).AddSeconds(-1)).Authenticity);
        Assert.Equal("TOKEN_EXPIRED", FirstError(bench.Verify(token, TokenBench.Now.AddMinutes(5))));
        Assert.Equal(Authenticity.Genuine, bench.Verify(token, TokenBench.Now.AddMinutes(-1)).Authenticity);
        Assert.Equal("TOKEN_NOT_YET_VALID", FirstError(bench.Verify(token, TokenBench.Now.AddMinutes(-1).AddSeconds(-1))));
        Assert.Equal("TOKEN_ISSUER", FirstError(TokenVerifier.Verify(token, bench.Set, TokenBench.Expectations with { Issuer = "others" }, TokenBench.Now)));
        TokenFacts unchecked_ = TokenVerifier.Verify(token, bench.Set, TokenBench.Expectations with { Nonce = default }, TokenBench.Now);
        Assert.Contains(unchecked_.Findings, finding => finding is { Code: "TOKEN_NONCE", Severity: FindingSeverity.Note });
        (string header, string claims) = TokenBench.Open(token);
        string endless = bench.Sign(header, claims.Replace("\"exp\":", "\"end\":", StringComparison.Ordinal));
        Assert.Equal(Authenticity.Genuine, bench.Verify(endless, TokenBench.Now.AddMinutes(4)).Authenticity);
        Assert.Equal("TOKEN_EXPIRED", FirstError(bench.Verify(endless, TokenBench.Now.AddMinutes(5))));
    }

    [Fact]
    public void The_verifiers_verdict_is_never_improved()
    {
        var bench = new TokenBench();
        Verdict Judge(SubmoduleResult submodule, AppraisalPolicy policy) =>
            Appraiser.Appraise(bench.Verify(AttestationResultToken.Issue(TokenBench.Result(EarProfile.Veraison2023, submodule), bench.Key)), policy);
        AppraisalPolicy mine = TokenBench.Policy;
        Assert.Equal("TOKEN_RESULT_REJECTED", Judge(bench.Submodule("KEY_REVOKED"), mine).Cause!.Code);
        Assert.Equal("TOKEN_RESULT_REJECTED", Judge(bench.Submodule("GROUP_OUT_OF_DATE", policy: mine with { WorstLevel = 4 }), mine).Cause!.Code);
        Assert.Equal("POLICY_TCB_STATUS", Judge(bench.Submodule("GROUP_OUT_OF_DATE"), mine with { WorstLevel = 4 }).Cause!.Code);
        Assert.Equal("POLICY_ADVISORY", Judge(bench.Submodule("OK", "INTEL-SA-00219"), mine with { RejectedAdvisories = ["INTEL-SA-00219"] }).Cause!.Code);
        Assert.Equal("POLICY_MEASUREMENT", Judge(bench.Submodule(), mine with { MrEnclave = [new string('1', 64)] }).Cause!.Code);
        Assert.Equal("POLICY_MEASUREMENT", Judge(bench.Submodule(), mine with { MrTd = [new string('0', 96)] }).Cause!.Code);
        Assert.Equal("POLICY_EVALUATION_NUMBER", Judge(bench.Submodule(), mine with { MinimumEvaluationDataNumber = 1 }).Cause!.Code);
        Assert.Equal("POLICY_PLATFORM_IDENTITY", Judge(bench.Submodule(), mine with { MinimumProvenance = Provenance.P2 }).Cause!.Code);
        Assert.Equal("TOKEN_POLICY_UNSEEN", Judge(bench.Submodule(), mine with { RejectedPlatform = ["smt"] }).Cause!.Code);
        Assert.Equal("TOKEN_WITHOUT_LEVEL", Judge(bench.Submodule() with { Appraisal = null }, mine).Cause!.Code);
        // Another reading of the table gives another level: the token's own is not taken over.
        Verdict docs = Judge(bench.Submodule("OK", "INTEL-SA-00219"), AppraisalPolicy.PhalaDocs with { AcceptSimulated = true });
        Assert.Equal((AppraisalOutcome.Rejected, null), (docs.Outcome, docs.ConfidenceLevel));
        Assert.Equal((AppraisalOutcome.Accepted, 1), (Judge(bench.Submodule("OK", "INTEL-SA-00219"), mine).Outcome, Judge(bench.Submodule("OK", "INTEL-SA-00219"), mine).ConfidenceLevel));
    }

    [Theory]
    [InlineData("RelaunchAdvised", "POLICY_TCB_STATUS")]
    [InlineData("RelaunchAdvisedConfigurationNeeded", "POLICY_TCB_STATUS")]
    [InlineData("UpToDate", null)]
    public void A_level_that_only_the_issuers_policy_gives_to_a_launch_state_is_not_taken_over(string status, string? cause)
    {
        Verdict verdict = Judge(claim => claim with { TcbStatus = status });
        Assert.Equal(cause, verdict.Cause?.Code);
        Assert.Null(Judge(claim => claim with { TcbStatus = status }, TokenBench.Policy with { RelaunchAdvised = RelaunchRule.AsLaunched }).Cause);
    }

    [Fact]
    public void A_service_TD_that_only_the_issuer_lists_is_refused()
    {
        string service = new('5', 96);
        Verdict With(string value, AppraisalPolicy policy) =>
            Judge(claim => claim with { Claims = new Dictionary<string, string>(claim.Claims) { ["mrServiceTd"] = value } }, policy);
        Assert.Equal("POLICY_SERVICE_TD", With(service, TokenBench.Policy).Cause!.Code);
        Assert.Null(With(service, TokenBench.Policy with { ServiceTd = [service] }).Cause);
        Assert.Null(With(new string('0', 96), TokenBench.Policy).Cause);
    }

    [Fact]
    public void A_verdict_over_collateral_that_has_ended_since_is_undecided()
    {
        Verdict With(string kind, DateTimeOffset? to) => Judge(claim => claim with { Collateral = [new TokenDocument(kind, new string('0', 64), TokenBench.Now.AddDays(-60), to)] });
        Verdict stale = With("tcb-info", TokenBench.Now);
        Assert.Equal((AppraisalOutcome.Undecided, "TOKEN_COLLATERAL_STALE"), (stale.Outcome, stale.Cause!.Code));
        Assert.Null(With("tcb-info", TokenBench.Now.AddMinutes(1)).Cause);
        Assert.Null(With("pck-chain", null).Cause);
        Assert.Null(With("ias-signing-certificate", TokenBench.Now.AddYears(-1)).Cause);
    }

    private static Verdict Judge(Func<AppraisalClaim, AppraisalClaim> change, AppraisalPolicy? policy = null)
    {
        var bench = new TokenBench();
        SubmoduleResult submodule = bench.Submodule();
        submodule = submodule with { Appraisal = change(submodule.Appraisal!) };
        return Appraiser.Appraise(bench.Verify(AttestationResultToken.Issue(TokenBench.Result(EarProfile.Veraison2023, submodule), bench.Key)), policy ?? TokenBench.Policy);
    }

    [Fact]
    public void The_worst_of_several_submodules_counts()
    {
        var bench = new TokenBench();
        AttestationResult two = TokenBench.Result(EarProfile.Rats03, bench.Submodule(), bench.Submodule("GROUP_OUT_OF_DATE") with { Label = "cpu1" });
        Verdict verdict = Appraiser.Appraise(bench.Verify(AttestationResultToken.Issue(two, bench.Key)), TokenBench.Policy);
        Assert.Equal((AppraisalOutcome.Accepted, 5), (verdict.Outcome, verdict.ConfidenceLevel));
        two = two with { Submodules = [two.Submodules[0], two.Submodules[1] with { Appraisal = null }] };
        verdict = Appraiser.Appraise(bench.Verify(AttestationResultToken.Issue(two, bench.Key)), TokenBench.Policy);
        Assert.Equal((AppraisalOutcome.Undecided, null), (verdict.Outcome, verdict.ConfidenceLevel));
    }

    [Fact]
    public void What_must_not_be_issued_is_refused()
    {
        var bench = new TokenBench();
        AttestationResult result = TokenBench.Result(EarProfile.Veraison2023, bench.Submodule());
        Assert.Throws<ArgumentException>(() => AttestationResultToken.Issue(result with { Nonce = new byte[8] }, bench.Key));
        Assert.Throws<ArgumentException>(() => AttestationResultToken.Issue(result with { Audience = "" }, bench.Key));
        Assert.Throws<ArgumentException>(() => AttestationResultToken.Issue(result with { Submodules = [] }, bench.Key));
        Assert.Throws<ArgumentException>(() => AttestationResultToken.Issue(result with { Submodules = [bench.Submodule("GROUP_OUT_OF_DATE") with { Status = EarStatus.Affirming }] }, bench.Key));
        using ECDsa other = ECDsa.Create(ECCurve.NamedCurves.nistP521);
        Assert.Throws<ArgumentException>(() => AttestationResultToken.Issue(result, other));
    }

    private static string? FirstError(TokenFacts facts) => facts.Findings.FirstOrDefault(finding => finding.Severity == FindingSeverity.Error)?.Code;
}
