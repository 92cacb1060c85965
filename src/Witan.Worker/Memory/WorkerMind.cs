using Witan.Voting;
using Witan.Worker.Deliberation;

namespace Witan.Worker.Memory;

/// <summary>A worker's memory while it works: recalled before each deliberation, and told each decision.</summary>
public sealed class WorkerMind(MemoryStore store, byte[] owner, TimeProvider clock)
{
    // With the longest title and option, all of it escaped, a decision stays below SealedMemory.DecisionSize.
    private const int MaximumReasons = 1_000;
    private long _newest = -1;

    /// <summary>File name of a worker's memory in its state directory.</summary>
    public const string FileName = "memory.sealed";

    /// <summary>
    /// Opens the memory once, or makes it, so that a worker which cannot read its mind does not start with an empty one. Says in one sentence
    /// what it found. Throws <see cref="MemoryException"/>.
    /// </summary>
    public async Task<string> StartAsync(CancellationToken cancellationToken)
    {
        bool isNew = !store.Exists;
        WorkerMemory memory = await ReadAsync(() => store.ClaimAsync(owner, cancellationToken));
        return isNew ? "there was no memory; an empty one begins" : $"memory: {memory.Entries.Count} entries, changed {memory.Sequence} times";
    }

    /// <summary>
    /// Takes in what its owner wrote elsewhere, and leaves what it knows already. Returns how many notes were new, and how many in the memory are too old to be
    /// recalled. Throws <see cref="MemoryException"/>, also where no note finds room.
    /// </summary>
    public async Task<(int New, int LeftOut)> TeachAsync(IReadOnlyList<MemoryEntry> notes, CancellationToken cancellationToken)
    {
        WorkerMemory memory = await ReadAsync(() => store.OpenAsync(owner, cancellationToken));
        var known = memory.Entries.Select(entry => (entry.Kind, entry.At, entry.Text)).ToHashSet();
        MemoryEntry[] added = [.. notes.Where(note => known.Add((note.Kind, note.At, note.Text)))];
        if (added.Length > 0)
            memory = await AddAsync(added, cancellationToken);
        return (added.Length, Recollection.NotesLeftOut(memory));
    }

    /// <summary>What it remembers that bears on a proposal. Throws <see cref="MemoryException"/> where the memory is gone, or an older one is in its place.</summary>
    public async Task<IReadOnlyList<Recollection>> RecallAsync(CancellationToken cancellationToken) =>
        Recollection.Of(await ReadAsync(() => store.OpenAsync(owner, cancellationToken)));

    /// <summary>Remembers a decision. Said again after a crash, it replaces what was said before.</summary>
    public async Task RememberAsync(Digest proposal, ProposalBody body, Opinion opinion, CancellationToken cancellationToken)
    {
        string reasons = Cut(opinion.Reasoning);
        string text = $"{body.Title}: voted {body.Options[opinion.Option]}. {reasons}";
        var decision = new MemoryEntry(MemoryKind.Decision, clock.GetUtcNow(), text) { Proposal = proposal.ToString() };
        await AddAsync([decision], cancellationToken);
    }

    // Only to what this worker has seen, or newer: an older memory that was put back would pass for it with one entry more.
    private async Task<WorkerMemory> AddAsync(IReadOnlyList<MemoryEntry> entries, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadAsync(() => store.AddAsync(owner, entries, (ulong)Math.Max(0, Interlocked.Read(ref _newest)), cancellationToken));
        }
        catch (ArgumentException e)
        {
            throw new MemoryException($"the memory takes nothing more: {e.Message}", e);
        }
    }

    // Never inside a character of two parts: half of one cannot be written.
    private static string Cut(string reasons)
    {
        if (reasons.Length <= MaximumReasons)
            return reasons;
        int length = char.IsHighSurrogate(reasons[MaximumReasons - 1]) ? MaximumReasons - 1 : MaximumReasons;
        return reasons[..length] + " (cut)";
    }

    // Whoever holds the disk can put an older memory back. While the worker runs it knows how often its memory was changed: what is read
    // later cannot be older than what was known before.
    private async Task<WorkerMemory> ReadAsync(Func<Task<WorkerMemory>> read)
    {
        long known = Interlocked.Read(ref _newest);
        WorkerMemory memory = await read();
        if ((long)memory.Sequence < known)
            throw MemoryException.Older(memory.Sequence, (ulong)known);
        for (long seen = Interlocked.Read(ref _newest); (long)memory.Sequence > seen; seen = Interlocked.Read(ref _newest))
            Interlocked.CompareExchange(ref _newest, (long)memory.Sequence, seen);
        return memory;
    }
}
