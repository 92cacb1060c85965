using System.Text;
using System.Text.Json.Nodes;
using Witan.Attestation;
using Witan.Fuzz.Pki;
using Xunit;

namespace Witan.Tests.Attestation.Synthetic;

/// <summary>What the whole way from bytes to verdict made of a test authority.</summary>
/// <param name="Verdict">The verdict.</param>
/// <param name="Facts">Null where there were none.</param>
internal sealed record Judgement(Verdict Verdict, QuoteFacts? Facts)
{
    private static readonly AppraisalPolicy Lenient = AppraisalPolicy.Phala with { RelaunchAdvised = RelaunchRule.AsLaunched };

    // Who gives collateral is the verifier's operator: what is wrong with it speaks against no evidence.
    private static readonly string[] OfCollateral = ["COLLATERAL_", "TCB_INFO_", "QE_IDENTITY_", "CRL_", "TCB_SIGNING_CERT_"];

    /// <summary>Code of the first cause against acceptance; null where it is accepted.</summary>
    public string? Cause => Verdict.Cause?.Code;

    /// <summary>Everything found.</summary>
    public IReadOnlyList<Finding> Findings => Verdict.Findings;

    public IEnumerable<string> Codes => Findings.Select(finding => finding.Code);

    public static Judgement Of(TestAuthority authority, AppraisalPolicy? policy = null)
    {
        policy ??= Lenient;
        if (!Quote.TryParse(authority.QuoteBytes(), out Quote? quote, out Finding? refusal))
            return new Judgement(Appraiser.Refuse(refusal, policy), null);
        if (!Collateral.TryParse(authority.CollateralBytes(), out Collateral? collateral, out refusal))
            return new Judgement(Appraiser.WithoutCollateral([refusal], policy), null);
        Assert.True(TrustRoot.TryCreate(Encoding.ASCII.GetBytes(authority.Anchor ?? authority.Root.Pem()), false, out TrustRoot? root, out refusal), refusal?.Message);
        CollateralVerification verification = CollateralVerifier.Verify(collateral, root, authority.At);
        if (verification.Trusted is null)
            return new Judgement(Appraiser.WithoutCollateral(verification.Findings, policy), null);
        QuoteFacts facts = QuoteVerifier.Verify(quote, verification.Trusted, authority.At);
        return new Judgement(Appraiser.Appraise(facts, policy), facts);
    }

    /// <summary>A case is a change of what is valid, and the first cause that must come of it: a code, or null for accepted.</summary>
    public static void Check(Dictionary<string, Case> cases, string name)
    {
        (bool tdx, Action<TestAuthority> change, string? expected, string[] also) = cases[name];
        var authority = new TestAuthority(tdx);
        change(authority);
        Judgement judgement = Of(authority);
        Assert.True(expected == judgement.Cause, $"{name}: expected {expected ?? "accepted"}, got {judgement.Cause ?? "accepted"}: {string.Join("; ", judgement.Findings.Select(finding => $"{finding.Code} {finding.Message}"))}");
        Assert.Equal(expected is null, judgement.Verdict.Outcome == AppraisalOutcome.Accepted);
        if (expected is not null && OfCollateral.Any(family => expected.StartsWith(family, StringComparison.Ordinal)))
            Assert.True(judgement.Verdict.Outcome == AppraisalOutcome.Undecided, $"{name}: {judgement.Verdict.Outcome}");
        foreach (string code in also)
            Assert.Contains(code, judgement.Codes);
        foreach (Finding finding in judgement.Findings.Where(finding => finding.Severity >= FindingSeverity.Warning))
            Assert.True(finding.Remedy is not null && finding.Actor != FindingActor.Nobody && finding.Subject is not null, $"{finding.Code} does not say what, how and who");
    }

    public static JsonObject At(JsonNode node, params object[] path) => (JsonObject)path.Aggregate(node, (at, step) => step is int i ? at[i]! : at[(string)step]!);
}

/// <summary>One row of a table.</summary>
internal sealed record Case(bool Tdx, Action<TestAuthority> Change, string? Cause, params string[] Also);
