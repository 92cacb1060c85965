namespace Witan.Worker.Memory;

/// <summary>What of a memory is put before a mind: all that the owner wrote, then the newest decisions, inside a budget.</summary>
public static class Recollection
{
    /// <summary>Most characters that are recalled for one proposal.</summary>
    public const int MaximumCharacters = 12_000;

    /// <summary>Most past decisions that are recalled.</summary>
    public const int MaximumDecisions = 20;

    /// <summary>Notes of the owner in the order in which they were written, then decisions, oldest of the recalled first.</summary>
    public static IReadOnlyList<string> Of(WorkerMemory memory)
    {
        var recalled = new List<string>();
        int left = MaximumCharacters;
        foreach (MemoryEntry entry in memory.Entries.Where(entry => entry.Kind != MemoryKind.Decision))
        {
            if (!Take(recalled, entry, ref left))
                return recalled;
        }

        var decisions = new List<string>();
        foreach (MemoryEntry entry in memory.Entries.Where(entry => entry.Kind == MemoryKind.Decision).Reverse().Take(MaximumDecisions))
        {
            if (!Take(decisions, entry, ref left))
                break;
        }

        decisions.Reverse();
        return [.. recalled, .. decisions];
    }

    private static bool Take(List<string> into, MemoryEntry entry, ref int left)
    {
        string text = $"{entry.Kind} ({entry.At:yyyy-MM-dd}): {entry.Text}";
        if (text.Length > left)
            return false;
        left -= text.Length;
        into.Add(text);
        return true;
    }
}
