namespace Witan.Worker.Memory;

/// <summary>What kind of thing a worker remembers.</summary>
public enum MemoryKind
{
    /// <summary>How it decided a past proposal, and why. Written by the worker itself.</summary>
    Decision,

    /// <summary>What it values. Written by its owner.</summary>
    Preference,

    /// <summary>What it knows. Written by its owner.</summary>
    Knowledge,
}

/// <summary>One thing that a worker remembers.</summary>
/// <param name="Kind">What kind of thing it is.</param>
/// <param name="At">When it was written, UTC.</param>
/// <param name="Text">The note itself, at most <see cref="WorkerMemory.MaximumText"/> characters.</param>
public sealed record MemoryEntry(MemoryKind Kind, DateTimeOffset At, string Text)
{
    /// <summary>The proposal that a decision was about: 64 hexadecimal digits. Null for the owner's notes.</summary>
    public string? Proposal { get; init; }

    /// <summary>
    /// The owner's Ed25519 signature over <see cref="WorkerMemory.SignedBytes"/>. Required for preferences and knowledge: nobody
    /// else may change a worker's mind. Null for decisions.
    /// </summary>
    public byte[]? OwnerSignature { get; init; }
}
