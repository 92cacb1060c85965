using System.Collections.Concurrent;
using Witan.Agent;
using Witan.Attestation;
using Witan.Coordinator.Stores;
using Witan.Voting;

namespace Witan.Coordinator.Admission;

/// <summary>Admits agents on verified evidence, and knows who is admitted now.</summary>
internal sealed class AdmissionDesk(
    IRecordStore store, AgentSecrets secrets, ExecutionMode mode, EvidenceJudge? judge, Digest policy, NonceIssuer nonces, CoordinatorOptions options, TimeProvider clock)
{
    private readonly ConcurrentDictionary<Digest, Enrolment> _agents = new();

    public Digest Policy => policy;

    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        foreach (Enrolment enrolment in await store.EnrolmentsAsync(cancellationToken))
            _agents[enrolment.Entry.Keys.AgentId] = enrolment;
    }

    /// <summary>The agents of a role whose attestation is valid now, in the order of their ids.</summary>
    public IReadOnlyList<Enrolment> Admitted(AgentRole role) =>
        [.. _agents.Values.Where(agent => agent.Role == role && agent.ExpiresAt > clock.GetUtcNow()).OrderBy(agent => agent.Entry.Keys.AgentId)];

    /// <summary>The agent of an id, if its attestation is valid now.</summary>
    public Enrolment? Find(Digest agent) =>
        _agents.TryGetValue(agent, out Enrolment? enrolment) && enrolment.ExpiresAt > clock.GetUtcNow() ? enrolment : null;

    public IReadOnlyList<Enrolment> All => [.. _agents.Values];

    public NonceAnswer Nonce()
    {
        (string nonce, DateTimeOffset expiresAt) = nonces.Issue();
        return new NonceAnswer(nonce, expiresAt, secrets.Keys.Signing, policy, mode, mode.Mark() ?? "");
    }

    /// <summary>Admits, or gives the problem. The nonce is used up by success, rejection and indecision alike.</summary>
    public async Task<(AdmissionAnswer? Answer, Problem? Problem)> AdmitAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        if (request.Role == AgentRole.Coordinator || request.Name.Length is 0 or > 80 || request.Instance.Length is 0 or > 80)
            return (null, Problems.Bad("ADMISSION_INVALID", "role, name or instance is not as specified"));
        if (!nonces.TryCheck(request.Nonce, out Digest nonce, out DateTimeOffset nonceExpires))
            return (null, Problems.Refused("NONCE_INVALID", "the nonce is not ours or has expired", "fetch a new nonce"));
        if (!await store.UseNonceAsync(nonce, nonceExpires, cancellationToken))
            return (null, Problems.Refused("NONCE_USED", "the nonce was used before", "fetch a new nonce"));

        int level = 0;
        Digest evidence = Digest.Zero;
        if (judge is not null)
        {
            Digest nonceHash = new CanonicalWriter(DomainTags.Nonce).Text(request.Nonce).Hash();
            var expected = new ReportData("admission", nonceHash, secrets.Keys.Signing, request.Role, request.Keys, request.Instance, policy);
            JudgedEvidence judged = judge.Judge(request.Quote, request.EventLog, expected);
            if (judged.Verdict.Outcome != AppraisalOutcome.Accepted)
            {
                string code = judged.Verdict.Outcome == AppraisalOutcome.Undecided ? "EVIDENCE_UNDECIDED" : "EVIDENCE_REJECTED";
                return (null, Problems.Refused(code, $"{judged.Verdict.Cause?.Code}: {judged.Verdict.Cause?.Message}", judged.Verdict.Cause?.Remedy ?? ""));
            }

            (level, evidence) = (judged.Verdict.ConfidenceLevel ?? 0, judged.Digest);
        }

        DateTimeOffset expires = clock.GetUtcNow() + options.AdmissionLasts;
        string callback = mode == ExecutionMode.Local && IsLoopback(request.Callback) ? request.Callback : "";
        var enrolment = new Enrolment(request.Role, request.Name, new RosterEntry(request.Keys, 1, level, evidence), callback, expires);
        await store.EnrolAsync(enrolment, cancellationToken);
        _agents[request.Keys.AgentId] = enrolment;
        return (new AdmissionAnswer(request.Keys.AgentId, level, expires, mode.Mark() ?? ""), null);
    }

    // The coordinator calls an address that an agent gave only where that cannot reach anything but this machine.
    private static bool IsLoopback(string callback) =>
        Uri.TryCreate(callback, UriKind.Absolute, out Uri? uri) && uri.Scheme == Uri.UriSchemeHttp && uri.Host == "127.0.0.1";
}
