using System.Security.Cryptography;
using Witan.Attestation;
using Witan.Dstack.Evidence;
using Witan.Voting;

namespace Witan.Agent;

/// <summary>What judging a peer's evidence gave.</summary>
/// <param name="Verdict">The verdict.</param>
/// <param name="Digest">Identity of the evidence: <see cref="AgentEvidence.Hash"/>; zero where it was not looked at.</param>
/// <param name="Machine">What the evidence says of the machine; null where it was not looked at. Means nothing unless accepted.</param>
public sealed record JudgedEvidence(Witan.Attestation.Verdict Verdict, Digest Digest, AdmittedMachine? Machine);

/// <summary>
/// Verifies and appraises a peer's evidence with collateral at hand: the platform by the appraisal, what runs on it by the council's
/// policy.
/// </summary>
public sealed class EvidenceJudge(TextOrFile collateralSource, TrustRoot root, AppraisalPolicy policy, CouncilPolicy council, TimeProvider clock)
{
    private readonly VerificationCache _hosts = new();
    private readonly CollateralFile _collateral = new(collateralSource, root, clock);

    /// <summary>The policy's name.</summary>
    public string PolicyName => policy.Name;

    /// <summary>Judges evidence over expected report data. Throws nothing for bad evidence.</summary>
    public JudgedEvidence Judge(AgentEvidence evidence, ReportData expected)
    {
        AppraisalPolicy bound = policy with { ReportData = expected.ToBytes(), MrTd = [.. council.MrTd] };
        if (evidence.Problem() is { } malformed)
            return Refused(Wrong("EVIDENCE_FORMAT", malformed), bound);
        byte[] bytes;
        try
        {
            bytes = Convert.FromHexString(evidence.Quote);
        }
        catch (FormatException)
        {
            return Refused(Wrong("QUOTE_FORMAT", "the quote is not hexadecimal"), bound);
        }

        if (!Quote.TryParse(bytes, out Quote? quote, out Finding? refusal))
            return Refused(refusal, bound);
        if (_collateral.Current(out Finding? missing) is not { } collateral)
            return new JudgedEvidence(Appraiser.WithoutCollateral([missing!], bound), Digest.Zero, null);
        return quote.Tee == TeeType.Tdx
            ? JudgeGuest(quote, evidence, collateral, expected, bound)
            : JudgeEnclave(quote, evidence, collateral, expected, bound);
    }

    private JudgedEvidence JudgeGuest(Quote quote, AgentEvidence evidence, TrustedCollateral collateral, ReportData expected, AppraisalPolicy bound)
    {
        if (!EventLog.TryParse(System.Text.Encoding.UTF8.GetBytes(evidence.EventLog), out EventLog? log, out Finding? refusal))
            return Refused(refusal, bound);
        var sent = new DstackEvidence { Quote = quote, EventLog = log, Config = evidence.Config.Length > 0 ? evidence.Config : null };
        DstackFacts facts = DstackEvidence.Verify(sent, collateral, EvidenceExpectations.None, clock.GetUtcNow(), _hosts);
        Witan.Attestation.Verdict verdict = DstackAppraiser.Appraise(facts, new DstackPolicy
        {
            Platform = bound,
            OsImages = council.OsImageHashes.Count > 0 ? OsImageRule.ByHash([.. council.OsImageHashes]) : OsImageRule.DangerousAny,
            ComposeHashes = [.. council.ComposeHashesOf(expected.Role)],
            KeyProviders = [.. council.KeyProviders.Select(name => new KeyProvider(name, ""))],
            AcceptDevelopmentImages = bound.AcceptSimulated,
        });
        string instance = Hex(facts.Identity.InstanceId);
        var machine = new AdmittedMachine(
            instance, Hex(facts.DeviceId), Convert.ToHexStringLower(quote.TdReport.MrTd), Hex(facts.Identity.ComposeHash), council.Hash().ToString());
        // An app that wants no instance id has an empty one: then its word is all there is, bound by the report data.
        return instance.Length > 0 && instance != evidence.Instance
            ? Refused(Wrong("INSTANCE_MISMATCH", $"the agent says it is instance {evidence.Instance}; its event log measured {instance}"), bound)
            : Judged(verdict, evidence, machine with { Instance = evidence.Instance }, bound);
    }

    private JudgedEvidence JudgeEnclave(Quote quote, AgentEvidence evidence, TrustedCollateral collateral, ReportData expected, AppraisalPolicy bound)
    {
        if (council.ComposeHashesOf(expected.Role).Count > 0 || council.OsImageHashes.Count > 0 || council.KeyProviders.Count > 0)
            return Refused(Wrong("POLICY_MEASUREMENT", "the policy names what a dstack guest runs; the evidence is an enclave's"), bound);
        QuoteFacts facts = QuoteVerifier.Verify(quote, collateral, clock.GetUtcNow(), _hosts);
        string platform = facts is { Authenticity: Authenticity.Genuine, Pck: { } pck } ? Convert.ToHexStringLower(SHA256.HashData(pck.Ppid.Span)) : "";
        return Judged(
            Appraiser.Appraise(facts, bound), evidence,
            new AdmittedMachine(evidence.Instance, platform, Convert.ToHexStringLower(quote.SgxReport.MrEnclave), "", council.Hash().ToString()), bound);
    }

    private JudgedEvidence Judged(Witan.Attestation.Verdict verdict, AgentEvidence evidence, AdmittedMachine machine, AppraisalPolicy bound)
    {
        if (verdict.Outcome == AppraisalOutcome.Accepted && council.RevokedMrTd.Contains(machine.Measurement, StringComparer.Ordinal))
            return Refused(Wrong("MEASUREMENT_REVOKED", $"measurement {machine.Measurement[..16]}… is not accepted any more", FindingActor.WorkloadOwner), bound);
        if (verdict.Outcome == AppraisalOutcome.Accepted && council.Platforms.Count > 0 && !council.Platforms.Contains(machine.Platform, StringComparer.Ordinal))
            return Refused(Wrong("PLATFORM_UNKNOWN", "the platform is not one that the policy lists", FindingActor.PlatformOperator), bound);
        return new JudgedEvidence(verdict, evidence.Hash(), machine);
    }

    private static string Hex(ReadOnlyMemory<byte>? value) => value is { } bytes ? Convert.ToHexStringLower(bytes.Span) : "";

    private static Finding Wrong(string code, string message, FindingActor actor = FindingActor.Sender) =>
        new(code, FindingSeverity.Error, message) { Actor = actor };

    private static JudgedEvidence Refused(Finding finding, AppraisalPolicy policy) => new(Appraiser.Refuse(finding, policy), Digest.Zero, null);
}
