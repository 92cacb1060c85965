using System.Collections.Immutable;
using System.Text.Json;
using Witan.Agent;
using Witan.Coordinator.Stores;
using Witan.Voting;

namespace Witan.Coordinator.Admission;

/// <summary>
/// What is not trusted any more. Orders live in the store, where all its coordinators find them, and in a sealed file of this one: a
/// store that is put back to before an order, with everybody down, gets it again from whoever starts and remembers.
/// </summary>
internal sealed class RevocationBook : IDisposable
{
    private const string Unsealed = "revocations.json";
    private readonly SemaphoreSlim _gate = new(1);
    private readonly IRecordStore _store;
    private readonly AgentSecrets _secrets;
    private readonly SealedFile _copy;
    private readonly string _directory;
    private ImmutableList<Revocation> _all = [];

    /// <summary>A book on a store, with its copy in a state directory. Empty until <see cref="LoadAsync"/>.</summary>
    public RevocationBook(IRecordStore store, AgentSecrets secrets, string directory) =>
        (_store, _secrets, _directory, _copy) = (store, secrets, directory, new SealedFile(secrets, Path.Combine(directory, "revocations.sealed"), "revocations"));

    /// <summary>All of them, oldest first.</summary>
    public IReadOnlyList<Revocation> All => Volatile.Read(ref _all);

    /// <summary>Reads store and copy, and gives each what only the other knows. A damaged one is a storage error: nothing may be forgotten in silence.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        ImmutableList<Revocation> kept = ReadCopy();
        Volatile.Write(ref _all, kept);
        await RefreshAsync(cancellationToken);
        foreach (Revocation order in kept)
            await _store.RevokeAsync(SealedRevocation.Create(order, _secrets.SigningSeed), cancellationToken);
    }

    /// <summary>Takes over what the store has and this book has not.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            var news = new List<Revocation>();
            foreach (SealedRevocation stored in await _store.RevocationsAsync(cancellationToken))
            {
                // Whoever wrote this into the medium, it was no coordinator.
                if (!stored.IsSealedBy(_secrets.Keys.Signing))
                    throw new StoreException($"the revocation of {stored.Order.Kind} {stored.Order.Value} was not written by this coordinator");
                if (!Knows(stored.Order))
                    news.Add(stored.Order);
            }

            if (news.Count > 0)
                Keep(_all.AddRange(news));
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Takes an order, durably. False where the same thing was revoked before.</summary>
    public async Task<bool> AddAsync(Revocation order, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            // In force here before it is anywhere else, and also where the store then fails: whoever asks again finds it so.
            bool isNew = !Knows(order);
            if (isNew)
                Keep(_all.Add(order));
            return await _store.RevokeAsync(SealedRevocation.Create(order, _secrets.SigningSeed), cancellationToken) && isNew;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The order that hits an agent on a machine; null where none does.</summary>
    public Revocation? Find(AgentKeys keys, AdmittedMachine machine) => All.FirstOrDefault(order => order.Kind switch
    {
        RevocationKind.Measurement => order.Value == machine.Measurement,
        RevocationKind.Compose => order.Value == machine.Compose,
        RevocationKind.Platform => order.Value == machine.Platform,
        _ => DidKey.TryParse(order.Value, out DidKey? did) && did.Names(keys),
    });

    /// <inheritdoc />
    public void Dispose() => _gate.Dispose();

    private bool Knows(Revocation order) => _all.Exists(known => known.Kind == order.Kind && known.Value == order.Value);

    private ImmutableList<Revocation> ReadCopy()
    {
        // Whoever can write into this directory must not revoke by it, and no order may be forgotten in silence.
        if (File.Exists(Path.Combine(_directory, Unsealed)))
            throw new StoreException($"{Path.Combine(_directory, Unsealed)} is of an earlier version and anybody could have written it: revoke again what stands in it (witan policy revoke), and remove it");
        try
        {
            if (_copy.Read() is not { } bytes)
                return [];
            return StrictJson.TryRead(bytes, WireJson.Default.IReadOnlyListRevocation, out IReadOnlyList<Revocation>? read, out string? problem)
                ? [.. read]
                : throw new StoreException($"the copy of the revocations in {_directory} is damaged: {problem}");
        }
        catch (InvalidDataException e)
        {
            throw new StoreException($"the copy of the revocations is damaged: {e.Message}", e);
        }
    }

    private void Keep(ImmutableList<Revocation> next)
    {
        try
        {
            _copy.Write(JsonSerializer.SerializeToUtf8Bytes<IReadOnlyList<Revocation>>(next, WireJson.Default.IReadOnlyListRevocation));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"the revocation cannot be stored: {e.Message}", e);
        }

        Volatile.Write(ref _all, next);
    }
}
