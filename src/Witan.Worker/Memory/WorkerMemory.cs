using System.Buffers.Binary;
using System.Text;

namespace Witan.Worker.Memory;

/// <summary>
/// All that one worker remembers, in order, and the owner who may add to it. Immutable: adding makes a new one with the next
/// sequence number.
/// </summary>
/// <param name="Owner">The owner's Ed25519 public key, 32 bytes. Fixed from the owner's first note on.</param>
/// <param name="Sequence">How often it was changed. Bound into the sealing, so that two versions never share a nonce and key.</param>
/// <param name="Entries">Oldest first.</param>
public sealed record WorkerMemory(byte[] Owner, ulong Sequence, IReadOnlyList<MemoryEntry> Entries)
{
    /// <summary>Longest note, in characters.</summary>
    public const int MaximumText = 10_000;

    /// <summary>Most entries; the oldest decisions go first when it is full.</summary>
    public const int MaximumEntries = 10_000;

    private static readonly byte[] SignatureTag = Encoding.ASCII.GetBytes("witan/memory-note/v1");

    /// <summary>An empty memory for an owner.</summary>
    public static WorkerMemory Empty(byte[] owner)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(owner.Length, 32, nameof(owner));
        return new WorkerMemory(owner, 0, []);
    }

    /// <summary>The same memory for an owner; null where another owner has written in it, whose signatures would no longer hold.</summary>
    public WorkerMemory? OwnedBy(byte[] owner)
    {
        if (Owner.AsSpan().SequenceEqual(owner))
            return this;
        return Entries.All(entry => entry.Kind == MemoryKind.Decision) ? this with { Owner = owner, Sequence = Sequence + 1 } : null;
    }

    /// <summary>
    /// The memory with one more entry. Throws <see cref="ArgumentException"/> where the entry is too long, or is an owner's note
    /// without the owner's signature.
    /// </summary>
    public WorkerMemory With(MemoryEntry entry)
    {
        if (Problem(entry) is { } problem)
            throw new ArgumentException(problem, nameof(entry));
        // One decision a proposal: said again after a crash, it replaces what was said before.
        List<MemoryEntry> entries =
            [.. Entries.Where(known => entry.Kind != MemoryKind.Decision || known.Kind != MemoryKind.Decision || known.Proposal != entry.Proposal)];
        if (entries.Count >= MaximumEntries)
        {
            int oldest = entries.FindIndex(known => known.Kind == MemoryKind.Decision);
            if (oldest < 0)
                throw new ArgumentException($"the memory holds {MaximumEntries} notes of its owner; nothing can make room", nameof(entry));
            entries.RemoveAt(oldest);
        }

        entries.Add(entry);
        return this with { Sequence = Sequence + 1, Entries = entries };
    }

    /// <summary>What is wrong with an entry in this memory, or null. Checked for every entry whenever a memory is opened.</summary>
    public string? Problem(MemoryEntry entry)
    {
        // A signature covers a kind's lowest byte only.
        if (!Enum.IsDefined(entry.Kind))
            return $"there is no kind {(int)entry.Kind} of note";
        if (entry.Text.Length is 0 or > MaximumText)
            return $"a note has 1 to {MaximumText} characters, not {entry.Text.Length}";
        if (entry.Kind == MemoryKind.Decision)
            return entry.Proposal is { Length: 64 } ? null : "a decision names its proposal by 64 hexadecimal digits";
        if (entry.OwnerSignature is null)
            return $"a {entry.Kind.ToString().ToLowerInvariant()} needs the owner's signature";
        return Witan.Crypto.Ed25519.Verify(Owner, SignedBytes(Owner, entry.Kind, entry.At, entry.Text), entry.OwnerSignature)
            ? null
            : "the signature on a note is not the owner's";
    }

    /// <summary>
    /// What an owner signs: the tag, then owner key, kind, time in UTC milliseconds and text, each with its length as u32
    /// big-endian before it.
    /// </summary>
    public static byte[] SignedBytes(byte[] owner, MemoryKind kind, DateTimeOffset at, string text)
    {
        Span<byte> time = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(time, at.ToUnixTimeMilliseconds());
        using var bytes = new MemoryStream();
        Field(bytes, SignatureTag);
        Field(bytes, owner);
        Field(bytes, [(byte)kind]);
        Field(bytes, time);
        Field(bytes, Encoding.UTF8.GetBytes(text));
        return bytes.ToArray();
    }

    private static void Field(MemoryStream bytes, ReadOnlySpan<byte> content)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, content.Length);
        bytes.Write(length);
        bytes.Write(content);
    }
}
