using System.Security.Cryptography;
using Witan.Attestation;
using Witan.Dstack;
using Witan.Voting;

namespace Witan.Agent;

/// <summary>
/// How an agent gets itself admitted: it first judges the coordinator's own evidence over a nonce of its own, then fetches a
/// one-use nonce and answers with evidence over it. In LOCAL_MODE there is no evidence on either side, and both say so.
/// </summary>
public sealed class Admission(CoordinatorClient client, AgentSecrets secrets, DstackClient? dstack, EvidenceJudge? judge)
{
    /// <summary>The coordinator's signing key, once its evidence was accepted.</summary>
    public Digest Coordinator { get; private set; }

    /// <summary>Runs the exchange once. Throws <see cref="SettingException"/> where the coordinator's evidence is not accepted.</summary>
    public async Task<AdmissionAnswer> RunAsync(AgentRole role, string name, string callback, CancellationToken cancellationToken)
    {
        Coordinator = await JudgeCoordinatorAsync(cancellationToken);
        NonceAnswer nonce = await client.GetAsync("v1/nonce", WireJson.Default.NonceAnswer, cancellationToken)
            ?? throw new HttpRequestException("the coordinator gave no nonce");
        if (nonce.Coordinator != Coordinator)
            throw new SettingException("the coordinator's nonce is not of the key that its evidence binds");
        string quote = "", eventLog = "";
        if (dstack is not null)
        {
            var reportData = new ReportData("admission", nonce.NonceHash(), nonce.Coordinator, role, secrets.Keys, secrets.Instance, nonce.Policy);
            GetQuoteResponse evidence = await dstack.GetQuoteAsync(reportData.ToBytes(), cancellationToken);
            (quote, eventLog) = (evidence.Quote, evidence.EventLog);
        }

        var request = new AdmissionRequest(role, name, secrets.Keys, secrets.Instance, nonce.Nonce, quote, eventLog, callback);
        return await client.PostAsync("v1/admission", request, WireJson.Default.AdmissionRequest, WireJson.Default.AdmissionAnswer, cancellationToken);
    }

    /// <summary>
    /// Asks the coordinator for evidence over a fresh nonce and judges it; gives its signing key. Throws
    /// <see cref="SettingException"/> where it is not accepted.
    /// </summary>
    internal async Task<Digest> JudgeCoordinatorAsync(CancellationToken cancellationToken)
    {
        string nonce = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        CoordinatorEvidence evidence = await client.GetAsync($"v1/evidence?nonce={nonce}", WireJson.Default.CoordinatorEvidence, cancellationToken)
            ?? throw new HttpRequestException("the coordinator gave no evidence");
        if (judge is null)
            return evidence.Keys.Signing;
        var expected = new ReportData(
            "evidence", Digest.Parse(nonce), Digest.Zero, AgentRole.Coordinator, evidence.Keys, evidence.Instance, Digest.Zero);
        Witan.Attestation.Verdict verdict = judge.Judge(evidence.Quote, evidence.EventLog, expected).Verdict;
        return verdict.Outcome == AppraisalOutcome.Accepted
            ? evidence.Keys.Signing
            : throw new SettingException($"the coordinator's evidence is {verdict.Outcome.ToString().ToLowerInvariant()}: {verdict.Cause?.Message}", verdict.Cause?.Remedy);
    }
}
