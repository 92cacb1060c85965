using System.Security.Cryptography;
using Witan.Attestation;
using Witan.Voting;

namespace Witan.Agent;

/// <summary>
/// How an agent gets itself admitted: it first judges the coordinator's own evidence over a nonce of its own, then fetches a
/// one-use nonce and answers with evidence over it. In LOCAL_MODE there is no evidence on either side, and both say so.
/// </summary>
public sealed class Admission(CoordinatorClient client, AgentSecrets secrets, Attester attester, EvidenceJudge? judge)
{
    /// <summary>The coordinator's signing key, once its evidence was accepted.</summary>
    public Digest Coordinator => CoordinatorKeys?.Signing ?? Digest.Zero;

    /// <summary>Both keys that its evidence binds; null until it was accepted.</summary>
    public AgentKeys? CoordinatorKeys { get; private set; }

    /// <summary>Runs the exchange once. Throws <see cref="SettingException"/> where the coordinator's evidence is not accepted.</summary>
    public async Task<AdmissionAnswer> RunAsync(AgentRole role, string name, string callback, CancellationToken cancellationToken)
    {
        CoordinatorKeys = await JudgeCoordinatorAsync(cancellationToken);
        NonceAnswer nonce = await client.GetAsync("v1/nonce", WireJson.Default.NonceAnswer, cancellationToken)
            ?? throw new HttpRequestException("the coordinator gave no nonce");
        if (nonce.Coordinator != Coordinator)
            throw new SettingException("the coordinator's nonce is not of the key that its evidence binds");
        AgentEvidence evidence = await attester.MakeAsync(
            new ReportData("admission", nonce.NonceHash(), nonce.Coordinator, role, secrets.Keys, secrets.Instance, nonce.Policy), cancellationToken);
        AdmissionRequest request = new AdmissionRequest(role, name, secrets.Keys, nonce.Nonce, evidence, callback, []).Signed(secrets.SigningSeed);
        return await client.PostAsync("v1/admission", request, WireJson.Default.AdmissionRequest, WireJson.Default.AdmissionAnswer, cancellationToken);
    }

    /// <summary>
    /// Asks the coordinator for evidence over a fresh nonce and judges it; gives its keys. Throws
    /// <see cref="SettingException"/> where it is rejected, and <see cref="InvalidDataException"/> where it could not be decided.
    /// </summary>
    internal async Task<AgentKeys> JudgeCoordinatorAsync(CancellationToken cancellationToken)
    {
        string nonce = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        CoordinatorEvidence evidence = await client.GetAsync($"v1/evidence?nonce={nonce}", WireJson.Default.CoordinatorEvidence, cancellationToken)
            ?? throw new HttpRequestException("the coordinator gave no evidence");
        if (judge is null)
            return evidence.Keys;
        ReportData expected = CoordinatorEvidence.ReportData(Digest.Parse(nonce), evidence.Keys, evidence.Evidence.Instance);
        Witan.Attestation.Verdict verdict = judge.Judge(evidence.Evidence, expected).Verdict;
        return verdict.Outcome switch
        {
            AppraisalOutcome.Accepted => evidence.Keys,
            // Nothing speaks against it: it is asked again when the collateral may be there.
            AppraisalOutcome.Undecided => throw new InvalidDataException($"the coordinator's evidence cannot be judged now: {verdict.Cause?.Message}"),
            _ => throw new SettingException($"the coordinator's evidence is rejected: {verdict.Cause?.Message}", verdict.Cause?.Remedy),
        };
    }
}
