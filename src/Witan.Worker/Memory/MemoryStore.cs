using System.Security.Cryptography;
using Witan.Dstack;

namespace Witan.Worker.Memory;

/// <summary>
/// Derives the memory's key for an epoch: 32 bytes, the same for the same app on any host. In a CVM it asks
/// <c>dstack.sock</c> for path <c>witan/worker/memory/EPOCH</c>; in LOCAL_MODE the worker's state directory stands in.
/// The store zeroes what it gets.
/// </summary>
public delegate Task<byte[]> MemoryKeySource(uint epoch, CancellationToken cancellationToken);

/// <summary>
/// A memory in one file. A change is durable when it is made, and a crash leaves the old memory or the new one and nothing between.
/// </summary>
public sealed class MemoryStore(string path, MemoryKeySource keys)
{
    /// <summary>Whether there is a memory.</summary>
    public bool Exists => File.Exists(path);

    /// <summary>
    /// What a worker does at its start, and nobody else: makes an empty memory for <paramref name="owner"/> where there is none, and gives it
    /// one that no owner has written in yet. Throws <see cref="MemoryException"/> where it holds another owner's notes.
    /// </summary>
    public async Task<WorkerMemory> ClaimAsync(byte[] owner, CancellationToken cancellationToken)
    {
        await using FileStream turn = await LockAsync(cancellationToken);
        (WorkerMemory known, uint epoch) = Exists ? await ReadAsync(cancellationToken) : (WorkerMemory.Empty(owner), 0);
        WorkerMemory memory = known.OwnedBy(owner)
            ?? throw new MemoryException($"this memory holds notes of another owner, {Convert.ToHexStringLower(known.Owner)}");
        if (!Exists || memory.Sequence != known.Sequence)
            await WriteAsync(memory, epoch, cancellationToken);
        return memory;
    }

    /// <summary>Opens the memory for its owner. Throws <see cref="MemoryException"/> where there is none, or it is another's.</summary>
    public async Task<WorkerMemory> OpenAsync(byte[] owner, CancellationToken cancellationToken) => (await ReadAsync(owner, cancellationToken)).Memory;

    /// <summary>
    /// Adds one entry and seals the result under the epoch that is in use. The worker and its owner may both write: a lock beside the
    /// file lets one wait for the other.
    /// </summary>
    public Task<WorkerMemory> AddAsync(byte[] owner, MemoryEntry entry, CancellationToken cancellationToken) => AddAsync(owner, [entry], 0, cancellationToken);

    /// <summary>
    /// Adds entries, all or none, to a memory that was changed <paramref name="least"/> times or more. Throws <see cref="MemoryException"/> where an older
    /// one is in its place: what is written on it would pass for the newest.
    /// </summary>
    public async Task<WorkerMemory> AddAsync(byte[] owner, IReadOnlyList<MemoryEntry> entries, ulong least, CancellationToken cancellationToken)
    {
        await using FileStream turn = await LockAsync(cancellationToken);
        (WorkerMemory known, uint epoch) = await ReadAsync(owner, cancellationToken);
        if (known.Sequence < least)
            throw MemoryException.Older(known.Sequence, least);
        WorkerMemory memory = entries.Aggregate(known, (now, entry) => now.With(entry));
        await WriteAsync(memory, epoch, cancellationToken);
        return memory;
    }

    /// <summary>Seals the memory again under the next epoch's key. Returns the new epoch.</summary>
    public async Task<uint> RotateAsync(byte[] owner, CancellationToken cancellationToken)
    {
        await using FileStream turn = await LockAsync(cancellationToken);
        (WorkerMemory memory, uint epoch) = await ReadAsync(owner, cancellationToken);
        await WriteAsync(memory with { Sequence = memory.Sequence + 1 }, checked(epoch + 1), cancellationToken);
        return epoch + 1;
    }

    private async Task<FileStream> LockAsync(CancellationToken cancellationToken)
    {
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                return new FileStream(path + ".lock", new FileStreamOptions
                {
                    Mode = FileMode.OpenOrCreate,
                    Access = FileAccess.ReadWrite,
                    Share = FileShare.None,
                    UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                });
            }
            catch (IOException) when (attempt < 100)
            {
                await Task.Delay(50, cancellationToken);
            }
            catch (Exception e) when (e is UnauthorizedAccessException or IOException)
            {
                throw new MemoryException($"{path}.lock cannot be taken: {e.Message}", e);
            }
        }
    }

    private async Task<byte[]> FileAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (!Exists)
                throw new MemoryException($"there is no memory at {path}");
            long length = new FileInfo(path).Length;
            if (length > SealedMemory.MaximumBytes)
                throw new MemoryException($"{path} has {length} bytes; a memory has at most {SealedMemory.MaximumBytes}");
            return await File.ReadAllBytesAsync(path, cancellationToken);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException and not MemoryException)
        {
            throw new MemoryException($"{path} cannot be read: {e.Message}", e);
        }
    }

    private async Task<(WorkerMemory Memory, uint Epoch)> ReadAsync(byte[] owner, CancellationToken cancellationToken)
    {
        (WorkerMemory memory, uint epoch) = await ReadAsync(cancellationToken);
        return memory.Owner.AsSpan().SequenceEqual(owner)
            ? (memory, epoch)
            : throw new MemoryException("this memory belongs to another owner key");
    }

    private async Task<(WorkerMemory Memory, uint Epoch)> ReadAsync(CancellationToken cancellationToken)
    {
        byte[] file = await FileAsync(cancellationToken);
        uint epoch = SealedMemory.Epoch(file);
        byte[] key = await keys(epoch, cancellationToken);
        try
        {
            return (SealedMemory.Open(file, key), epoch);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    private async Task WriteAsync(WorkerMemory memory, uint epoch, CancellationToken cancellationToken)
    {
        byte[] key = await keys(epoch, cancellationToken);
        try
        {
            DurableFile.Write(path, SealedMemory.Seal(memory, key, epoch));
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException and not MemoryException)
        {
            throw new MemoryException($"{path} cannot be written: {e.Message}", e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }
}
