using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Witan.Agent;
using Witan.Attestation;
using Witan.Coordinator.Records;
using Witan.Coordinator.Stores;
using Witan.Crypto;
using Witan.Voting;

namespace Witan.Coordinator.Admission;

/// <summary>Admits agents on verified evidence, and knows who is admitted and here now.</summary>
internal sealed class AdmissionDesk(
    IRecordStore store, AgentSecrets secrets, Ed25519Signer signer, ExecutionMode mode, EvidenceJudge? judge, CouncilPolicy policy, NonceIssuer nonces,
    RevocationBook revocations, bool isShared, TimeProvider clock)
{
    private readonly ConcurrentDictionary<Digest, Enrolment> _agents = new();
    private static readonly TimeSpan ReadyTime = TimeSpan.FromMilliseconds(100);

    // Asked one after the other without a pause, the store would answer hardly anything else.
    private static readonly TimeSpan BetweenQuestions = TimeSpan.FromMilliseconds(10);
    private static readonly ConditionalWeakTable<Enrolment, AdmittedMachine> s_machines = [];
    private readonly ConcurrentDictionary<string, Digest[]> _instances = new(StringComparer.Ordinal);
    private readonly Digest _policyHash = policy.Hash();
    private readonly string _policyText = policy.Hash().ToString();
    private readonly ReadyList[] _ready = [new(), new()];
    private long _version;

    // How many orders and withdrawn admissions of the store are known here.
    private long _revoked;
    private JoinedQuestion<string?>? _question;

    // With what the store is asked for agents next.
    private long _since;

    public Presence Presence { get; } = new(clock);

    public RevocationBook Revocations => revocations;

    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        _revoked = await store.RevokedCountAsync(cancellationToken);
        await revocations.LoadAsync(cancellationToken);
        EnrolmentPage page = await store.EnrolmentsAsync(0, cancellationToken);
        foreach (Enrolment enrolment in page.Agents)
        {
            // Whoever wrote this into the medium, it was no coordinator.
            if (!enrolment.IsSealedBy(signer))
                throw new StoreException($"the admission of agent {enrolment.Entry.Keys.AgentId.Short()} was not written by this coordinator");
            Know(enrolment);
        }

        _since = page.Next;
    }

    /// <summary>
    /// Learns what was revoked at any coordinator of the store before this call. Asked before whatever a revocation must stop, so that an
    /// order which one coordinator has acknowledged holds at all. Throws <see cref="StoreException"/>: what cannot be asked is not allowed.
    /// </summary>
    public async Task RequireFreshAsync(CancellationToken cancellationToken)
    {
        if (await RefreshRevokedAsync().WaitAsync(cancellationToken) is { } damage)
            throw new StoreException(damage);
    }

    /// <summary>The same; gives one sentence where the store has fewer revocations than before, and null where all is well.</summary>
    public Task<string?> RefreshRevokedAsync() => isShared
        ? LazyInitializer.EnsureInitialized(ref _question, () => new JoinedQuestion<string?>(AskRevokedAsync, BetweenQuestions, TimeProvider.System)).AskAsync()
        : Task.FromResult<string?>(null);

    private async Task<string?> AskRevokedAsync()
    {
        long count = await store.RevokedCountAsync(CancellationToken.None);
        if (count < _revoked)
            return $"{_revoked} revocations were known and {count} are stored: the store was rolled back or replaced";
        if (count == _revoked)
            return null;
        await revocations.RefreshAsync(CancellationToken.None);
        await RefreshAsync(CancellationToken.None);
        Interlocked.Increment(ref _version);
        _revoked = count;
        return null;
    }

    /// <summary>Takes an order to trust something no more, for all coordinators of the store. False where it was given before.</summary>
    public async Task<bool> RevokeAsync(Revocation order, CancellationToken cancellationToken)
    {
        bool isNew = await revocations.AddAsync(order, cancellationToken);
        Interlocked.Increment(ref _version);
        return isNew;
    }

    /// <summary>Takes over what other coordinators of the store admitted and withdrew since this was done last.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        EnrolmentPage page = await store.EnrolmentsAsync(Volatile.Read(ref _since), cancellationToken);
        foreach (Enrolment enrolment in page.Agents)
        {
            Digest id = enrolment.Entry.Keys.AgentId;
            bool isNews = !_agents.TryGetValue(id, out Enrolment? known)
                || (!known.IsRevoked && (enrolment.AdmittedAt > known.AdmittedAt || enrolment.IsRevoked));
            if (isNews && enrolment.IsSealedBy(signer))
                Know(enrolment);
        }

        // Whoever asked at the same time and ends later may put this back: then some come again.
        Volatile.Write(ref _since, page.Next);
    }

    /// <summary>
    /// The agents of a role that could take part in a proposal now, in the order of their ids: valid, here, one for each instance and
    /// no more on one platform than the policy allows. None where the proposal pinned another policy than the one in force.
    /// </summary>
    public IReadOnlyList<Enrolment> Ready(AgentRole role, Digest pinned) => pinned == _policyHash ? Ready(role) : [];

    /// <summary>The agents of a role that could take part in a new proposal now.</summary>
    public IReadOnlyList<Enrolment> Ready(AgentRole role)
    {
        // Every unfinished proposal asks again and again: for a tenth of a second the answer is the same, unless somebody was admitted or revoked.
        ReadyList list = _ready[role == AgentRole.Worker ? 0 : 1];
        lock (list)
        {
            DateTimeOffset now = clock.GetUtcNow();
            if (list.Version != Volatile.Read(ref _version) || now - list.At >= ReadyTime || now < list.At)
            {
                list.Version = Volatile.Read(ref _version);
                (list.Agents, list.At) = (FindReady(role), now);
            }

            return list.Agents;
        }
    }

    private IReadOnlyList<Enrolment> FindReady(AgentRole role)
    {
        var here = _agents.Values.Where(agent => agent.Role == role && IsValid(agent) && Presence.IsHere(agent.Entry.Keys.AgentId));
        if (mode != ExecutionMode.Local)
        {
            here = here.GroupBy(agent => Machine(agent).Instance, StringComparer.Ordinal).Select(same => same.MaxBy(agent => agent.AdmittedAt)!);
            if (policy.InstancesPerPlatform > 0)
            {
                here = here.GroupBy(agent => Machine(agent).Platform, StringComparer.Ordinal)
                    .SelectMany(same => same.OrderBy(agent => agent.Entry.Keys.AgentId).Take(policy.InstancesPerPlatform));
            }
        }

        return [.. here.OrderBy(agent => agent.Entry.Keys.AgentId)];
    }

    /// <summary>The agent of an id, if its admission is valid now.</summary>
    public Enrolment? Find(Digest agent) => _agents.TryGetValue(agent, out Enrolment? enrolment) && IsValid(enrolment) ? enrolment : null;

    /// <summary>
    /// The agent of an id, if it may cast in a proposal whose roster has it: admitted now or, where the policy lets revoked workers finish,
    /// not yet expired.
    /// </summary>
    public Enrolment? FindVoter(Digest agent) => Find(agent)
        ?? (policy.RevokedMayFinish && _agents.TryGetValue(agent, out Enrolment? known) && known.ExpiresAt > clock.GetUtcNow() ? known : null);

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
        if (request.Role is not (AgentRole.Worker or AgentRole.Trustee) || request.Name.Length is 0 or > 80)
            return (null, Problems.Bad("ADMISSION_INVALID", "role or name is not as specified"));
        if (request.Evidence.Problem() is { } malformed)
            return (null, Problems.Bad("ADMISSION_INVALID", $"evidence: {malformed}"));
        if (!nonces.TryCheck(request.Nonce, out Digest nonce, out DateTimeOffset nonceExpires))
            return (null, Problems.Refused("NONCE_INVALID", "the nonce is not ours or has expired", "fetch a new nonce"));
        if (!request.IsSigned())
            return (null, Problems.Unsigned("SIGNATURE_INVALID", "the request is not signed by the key that it names"));
        if (!await store.UseNonceAsync(nonce, nonceExpires, cancellationToken))
            return (null, Problems.Refused("NONCE_USED", "the nonce was used before", "fetch a new nonce"));
        await RequireFreshAsync(cancellationToken);
        Digest id = request.Keys.AgentId;
        if (_agents.TryGetValue(id, out Enrolment? known) && known.IsRevoked)
            return (null, Problems.Refused("REVOKED", "this agent's admission was withdrawn"));
        if (known is not null && known.Role != request.Role)
            return (null, Problems.Conflict("OTHER_ROLE", $"these keys are admitted as a {known.Role.ToString().ToLowerInvariant()}"));
        (int level, Digest evidence, AdmittedMachine machine, Problem? problem) = Judge(request);
        if (problem is not null)
            return (null, problem);
        if (revocations.Find(request.Keys, machine) is { } order)
            return (null, Problems.Refused("REVOKED", $"its {order.Kind.ToString().ToLowerInvariant()} is revoked: {order.Reason}"));
        if (OnSameInstance(request, machine) is { } other)
            return (null, Problems.Conflict("INSTANCE_IN_USE", $"instance {machine.Instance} already speaks as {other.Entry.Keys.Did()}"));

        DateTimeOffset now = clock.GetUtcNow();
        string callback = mode == ExecutionMode.Local && IsLoopback(request.Callback) ? request.Callback : "";
        var enrolment = new Enrolment(
            request.Role, request.Name, machine.ToString(), new RosterEntry(request.Keys, policy.WeightOf(request.Keys), level, evidence), callback,
            now, now.AddMilliseconds(policy.AttestationMilliseconds), IsRevoked: false);
        enrolment = enrolment.Sealed(signer);
        if (!await store.EnrolAsync(enrolment, cancellationToken))
            return (null, Problems.Refused("REVOKED", "this agent's admission was withdrawn"));
        Know(enrolment);
        return (new AdmissionAnswer(id, level, enrolment.ExpiresAt, mode.Mark() ?? ""), null);
    }

    /// <summary>Withdraws an admission: at once for new proposals, and for ballots that are not cast yet. False for an unknown agent.</summary>
    public async Task<bool> RevokeAsync(Digest agent, CancellationToken cancellationToken)
    {
        if (!_agents.TryGetValue(agent, out Enrolment? known))
            return false;
        Enrolment revoked = (known with { IsRevoked = true }).Sealed(signer);
        await store.EnrolAsync(revoked, cancellationToken);
        Know(revoked);
        return true;
    }

    /// <summary>What evidence said of an agent's machine when it was admitted last.</summary>
    public static AdmittedMachine Machine(Enrolment agent) => s_machines.GetValue(agent, known => AdmittedMachine.Parse(known.Instance));

    /// <summary>Whether an agent, or what it runs on, is not trusted any more.</summary>
    public bool IsRevoked(Enrolment agent) => agent.IsRevoked || revocations.Find(agent.Entry.Keys, Machine(agent)) is not null;

    /// <summary>The problem of a trustee's evidence for a proposal; null where it is accepted. In LOCAL_MODE there is none.</summary>
    public Problem? JudgeTrustee(RecordState state, Trustee trustee, AgentEvidence evidence) => judge is null
        ? null
        : Of(judge.Judge(evidence, ReportData.ForKeyGeneration(state, trustee, evidence.Instance)).Verdict);

    private (int Level, Digest Evidence, AdmittedMachine Machine, Problem? Problem) Judge(AdmissionRequest request)
    {
        if (judge is null)
            return (0, Digest.Zero, AdmittedMachine.Local, null);
        Digest nonceHash = new CanonicalWriter(DomainTags.Nonce).Text(request.Nonce).Hash();
        var expected = new ReportData("admission", nonceHash, secrets.Keys.Signing, request.Role, request.Keys, request.Evidence.Instance, _policyHash);
        JudgedEvidence judged = judge.Judge(request.Evidence, expected);
        return (judged.Verdict.ConfidenceLevel ?? 5, judged.Digest, judged.Machine ?? AdmittedMachine.Local, Of(judged.Verdict));
    }

    private static Problem? Of(Witan.Attestation.Verdict verdict) => verdict.Outcome == AppraisalOutcome.Accepted
        ? null
        : Problems.Refused(
            verdict.Outcome == AppraisalOutcome.Undecided ? "EVIDENCE_UNDECIDED" : "EVIDENCE_REJECTED",
            $"{verdict.Cause?.Code}: {verdict.Cause?.Message}", verdict.Cause?.Remedy ?? "");

    // One live instance: a machine does not vote twice under two names.
    private Enrolment? OnSameInstance(AdmissionRequest request, AdmittedMachine machine) => mode == ExecutionMode.Local
        ? null
        : OnInstance(machine.Instance).FirstOrDefault(other => other.Entry.Keys.AgentId != request.Keys.AgentId
            && IsValid(other) && Presence.IsHere(other.Entry.Keys.AgentId));

    private IEnumerable<Enrolment> OnInstance(string instance) =>
        _instances.GetValueOrDefault(instance, []).Select(id => _agents[id]).Where(agent => Machine(agent).Instance == instance);

    private void Know(Enrolment enrolment)
    {
        Digest id = enrolment.Entry.Keys.AgentId;
        // Two answers of the store may come in any order: a withdrawn admission stays withdrawn.
        _agents.AddOrUpdate(id, enrolment, (_, known) => known.IsRevoked ? known : enrolment);
        _instances.AddOrUpdate(Machine(enrolment).Instance, _ => [id], (_, known) => known.Contains(id) ? known : [.. known, id]);
        Interlocked.Increment(ref _version);
    }

    // An admission holds for the policy it was judged by: under another one the agent attests anew.
    private bool IsValid(Enrolment agent) => !IsRevoked(agent) && agent.ExpiresAt > clock.GetUtcNow()
        && (mode == ExecutionMode.Local || Machine(agent).Policy == _policyText);

    // The coordinator calls an address that an agent gave only where that cannot reach anything but this machine.
    private static bool IsLoopback(string callback) =>
        Uri.TryCreate(callback, UriKind.Absolute, out Uri? uri) && uri.Scheme == Uri.UriSchemeHttp && uri.Host == "127.0.0.1";

    private sealed class ReadyList
    {
        public long Version { get; set; } = -1;

        public DateTimeOffset At { get; set; }

        public IReadOnlyList<Enrolment> Agents { get; set; } = [];
    }
}
