using System.Security.Cryptography;
using System.Text;
using Witan.Attestation;
using Witan.Dstack.Evidence;
using Witan.Worker.Models;
using Finding = Witan.Attestation.Finding;

namespace Witan.Worker.Signers;

/// <summary>
/// Whether a provider's report shows that a TEE holds the key that signed an answer. Pure: everything comes in as an argument. The first
/// check that fails decides; what nobody can check offline is named and never counted as passed.
/// </summary>
public static class SignerVerifier
{
    /// <summary>Judges. <paramref name="nonce"/> is the worker's own, 32 bytes; <paramref name="report"/> is what came, to the byte.</summary>
    public static SignerAttestation Verify(
        ReadOnlyMemory<byte> report, AnswerKey signer, byte[] nonce, TrustedCollateral collateral, SignerPolicy policy, DateTimeOffset at)
    {
        var result = new SignerAttestation(SignerStanding.Attested, "", at, Convert.ToHexStringLower(nonce), policy.Platform.Name) { Report = report };
        try
        {
            return Judge(ProviderReport.Parse(report), signer, nonce, collateral, policy, result);
        }
        catch (FormatException e)
        {
            return result with { Standing = SignerStanding.ReportGarbage, Sentence = e.Message };
        }
    }

    private static SignerAttestation Judge(
        ProviderReport report, AnswerKey signer, byte[] nonce, TrustedCollateral collateral, SignerPolicy policy, SignerAttestation result)
    {
        SignerAttestation Not(SignerStanding standing, string sentence) => result with { Standing = standing, Sentence = sentence };
        IReadOnlyList<ProviderAttestation> all = signer.Kind == AnswerSigner.Gateway ? report.Gateway : report.Models;
        ProviderAttestation[] own = [.. all.Where(one => signer.IsNamedBy(one.SigningAddress, one.SigningAlgo))];
        if (own.Length == 0)
            return Not(SignerStanding.NoCandidate, $"none of the report's {all.Count} attestations is of the key that signed");
        if (own.Length > 1)
            return Not(SignerStanding.SeveralCandidates, $"{own.Length} attestations of the report are of the key that signed; which one counts is not guessed");
        ProviderAttestation sent = own[0];
        if (!string.Equals(sent.RequestNonce, result.Nonce, StringComparison.OrdinalIgnoreCase))
            return Not(SignerStanding.NonceMismatch, "the attestation answers another nonce than the one sent");

        if (!TryRead(sent, out DstackEvidence? evidence, out SignerStanding broken, out string? problem))
            return Not(broken, problem!);
        DstackFacts facts = DstackEvidence.Verify(evidence!, collateral, EvidenceExpectations.None, result.At);
        if (facts.Quote.Authenticity == Authenticity.NotGenuine)
            return Not(SignerStanding.QuoteInvalid, $"the quote is not genuine: {First(facts.Quote.Findings, FindingSeverity.Error)}");
        if (facts.Quote.Authenticity == Authenticity.Undetermined)
            return Not(SignerStanding.Undecided, $"the quote cannot be judged: {First(facts.Quote.Findings, FindingSeverity.Undecided)}");
        // The policy refuses debug as well; it has a name of its own because nothing else that is wrong would matter beside it.
        if (evidence!.Quote.IsDebug)
            return Not(SignerStanding.Debug, "the TD that holds the key is in debug mode: its memory can be read");
        Verdict verdict = Appraiser.Appraise(facts.Quote, policy.Platform);
        if (verdict.Outcome != AppraisalOutcome.Accepted)
        {
            return Not(
                verdict.Outcome == AppraisalOutcome.Undecided ? SignerStanding.Undecided : SignerStanding.PolicyRefused,
                $"the policy {policy.Platform.Name} does not accept the platform: {verdict.Cause?.Message}");
        }

        result = result with { ConfidenceLevel = verdict.ConfidenceLevel, IsSimulated = verdict.IsSimulated };
        return Bound(sent, facts, signer, nonce) is { } unbound ? Not(unbound.Standing, unbound.Sentence) : Program(sent, facts, nonce, policy, result);
    }

    private static (SignerStanding Standing, string Sentence)? Bound(ProviderAttestation sent, DstackFacts facts, AnswerKey signer, byte[] nonce)
    {
        ReadOnlySpan<byte> bound = facts.Evidence.Quote.ReportData;
        if (!bound[32..].SequenceEqual(nonce))
            return (SignerStanding.NonceNotBound, "the quote binds another nonce than the one sent");
        if (!bound[..32].SequenceEqual(signer.Padded()))
            return (SignerStanding.SignerNotBound, "the quote binds another key than the one that signed");
        return sent.ReportData is { } copy && !string.Equals(Plain(copy), Convert.ToHexStringLower(bound), StringComparison.OrdinalIgnoreCase)
            ? (SignerStanding.ReportDataCopy, "the report data beside the quote are not those in it")
            : null;
    }

    private static SignerAttestation Program(ProviderAttestation sent, DstackFacts facts, byte[] nonce, SignerPolicy policy, SignerAttestation result)
    {
        SignerAttestation Not(SignerStanding standing, string sentence) => result with { Standing = standing, Sentence = sentence };
        if (facts.Registers[RuntimeEvent.Register].Outcome != ReplayOutcome.Matches)
            return Not(SignerStanding.EventLogMismatch, "the event log does not replay to the quoted RTMR3");
        if (sent.AppCompose is not { } compose)
            return Not(SignerStanding.ComposeMismatch, "the report shows no app-compose file");
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(compose));
        string hex = Convert.ToHexStringLower(hash);
        if (!facts.Evidence.Quote.TdReport.MrConfigId.SequenceEqual(MrConfigId.V1(hash)))
            return Not(SignerStanding.ComposeMismatch, "the quote's configuration id is not that of the app-compose file shown");
        if (facts.Authenticity != Authenticity.Genuine)
            return Not(SignerStanding.EventLogMismatch, $"the evidence contradicts itself: {First(facts.Findings, FindingSeverity.Error)}");
        if (policy.ComposeHashes.Length > 0 && !policy.ComposeHashes.Contains(hex, StringComparer.Ordinal))
            return Not(SignerStanding.ComposeNotListed, $"the key is held by the app-compose file {hex}, which is not listed");
        if (sent.HasGpuEvidence && !string.Equals(sent.GpuNonce, result.Nonce, StringComparison.OrdinalIgnoreCase))
            return Not(SignerStanding.GpuNonceMismatch, "the GPU's evidence answers another nonce than the one sent");
        return result with
        {
            Sentence = $"the key is held by a TD that the policy accepts, which runs the app-compose file {hex[..16]}…",
            ComposeHash = hex,
            NotChecked = NotChecked(sent, policy),
        };
    }

    private static List<string> NotChecked(ProviderAttestation sent, SignerPolicy policy)
    {
        List<string> open =
        [
            sent.HasGpuEvidence
                ? "gpu: NVIDIA's verdict on the GPU's evidence; only the nonce in it was compared"
                : "gpu: no evidence of a GPU was sent, so nothing says where the model was computed",
            "os-image: which operating system booted; its registers were compared with no list",
            "tls: whether the connection that carried the prompt ended in that TD",
        ];
        if (policy.ComposeHashes.IsEmpty)
            open.Add("program: what the app-compose file runs; it was compared with no list");
        return open;
    }

    private static bool TryRead(ProviderAttestation sent, out DstackEvidence? evidence, out SignerStanding standing, out string? problem)
    {
        (evidence, standing) = (null, SignerStanding.QuoteInvalid);
        if (!TryHex(sent.Quote, out byte[] bytes))
            problem = "the quote is not hexadecimal";
        else if (!Quote.TryParse(bytes, out Quote? quote, out Finding? refusal))
            problem = $"the quote cannot be read: {refusal.Message}";
        else if (quote.Tee != TeeType.Tdx)
            problem = "the quote is not a TD's";
        else if (!EventLog.TryParse(Encoding.UTF8.GetBytes(sent.EventLog), out EventLog? log, out refusal))
            (standing, problem) = (SignerStanding.EventLogMismatch, $"the event log cannot be read: {refusal.Message}");
        else
            (evidence, problem) = (new DstackEvidence { Quote = quote, EventLog = log }, null);
        return problem is null;
    }

    private static bool TryHex(string text, out byte[] bytes)
    {
        string digits = Plain(text);
        bool good = digits.Length % 2 == 0 && digits.All(char.IsAsciiHexDigit);
        bytes = good ? Convert.FromHexString(digits) : [];
        return good;
    }

    private static string Plain(string text) => text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text[2..] : text;

    private static string First(IReadOnlyList<Finding> findings, FindingSeverity severity) =>
        findings.FirstOrDefault(finding => finding.Severity == severity)?.Message ?? "no reason given";
}
