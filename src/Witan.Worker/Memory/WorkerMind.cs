using Witan.Voting;
using Witan.Worker.Deliberation;

namespace Witan.Worker.Memory;

/// <summary>A worker's memory while it works: recalled before each deliberation, and told each decision.</summary>
public sealed class WorkerMind(MemoryStore store, byte[] owner, TimeProvider clock)
{
    private const int MaximumReasons = 1_000;

    /// <summary>File name of a worker's memory in its state directory.</summary>
    public const string FileName = "memory.sealed";

    /// <summary>
    /// Opens the memory once, so that a worker which cannot read its mind does not start with an empty one. Throws
    /// <see cref="MemoryException"/>.
    /// </summary>
    public Task CheckAsync(CancellationToken cancellationToken) => store.OpenAsync(owner, cancellationToken);

    /// <summary>What it remembers that bears on a proposal.</summary>
    public async Task<IReadOnlyList<string>> RecallAsync(CancellationToken cancellationToken) =>
        Recollection.Of(await store.OpenAsync(owner, cancellationToken));

    /// <summary>Remembers a decision. Said again after a crash, it replaces what was said before.</summary>
    public Task RememberAsync(Digest proposal, ProposalBody body, Opinion opinion, CancellationToken cancellationToken)
    {
        string reasons = opinion.Reasoning.Length <= MaximumReasons ? opinion.Reasoning : opinion.Reasoning[..MaximumReasons] + " (cut)";
        string text = $"{body.Title}: voted {body.Options[opinion.Option]}. {reasons}";
        return store.AddAsync(
            owner,
            new MemoryEntry(MemoryKind.Decision, clock.GetUtcNow(), text.Length <= WorkerMemory.MaximumText ? text : text[..WorkerMemory.MaximumText])
            {
                Proposal = proposal.ToString(),
            },
            cancellationToken);
    }
}
