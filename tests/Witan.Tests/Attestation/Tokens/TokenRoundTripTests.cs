using System.Security.Cryptography;
using System.Text.Json;
using Witan.Attestation;
using Witan.Tests.Attestation.Ias;
using Xunit;

namespace Witan.Tests.Attestation.Tokens;

/// <summary>What is signed is what is read, in both spellings; and a real quote's token says what its verdict says.</summary>
public class TokenRoundTripTests
{
    private static readonly string[] Veraison = ["eat_profile", "iss", "aud", "iat", "exp", "eat_nonce", "ear.verifier-id", "submods"];
    private static readonly string[] Rats = ["eat_profile", "iss", "aud", "iat", "exp", "eat_nonce", "ear_verifier_id", "submods"];

    [Theory]
    [InlineData(EarProfile.Veraison2023, "P-256")]
    [InlineData(EarProfile.Rats03, "P-256")]
    [InlineData(EarProfile.Veraison2023, "P-384")]
    [InlineData(EarProfile.Rats03, "P-384")]
    public void What_is_signed_is_what_is_read(EarProfile profile, string curve)
    {
        var bench = new TokenBench();
        using ECDsa key = ECDsa.Create(curve == "P-256" ? ECCurve.NamedCurves.nistP256 : ECCurve.NamedCurves.nistP384);
        AttestationResult result = TokenBench.Result(profile, bench.Submodule("CONFIGURATION_NEEDED", "INTEL-SA-00161") with { AttestedKey = key.ExportSubjectPublicKeyInfo() });
        string token = AttestationResultToken.Issue(result, key);
        Assert.True(JsonWebKeySet.TryParse(new JsonWebKeySet([JsonWebKey.Of(key)]).ToJson(), out JsonWebKeySet? keys, out _));
        TokenFacts facts = TokenVerifier.Verify(token, keys, TokenBench.Expectations, TokenBench.Now);
        Assert.True(facts.Authenticity == Authenticity.Genuine, string.Join("; ", facts.Findings));
        Assert.Equal(token.Split('.')[1], System.Buffers.Text.Base64Url.EncodeToString(TokenWriterBytes(facts.Result!)));
        AppraisalClaim claim = facts.Result!.Submodules.Single().Appraisal!;
        Assert.Equal((AppraisalOutcome.Accepted, 4, "CONFIGURATION_NEEDED", "simulated"), (claim.Outcome, claim.ConfidenceLevel, claim.TcbStatus, claim.Mode));
        Assert.Equal(TokenBench.Policy.Hash(), claim.PolicyHash);
        Assert.Equal(key.ExportSubjectPublicKeyInfo(), facts.Result.Submodules[0].AttestedKey.ToArray());
        Assert.Equal(EarStatus.Warning, facts.Result.Submodules[0].Status);
        Verdict verdict = Appraiser.Appraise(facts, TokenBench.Policy);
        Assert.Equal((AppraisalOutcome.Accepted, 4), (verdict.Outcome, verdict.ConfidenceLevel));
        Assert.Equal("POLICY_SIMULATED", Appraiser.Appraise(facts, AppraisalPolicy.Phala).Cause!.Code);

        using JsonDocument json = JsonDocument.Parse(TokenBench.Open(token).Claims);
        Assert.Equal(profile == EarProfile.Rats03 ? Rats : Veraison, json.RootElement.EnumerateObject().Select(member => member.Name));
        Assert.DoesNotContain(profile == EarProfile.Rats03 ? "\"ear." : "\"ear_", TokenBench.Open(token).Claims, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("OK", "", EarStatus.Affirming, 2, 2)]
    [InlineData("SW_HARDENING_NEEDED", "", EarStatus.Warning, 2, 32)]
    [InlineData("CONFIGURATION_NEEDED", "INTEL-SA-00334", EarStatus.Warning, 2, 32)]
    [InlineData("CONFIGURATION_NEEDED", "INTEL-SA-00161", EarStatus.Warning, 32, 32)]
    [InlineData("GROUP_OUT_OF_DATE", "", EarStatus.Warning, 32, null)]
    [InlineData("KEY_REVOKED", "", EarStatus.Contraindicated, 97, null)]
    public void The_vector_follows_the_facts(string status, string advisory, EarStatus expected, int hardware, int? configuration)
    {
        SubmoduleResult submodule = new TokenBench().Submodule(status, advisory);
        Assert.Equal((expected, (sbyte?)hardware, (sbyte?)configuration), (submodule.Status, submodule.Vector.Hardware, submodule.Vector.Configuration));
        Assert.True(submodule.Status >= submodule.Vector.Worst);
    }

    [Fact]
    public void An_unknown_measurement_is_contraindicated_and_what_could_not_be_decided_is_none()
    {
        var bench = new TokenBench();
        SubmoduleResult unknown = bench.Submodule(policy: TokenBench.Policy with { MrEnclave = [new string('1', 64)] });
        Assert.Equal((EarStatus.Contraindicated, (sbyte?)33), (unknown.Status, unknown.Vector.Executables));
        Assert.Equal((sbyte?)3, bench.Submodule(policy: TokenBench.Policy with { MrEnclave = [new string('0', 64)] }).Vector.Executables);
        IasFacts unsigned = IasCase.Verify(System.Text.Encoding.UTF8.GetBytes(IasTestService.Body("OK")), default, default, bench.Service.Root, IasTestService.At);
        SubmoduleResult none = AppraisalClaims.Of(unsigned, Appraiser.Appraise(unsigned, TokenBench.Policy), TokenBench.Policy, new Dictionary<string, string>());
        Assert.Equal((EarStatus.None, EarStatus.None), (none.Status, none.Vector.Worst));
    }

    [Fact]
    public void A_real_quotes_token_carries_its_verdict_and_its_collateral()
    {
        QuoteCase real = QuoteCase.Load("v4-tdx-34f9062b08d4-ad7f13.json");
        QuoteFacts facts = real.Verify();
        Verdict verdict = Appraiser.Appraise(facts, AppraisalPolicy.Phala);
        SubmoduleResult submodule = AppraisalClaims.Of(facts, verdict, AppraisalPolicy.Phala, new Dictionary<string, string> { ["mrTd"] = Convert.ToHexStringLower(facts.Quote.TdReport.MrTd) });
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        string token = AttestationResultToken.Issue(TokenBench.Result(EarProfile.Rats03, submodule), key);
        TokenFacts read = TokenVerifier.Verify(token, new JsonWebKeySet([JsonWebKey.Of(key)]), TokenBench.Expectations, TokenBench.Now);
        AppraisalClaim claim = read.Result!.Submodules[0].Appraisal!;
        Assert.Equal((verdict.ConfidenceLevel, real.Status), (claim.ConfidenceLevel, claim.TcbStatus));
        Assert.Equal(real.Advisories, claim.AdvisoryIds);
        using JsonDocument collateral = JsonDocument.Parse(real.Collateral);
        string tcbInfo = collateral.RootElement.GetProperty("tcb_info").GetString()!;
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(tcbInfo))), claim.Collateral.Single(document => document.Kind == "tcb-info").Sha256);
        Assert.Equal(7, claim.Collateral.Count);
        Assert.Equal(verdict.ConfidenceLevel, Appraiser.Appraise(read, AppraisalPolicy.Phala).ConfidenceLevel);
    }

    private static byte[] TokenWriterBytes(AttestationResult result)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return System.Buffers.Text.Base64Url.DecodeFromChars(AttestationResultToken.Issue(result, key).Split('.')[1]);
    }
}
