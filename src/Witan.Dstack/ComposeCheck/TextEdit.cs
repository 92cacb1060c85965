namespace Witan.Dstack.ComposeCheck;

/// <summary>Replaces <paramref name="Length"/> characters at <paramref name="Offset"/> by <paramref name="Text"/>; nothing else of the file changes.</summary>
/// <param name="Offset">In UTF-16 units from the start of the text.</param>
/// <param name="Length">In UTF-16 units; 0 inserts.</param>
/// <param name="Text">What stands there afterwards.</param>
public sealed record TextEdit(int Offset, int Length, string Text)
{
    /// <summary>Applies edits from the last to the first. Of edits that overlap, the one that starts first is applied.</summary>
    public static string Apply(string text, IEnumerable<TextEdit> edits)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(edits);
        var kept = new List<TextEdit>();
        foreach (TextEdit edit in edits.Distinct().OrderBy(edit => edit.Offset).ThenBy(edit => edit.Length))
        {
            if (kept.Count == 0 || kept[^1].Offset + kept[^1].Length <= edit.Offset)
                kept.Add(edit);
        }

        var result = new System.Text.StringBuilder(text.Length + 256);
        int at = 0;
        foreach (TextEdit edit in kept)
        {
            result.Append(text, at, edit.Offset - at).Append(edit.Text);
            at = edit.Offset + edit.Length;
        }

        return result.Append(text, at, text.Length - at).ToString();
    }
}
