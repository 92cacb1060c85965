namespace Witan.Cli.CommandLine;

/// <summary>Columns of text, each as wide as its widest cell; the last is not padded.</summary>
public sealed class Table(params string[] headings)
{
    private readonly List<string[]> _rows = [];

    /// <summary>Adds a row. Cells may come from strangers: control characters, which could rewrite a terminal, are replaced.</summary>
    public void Add(params string[] cells) => _rows.Add([.. cells.Select(Terminal.Plain)]);

    /// <summary>Writes headings and rows.</summary>
    public void Write(Terminal terminal)
    {
        int[] widths = [.. headings.Select((heading, i) => Math.Max(heading.Length, _rows.Select(row => row[i].Length).DefaultIfEmpty().Max()))];
        terminal.Out.WriteLine(terminal.Dim(Line(headings, widths)));
        foreach (string[] row in _rows)
            terminal.Out.WriteLine(Line(row, widths));
    }

    private static string Line(string[] cells, int[] widths) =>
        string.Join("  ", cells.Select((cell, i) => i == cells.Length - 1 ? cell : cell.PadRight(widths[i]))).TrimEnd();
}
