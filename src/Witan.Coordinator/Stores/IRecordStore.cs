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
    bool IsRevoked);

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
public sealed record StoredRecord(Digest Proposal, long Size);

/// <summary>A lease on a resource.</summary>
/// <param name="Resource">What is leased.</param>
/// <param name="Holder">Who holds it.</param>
/// <param name="Token">Grows with each new lease of the resource: a writer with an older one is refused.</param>
/// <param name="ExpiresAt">When it ends unless it is renewed.</param>
public sealed record Lease(string Resource, string Holder, long Token, DateTimeOffset ExpiresAt);

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

    /// <summary>Events of a record from a position on, in order, at most <paramref name="limit"/>. Empty for an unknown record.</summary>
    Task<IReadOnlyList<RecordEvent>> ReadAsync(Digest proposal, long from, int limit, CancellationToken cancellationToken);

    /// <summary>All records, oldest first.</summary>
    Task<IReadOnlyList<StoredRecord>> ListAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Ids of records that grow, whoever appends, from now on. A hint: one may come twice, and after a failure of the medium the
    /// stream ends and <see cref="ListAsync"/> is the truth.
    /// </summary>
    IAsyncEnumerable<Digest> SubscribeAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Takes a lease, or renews the holder's own with the same token. Null while another holds it. A lease that has ended is
    /// taken over with a greater token.
    /// </summary>
    Task<Lease?> TryLeaseAsync(string resource, string holder, TimeSpan duration, CancellationToken cancellationToken);

    /// <summary>Ends a lease now. Does nothing where it is not the newest.</summary>
    Task ReleaseAsync(Lease lease, CancellationToken cancellationToken);

    /// <summary>Uses a nonce: true exactly once, whoever asks. It is forgotten after its expiry.</summary>
    Task<bool> UseNonceAsync(Digest nonce, DateTimeOffset expiresAt, CancellationToken cancellationToken);

    /// <summary>Stores an admitted agent, replacing what was known of it.</summary>
    Task EnrolAsync(Enrolment enrolment, CancellationToken cancellationToken);

    /// <summary>All admitted agents.</summary>
    Task<IReadOnlyList<Enrolment>> EnrolmentsAsync(CancellationToken cancellationToken);

    /// <summary>Keeps sealed shares until their receivers fetch them. The first from a sender to a receiver stands.</summary>
    Task KeepSharesAsync(Digest proposal, IReadOnlyList<SealedShare> shares, CancellationToken cancellationToken);

    /// <summary>The sealed shares for a receiver, in the order of their senders.</summary>
    Task<IReadOnlyList<SealedShare>> SharesAsync(Digest proposal, int to, CancellationToken cancellationToken);

    /// <summary>Writes and flushes something, to learn whether that can be done now.</summary>
    Task ProbeAsync(CancellationToken cancellationToken);
}

/// <summary>The store could not do its work: full, read-only, broken, damaged, in use.</summary>
public sealed class StoreException(string message, Exception? inner = null) : IOException(message, inner);
