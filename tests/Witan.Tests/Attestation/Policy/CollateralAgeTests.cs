using Witan.Attestation;
using Witan.Fuzz.Pki;
using Witan.Tests.Attestation.Ias;
using Witan.Tests.Attestation.Synthetic;
using Xunit;

namespace Witan.Tests.Attestation.Policy;

/// <summary>What lowers a tier for the age of collateral rejects nothing: its operator cannot make it newer.</summary>
public class CollateralAgeTests
{
    // The collateral is three to four days old.
    private static readonly AppraisalPolicy Strictest = AppraisalPolicy.Phala with { Name = "ours", WorstLevel = 1, CollateralDemoteAge = TimeSpan.FromDays(2) };

    [Fact]
    public void A_tier_that_is_too_bad_by_age_alone_is_the_verifiers_operators_to_mend()
    {
        Verdict verdict = Judgement.Of(new TestAuthority(tdx: true), Strictest).Verdict;
        Assert.Equal((AppraisalOutcome.Undecided, 1, 2), (verdict.Outcome, verdict.ConfidenceLevel, verdict.EffectiveTier));
        Assert.Equal(("POLICY_COLLATERAL_AGE", FindingActor.VerifierOperator, "Fetch newer collateral."), (verdict.Cause!.Code, verdict.Cause.Actor, verdict.Cause.Remedy));
        Assert.Equal(AppraisalOutcome.Accepted, Judgement.Of(new TestAuthority(tdx: true), Strictest with { WorstLevel = 2 }).Verdict.Outcome);
        Assert.Equal(AppraisalOutcome.Accepted, Judgement.Of(new TestAuthority(tdx: true), Strictest with { Graces = [new PolicyGrace(2, null, TestAuthority.Noon, null)] }).Verdict.Outcome);
    }

    [Fact]
    public void A_level_that_is_too_bad_without_it_is_still_the_platforms()
    {
        var old = new TestAuthority(tdx: true);
        old.Extension.PceSvn = 12;
        Verdict verdict = Judgement.Of(old, Strictest with { WorstLevel = 4 }).Verdict;
        Assert.Equal((AppraisalOutcome.Rejected, "POLICY_TCB_STATUS", FindingActor.PlatformOperator), (verdict.Outcome, verdict.Cause!.Code, verdict.Cause.Actor));
    }

    [Fact]
    public void An_old_report_asks_for_a_quote()
    {
        AppraisalPolicy policy = Strictest with { AcceptSimulated = true, CollateralDemoteAge = TimeSpan.FromSeconds(1) };
        Verdict verdict = Appraiser.Appraise(new IasTestService().Verify(IasTestService.Body("OK")), policy);
        Assert.Equal((AppraisalOutcome.Undecided, "POLICY_COLLATERAL_AGE"), (verdict.Outcome, verdict.Cause!.Code));
        Assert.Contains("DCAP quote", verdict.Cause.Remedy, StringComparison.Ordinal);
    }
}
