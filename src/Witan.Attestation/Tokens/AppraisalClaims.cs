using System.Security.Cryptography;

namespace Witan.Attestation;

/// <summary>Makes the result of one submodule from facts and verdict.</summary>
public static class AppraisalClaims
{
    /// <summary>The one document of an EPID report's verdict, as its kind.</summary>
    internal const string IasCertificate = "ias-signing-certificate";

    /// <summary>The result for a quote. <paramref name="claims"/> are what a caller shows of the evidence.</summary>
    public static SubmoduleResult Of(
        QuoteFacts facts, Verdict verdict, AppraisalPolicy policy, IReadOnlyDictionary<string, string> claims, string label = "cpu0", ReadOnlyMemory<byte> attestedKey = default)
    {
        string kind = facts.Quote.Tee == TeeType.Sgx ? "sgx-quote" : "tdx-quote";
        TrustworthinessVector vector = Trustworthiness.Vector(
            facts.Authenticity, facts.Tcb?.Status, facts.Tcb?.AdvisoryIds ?? [], TdAttributes.IsExposed(facts.Quote), verdict, AsksMeasurements(policy));
        AppraisalClaim claim = Claim(verdict, policy, kind, claims, facts.At) with
        {
            TcbStatus = facts.Tcb?.Status?.ToString(),
            AdvisoryIds = facts.Tcb?.AdvisoryIds ?? [],
            TcbDate = facts.Tcb?.Date,
            EvaluationDataNumber = facts.Tcb?.EvaluationDataNumber,
            Collateral = facts.Collateral is { } collateral ? Documents(collateral) : [],
        };
        return new SubmoduleResult(label, Trustworthiness.Status(vector, verdict.Outcome), vector, [policy.Name], attestedKey, claim);
    }

    /// <summary>The result for an attestation verification report.</summary>
    public static SubmoduleResult Of(
        IasFacts facts, Verdict verdict, AppraisalPolicy policy, IReadOnlyDictionary<string, string> claims, string label = "cpu0", ReadOnlyMemory<byte> attestedKey = default)
    {
        TrustworthinessVector vector = Trustworthiness.Vector(
            facts.Authenticity, facts.TcbStatus, facts.Report.AdvisoryIds, facts.Report.QuoteBody.Report.IsDebug, verdict, AsksMeasurements(policy));
        AppraisalClaim claim = Claim(verdict, policy, "ias-report", claims, facts.At) with
        {
            TcbStatus = facts.Report.StatusText,
            AdvisoryIds = [.. facts.Report.AdvisoryIds.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
            EvaluationDataNumber = facts.Report.EvaluationDataNumber,
            Collateral = facts.SignerFingerprint is { } signer ? [new TokenDocument(IasCertificate, signer, null, facts.SignerNotAfter)] : [],
        };
        return new SubmoduleResult(label, Trustworthiness.Status(vector, verdict.Outcome), vector, [policy.Name], attestedKey, claim);
    }

    private static AppraisalClaim Claim(
        Verdict verdict, AppraisalPolicy policy, string kind, IReadOnlyDictionary<string, string> claims, DateTimeOffset at) => new()
        {
            Outcome = verdict.Outcome,
            ConfidenceLevel = verdict.ConfidenceLevel,
            LevelPolicy = PolicyFile.NameOf(policy.Rule),
            EffectiveTier = verdict.EffectiveTier,
            Caps = [.. verdict.Caps.Select(cap => cap.Code)],
            Provenance = verdict.Provenance,
            Findings = [.. verdict.Findings.Where(finding => finding.Severity >= FindingSeverity.Warning).Select(finding => new TokenFinding(finding.Code, finding.Severity, finding.Message))],
            Policy = policy.Name,
            PolicyHash = policy.Hash(),
            EvidenceKind = kind,
            Claims = claims,
            EvaluatedAt = at,
            Mode = verdict.IsSimulated ? "simulated" : null,
        };

    private static bool AsksMeasurements(AppraisalPolicy policy) =>
        policy.MrEnclave.Length > 0 || policy.MrSigner.Length > 0 || policy.MrTd.Length > 0 || policy.Rtmr.Any(list => list.Length > 0);

    private static IReadOnlyList<TokenDocument> Documents(TrustedCollateral trusted)
    {
        Collateral source = trusted.Source;
        static string Hash(ReadOnlyMemory<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes.Span));
        return
        [
            new("tcb-info", Hash(source.TcbInfo), trusted.TcbInfo.IssueDate, trusted.TcbInfo.NextUpdate),
            new("tcb-info-issuer-chain", Hash(source.TcbInfoIssuerChain), null, null),
            new("qe-identity", Hash(source.QeIdentity), trusted.QeIdentity.IssueDate, trusted.QeIdentity.NextUpdate),
            new("qe-identity-issuer-chain", Hash(source.QeIdentityIssuerChain), null, null),
            new("root-ca-crl", Hash(source.RootCaCrl), trusted.RootCrl.ThisUpdate, trusted.RootCrl.NextUpdate),
            new("pck-crl", Hash(source.PckCrl), trusted.PckCrl.ThisUpdate, trusted.PckCrl.NextUpdate),
            new("pck-crl-issuer-chain", Hash(source.PckCrlIssuerChain), null, null),
        ];
    }
}
