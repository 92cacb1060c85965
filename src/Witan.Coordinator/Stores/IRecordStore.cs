using Witan.Voting;

namespace Witan.Coordinator.Stores;

/// <summary>An agent that was admitted, as it is stored.</summary>
/// <param name="Role">Worker or trustee.</param>
/// <param name="Name">For people.</param>
/// <param name="Entry">Keys, level and evidence digest; weight 1.</param>
/// <param name="Callback">Loopback address for direct dispatch; empty outside LOCAL_MODE.</param>
/// <param name="ExpiresAt">When its attestation expires.</param>
public sealed record Enrolment(AgentRole Role, string Name, RosterEntry Entry, string Callback, DateTimeOffset ExpiresAt);

/// <summary>
/// What a coordinator keeps. Everything that returned is durable. A store that fails throws <see cref="StoreException"/>: a
/// storage error, never read as anything about evidence or ballots.
/// </summary>
public interface IRecordStore : IAsyncDisposable
{
    /// <summary>
    /// Appends an event where the record has exactly <paramref name="next"/>.Sequence events. False where somebody else appended
    /// first: read and decide again.
    /// </summary>
    Task<bool> AppendAsync(Digest proposal, RecordEvent next, CancellationToken cancellationToken);

    /// <summary>Reads a record from a position on.</summary>
    Task<IReadOnlyList<RecordEvent>> ReadAsync(Digest proposal, long from, CancellationToken cancellationToken);

    /// <summary>The ids of all proposals, oldest first.</summary>
    Task<IReadOnlyList<Digest>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Uses a nonce once. False where it was used before.</summary>
    Task<bool> UseNonceAsync(Digest nonce, DateTimeOffset expiresAt, CancellationToken cancellationToken);

    /// <summary>Stores an admitted agent, replacing what was known of it.</summary>
    Task EnrolAsync(Enrolment enrolment, CancellationToken cancellationToken);

    /// <summary>All admitted agents.</summary>
    Task<IReadOnlyList<Enrolment>> EnrolmentsAsync(CancellationToken cancellationToken);

    /// <summary>Keeps a sealed share until its receiver fetches it. The first from a sender to a receiver stands.</summary>
    Task KeepShareAsync(Digest proposal, SealedShare share, CancellationToken cancellationToken);

    /// <summary>The sealed shares for a receiver.</summary>
    Task<IReadOnlyList<SealedShare>> SharesAsync(Digest proposal, int to, CancellationToken cancellationToken);
}

/// <summary>The store could not do its work: full, read-only, broken, in use.</summary>
public sealed class StoreException(string message, Exception? inner = null) : IOException(message, inner);
