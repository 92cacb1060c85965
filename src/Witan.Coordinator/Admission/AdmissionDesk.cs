using System.Collections.Concurrent;
using Witan.Agent;
using Witan.Attestation;
using Witan.Coordinator.Stores;
using Witan.Voting;

namespace Witan.Coordinator.Admission;

/// <summary>Admits agents on verified evidence, and knows who is admitted and here now.</summary>
internal sealed class AdmissionDesk(
    IRecordStore store, AgentSecrets secrets, ExecutionMode mode, EvidenceJudge? judge, CouncilPolicy policy, NonceIssuer nonces, TimeProvider clock)
{
    private readonly ConcurrentDictionary<Digest, Enrolment> _agents = new();
    private readonly Digest _policyHash = policy.Hash();

    public Presence Presence { get; } = new(clock);

    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        foreach (Enrolment enrolment in await store.EnrolmentsAsync(cancellationToken))
            _agents[enrolment.Entry.Keys.AgentId] = enrolment;
    }

    /// <summary>
    /// The agents of a role that could take part now, in the order of their ids: valid, here, and one for each instance.
    /// </summary>
    public IReadOnlyList<Enrolment> Ready(AgentRole role) =>
    [
        .. _agents.Values.Where(agent => agent.Role == role && IsValid(agent) && Presence.IsHere(agent.Entry.Keys.AgentId))
            .GroupBy(agent => mode == ExecutionMode.Local ? agent.Entry.Keys.AgentId.ToString() : agent.Instance, StringComparer.Ordinal)
            .Select(same => same.MaxBy(agent => agent.AdmittedAt)!)
            .OrderBy(agent => agent.Entry.Keys.AgentId),
    ];

    /// <summary>The agent of an id, if its attestation is valid now.</summary>
    public Enrolment? Find(Digest agent) => _agents.TryGetValue(agent, out Enrolment? enrolment) && IsValid(enrolment) ? enrolment : null;

    /// <summary>All agents that were ever admitted.</summary>
    public IReadOnlyList<Enrolment> All => [.. _agents.Values.OrderBy(agent => agent.Entry.Keys.AgentId)];

    public NonceAnswer Nonce()
    {
        (string nonce, DateTimeOffset expiresAt) = nonces.Issue();
        return new NonceAnswer(nonce, expiresAt, secrets.Keys.Signing, _policyHash, mode, mode.Mark() ?? "");
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
        Digest id = request.Keys.AgentId;
        if (_agents.TryGetValue(id, out Enrolment? known) && known.IsRevoked)
            return (null, Problems.Refused("REVOKED", "this agent's admission was withdrawn"));
        if (known is not null && known.Role != request.Role)
            return (null, Problems.Conflict("OTHER_ROLE", $"these keys are admitted as a {known.Role.ToString().ToLowerInvariant()}"));
        (int level, Digest evidence, Problem? problem) = Judge(request);
        if (problem is not null)
            return (null, problem);
        if (OnSameInstance(request) is { } other)
            return (null, Problems.Conflict("INSTANCE_IN_USE", $"instance {request.Instance} already speaks as {other.Entry.Keys.Did()}"));

        DateTimeOffset now = clock.GetUtcNow();
        string callback = mode == ExecutionMode.Local && IsLoopback(request.Callback) ? request.Callback : "";
        var enrolment = new Enrolment(
            request.Role, request.Name, request.Instance, new RosterEntry(request.Keys, policy.WeightOf(request.Keys), level, evidence), callback,
            now, now.AddMilliseconds(policy.AttestationMilliseconds), IsRevoked: false);
        await store.EnrolAsync(enrolment, cancellationToken);
        _agents[id] = enrolment;
        return (new AdmissionAnswer(id, level, enrolment.ExpiresAt, mode.Mark() ?? ""), null);
    }

    /// <summary>Withdraws an admission: at once for new proposals, and for ballots that are not cast yet. False for an unknown agent.</summary>
    public async Task<bool> RevokeAsync(Digest agent, CancellationToken cancellationToken)
    {
        if (!_agents.TryGetValue(agent, out Enrolment? known))
            return false;
        Enrolment revoked = known with { IsRevoked = true };
        await store.EnrolAsync(revoked, cancellationToken);
        _agents[agent] = revoked;
        return true;
    }

    private (int Level, Digest Evidence, Problem? Problem) Judge(AdmissionRequest request)
    {
        if (judge is null)
            return (0, Digest.Zero, null);
        Digest nonceHash = new CanonicalWriter(DomainTags.Nonce).Text(request.Nonce).Hash();
        var expected = new ReportData("admission", nonceHash, secrets.Keys.Signing, request.Role, request.Keys, request.Instance, _policyHash);
        JudgedEvidence judged = judge.Judge(request.Quote, request.EventLog, expected);
        if (judged.Verdict.Outcome == AppraisalOutcome.Accepted)
            return (judged.Verdict.ConfidenceLevel ?? 5, judged.Digest, null);
        string code = judged.Verdict.Outcome == AppraisalOutcome.Undecided ? "EVIDENCE_UNDECIDED" : "EVIDENCE_REJECTED";
        return (0, Digest.Zero, Problems.Refused(code, $"{judged.Verdict.Cause?.Code}: {judged.Verdict.Cause?.Message}", judged.Verdict.Cause?.Remedy ?? ""));
    }

    // One live instance: a machine does not vote twice under two names.
    private Enrolment? OnSameInstance(AdmissionRequest request) => mode == ExecutionMode.Local
        ? null
        : _agents.Values.FirstOrDefault(other => other.Instance == request.Instance && other.Entry.Keys.AgentId != request.Keys.AgentId
            && IsValid(other) && Presence.IsHere(other.Entry.Keys.AgentId));

    private bool IsValid(Enrolment agent) => !agent.IsRevoked && agent.ExpiresAt > clock.GetUtcNow();

    // The coordinator calls an address that an agent gave only where that cannot reach anything but this machine.
    private static bool IsLoopback(string callback) =>
        Uri.TryCreate(callback, UriKind.Absolute, out Uri? uri) && uri.Scheme == Uri.UriSchemeHttp && uri.Host == "127.0.0.1";
}
