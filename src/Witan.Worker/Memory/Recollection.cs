namespace Witan.Worker.Memory;

/// <summary>
/// One thing of a memory as it is put before a mind, inside a budget: what the owner wrote, the newest first, then the newest decisions.
/// </summary>
/// <param name="Kind">What kind of thing it is; the owner signed all but decisions.</param>
/// <param name="Text">Kind, day and note, in one text.</param>
public sealed record Recollection(MemoryKind Kind, string Text)
{
    /// <summary>Most characters that are recalled for one proposal.</summary>
    public const int MaximumCharacters = 12_000;

    /// <summary>Most past decisions that are recalled.</summary>
    public const int MaximumDecisions = 20;

    /// <summary>Notes of the owner in the order in which they were written, then decisions, oldest of the recalled first.</summary>
    public static IReadOnlyList<Recollection> Of(WorkerMemory memory)
    {
        int left = MaximumCharacters;
        List<Recollection> notes = Newest(Notes(memory), ref left);
        List<Recollection> decisions = Newest(memory.Entries.Where(entry => entry.Kind == MemoryKind.Decision).TakeLast(MaximumDecisions), ref left);
        return [.. notes, .. decisions];
    }

    /// <summary>How many of the owner's notes, the oldest, are beyond the budget: no mind is told of them.</summary>
    public static int NotesLeftOut(WorkerMemory memory)
    {
        int left = MaximumCharacters;
        return Notes(memory).Count() - Newest(Notes(memory), ref left).Count;
    }

    // By the time that their owner signed, not by that of their coming: who hands in old notes again does not push out the new ones.
    private static IEnumerable<MemoryEntry> Notes(WorkerMemory memory) => memory.Entries.Where(entry => entry.Kind != MemoryKind.Decision).OrderBy(entry => entry.At);

    private static List<Recollection> Newest(IEnumerable<MemoryEntry> entries, ref int left)
    {
        var taken = new List<Recollection>();
        foreach (MemoryEntry entry in entries.Reverse())
        {
            string text = $"{entry.Kind} ({entry.At:yyyy-MM-dd}): {entry.Text}";
            if (text.Length > left)
                break;
            left -= text.Length;
            taken.Add(new Recollection(entry.Kind, text));
        }

        taken.Reverse();
        return taken;
    }
}
