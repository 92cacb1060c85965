using Witan.Crypto;
using Witan.Voting;

namespace Witan.Coordinator.Stores;

/// <summary>An agent that was admitted, as it is stored.</summary>
/// <param name="Role">Worker or trustee.</param>
/// <param name="Name">For people.</param>
/// <param name="Instance">Its instance; <c>local</c> in LOCAL_MODE.</param>
/// <param name="Entry">Keys, level and evidence digest; weight 1.</param>
/// <param name="Callback">Loopback address for direct dispatch; empty outside LOCAL_MODE.</param>
/// <param name="AdmittedAt">When it was admitted last.</param>
/// <param name="ExpiresAt">When its attestation expires.</param>
/// <param name="IsRevoked">Whether its admission was withdrawn.</param>
public sealed record Enrolment(
    AgentRole Role,
    string Name,
    string Instance,
    RosterEntry Entry,
    string Callback,
    DateTimeOffset AdmittedAt,
    DateTimeOffset ExpiresAt,
    bool IsRevoked)
{
    /// <summary>The coordinator's Ed25519 signature over all of the above, 64 bytes: the medium alone cannot admit anybody.</summary>
    public byte[] Seal { get; init; } = [];

    /// <summary>Signs it. <paramref name="coordinator"/> has the coordinator's key.</summary>
    public Enrolment Sealed(Ed25519Signer coordinator) => this with { Seal = coordinator.Sign(SealedBytes()) };

    /// <summary>Whether the coordinator signed it. A key signs the same bytes alike each time, and that is quicker than to verify.</summary>
    public bool IsSealedBy(Ed25519Signer coordinator) => coordinator.Sign(SealedBytes()).AsSpan().SequenceEqual(Seal);

    private byte[] SealedBytes() => new CanonicalWriter(DomainTags.Enrolment)
        .Text(Role.ToString()).Text(Name).Text(Instance).Bytes(StoredForm.Of(Entry)).Text(Callback).Time(AdmittedAt).Time(ExpiresAt)
        .Number(IsRevoked ? 1 : 0).ToBytes();
}

/// <summary>Admitted agents, and how to ask for those that come later.</summary>
/// <param name="Agents">In no order that means anything.</param>
/// <param name="Next">What to ask with next; grows, but for a store that was replaced.</param>
public sealed record EnrolmentPage(IReadOnlyList<Enrolment> Agents, long Next);

/// <summary>How an append ended.</summary>
public enum AppendOutcome
{
    /// <summary>All events are durable.</summary>
    Appended,

    /// <summary>The record has another size than expected: somebody else appended. Nothing was written.</summary>
    WrongSize,

    /// <summary>The fencing token is older than the newest lease of the record. Nothing was written.</summary>
    Fenced,
}

/// <summary>A record in the store.</summary>
/// <param name="Proposal">The proposal's id.</param>
/// <param name="Size">How many events.</param>
/// <param name="Ended">The state that it ended in, as a coordinator noted it; null where it goes on, or that is not noted yet.</param>
public sealed record StoredRecord(Digest Proposal, long Size, ProposalState? Ended = null);

/// <summary>Something that coordinators of one store tell one another.</summary>
/// <param name="Subject">What it is about; the newest of a subject stands.</param>
/// <param name="Body">What is said.</param>
public sealed record Notice(string Subject, byte[] Body);

/// <summary>Who takes leases: a coordinator, in one of its runs.</summary>
/// <param name="Node">The coordinator, the same after a restart. No two that run at the same time have the same.</param>
/// <param name="Run">One run of it; never the same again.</param>
public sealed record LeaseHolder(string Node, string Run);

/// <summary>A lease on a resource.</summary>
/// <param name="Resource">What is leased.</param>
/// <param name="Holder">Who holds it.</param>
/// <param name="Token">Grows with each new lease of the resource: a writer with an older one is refused.</param>
/// <param name="ExpiresAt">When it ends unless it is renewed.</param>
public sealed record Lease(string Resource, LeaseHolder Holder, long Token, DateTimeOffset ExpiresAt);

/// <summary>
/// Where records live, and beside them the operational facts. Everything that returned is durable. Every failure of the medium
/// is a <see cref="StoreException"/>: never read as anything about evidence or ballots.
/// </summary>
/// <remarks>One contract suite in the tests runs against every implementation.</remarks>
public interface IRecordStore : IAsyncDisposable
{
    /// <summary>The name of the lease that fences a record.</summary>
    static string LeaseName(Digest proposal) => $"record/{proposal}";

    /// <summary>
    /// Appends events to one record if it has the expected size: all of them or none. A <paramref name="fencingToken"/> that is older
    /// than the newest lease of <see cref="LeaseName"/> is refused; null appends by the expected size alone.
    /// </summary>
    Task<AppendOutcome> AppendAsync(
        Digest proposal, long expectedSize, IReadOnlyList<RecordEvent> events, long? fencingToken, CancellationToken cancellationToken);

    /// <summary>
    /// Waits until no other coordinator is about to append to a record, and reads it from a position on. A courtesy that saves races: the size alone decides
    /// what is appended, so whoever has waited long enough goes on without. Null where there is nobody to wait for, or no turn was to be had.
    /// </summary>
    Task<IRecordTurn?> TakeTurnAsync(Digest proposal, long from, CancellationToken cancellationToken);

    /// <summary>Notes that a record has ended, so that a coordinator that starts need not read it first. Only a hint: what holds is in the events.</summary>
    Task EndAsync(Digest proposal, ProposalState state, CancellationToken cancellationToken);

    /// <summary>Events of a record from a position on, in order, at most <paramref name="limit"/>. Empty for an unknown record.</summary>
    Task<IReadOnlyList<RecordEvent>> ReadAsync(Digest proposal, long from, int limit, CancellationToken cancellationToken);

    /// <summary>All records, oldest first.</summary>
    Task<IReadOnlyList<StoredRecord>> ListAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Records that grow, whoever appends, from now on; at first perhaps those that just grew. A hint: one may come twice, and after a failure of the medium the
    /// stream ends and <see cref="ListAsync"/> is the truth.
    /// </summary>
    IAsyncEnumerable<StoredRecord> SubscribeAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Takes a lease, or renews the holder's own with the same token. Null while another node holds it. A lease that has ended, or that
    /// an earlier run of the same node held, is taken over with a greater token: that run is over, and what it has under way is fenced.
    /// </summary>
    Task<Lease?> TryLeaseAsync(string resource, LeaseHolder holder, TimeSpan duration, CancellationToken cancellationToken);

    /// <summary>Ends a lease now. Does nothing where it is not the newest.</summary>
    Task ReleaseAsync(Lease lease, CancellationToken cancellationToken);

    /// <summary>Uses a nonce: true exactly once, whoever asks. It may be forgotten after its expiry.</summary>
    Task<bool> UseNonceAsync(Digest nonce, DateTimeOffset expiresAt, CancellationToken cancellationToken);

    /// <summary>
    /// Stores an admitted agent, replacing what was known of it. A withdrawn admission stays withdrawn: false, and nothing is replaced,
    /// where one that is not withdrawn is to be stored over it.
    /// </summary>
    Task<bool> EnrolAsync(Enrolment enrolment, CancellationToken cancellationToken);

    /// <summary>
    /// The agents that were stored since the answer whose <see cref="EnrolmentPage.Next"/> is <paramref name="since"/>, whoever stored them; some from before may come again.
    /// All of them for 0.
    /// </summary>
    Task<EnrolmentPage> EnrolmentsAsync(long since, CancellationToken cancellationToken);

    /// <summary>Keeps an order that something is not trusted any more: true for the first of a subject, which stands for ever.</summary>
    Task<bool> RevokeAsync(SealedRevocation order, CancellationToken cancellationToken);

    /// <summary>All such orders, oldest first.</summary>
    Task<IReadOnlyList<SealedRevocation>> RevocationsAsync(CancellationToken cancellationToken);

    /// <summary>How many orders and withdrawn admissions there are. It only grows, so whoever knows as many knows all.</summary>
    Task<long> RevokedCountAsync(CancellationToken cancellationToken);

    /// <summary>Keeps sealed shares until their receivers fetch them. The first from a sender to a receiver stands.</summary>
    Task KeepSharesAsync(Digest proposal, IReadOnlyList<SealedShare> shares, CancellationToken cancellationToken);

    /// <summary>The sealed shares for a receiver, in the order of their senders.</summary>
    Task<IReadOnlyList<SealedShare>> SharesAsync(Digest proposal, int to, CancellationToken cancellationToken);

    /// <summary>
    /// Puts notices on a board that all coordinators of the store read; the newest of a subject stands until its life is over.
    /// Operational: whoever can write to the medium can forge one, and a crash may lose it.
    /// </summary>
    Task PostAsync(string board, IReadOnlyList<Notice> notices, TimeSpan life, CancellationToken cancellationToken);

    /// <summary>The living notices of a board, in the order of their subjects.</summary>
    Task<IReadOnlyList<Notice>> NoticesAsync(string board, CancellationToken cancellationToken);

    /// <summary>Writes and flushes something, to learn whether that can be done now.</summary>
    Task ProbeAsync(CancellationToken cancellationToken);
}

/// <summary>A coordinator's turn at a record. Disposing ends it.</summary>
public interface IRecordTurn : IAsyncDisposable
{
    /// <summary>The events from the position that was asked for, as they are while the turn lasts.</summary>
    IReadOnlyList<RecordEvent> News { get; }

    /// <summary>Appends as <see cref="IRecordStore.AppendAsync"/> does, and ends the turn with it.</summary>
    Task<AppendOutcome> AppendAsync(long expectedSize, IReadOnlyList<RecordEvent> events, long? fencingToken, CancellationToken cancellationToken);
}

/// <summary>The store could not do its work: full, read-only, broken, damaged, in use.</summary>
public class StoreException(string message, Exception? inner = null) : IOException(message, inner);

/// <summary>What the store holds is not what was put there: asking again does not help.</summary>
public sealed class DamagedStoreException(string message, Exception? inner = null) : StoreException(message, inner);
