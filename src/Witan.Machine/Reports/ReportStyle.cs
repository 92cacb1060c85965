namespace Witan.Machine;

/// <summary>How a report is printed.</summary>
public sealed record ReportStyle
{
    /// <summary>Evidence below every line, also below ✔.</summary>
    public bool Verbose { get; init; }

    /// <summary>Also the parts that do not apply, and the hidden lines.</summary>
    public bool All { get; init; }

    /// <summary>Words instead of marks, and no colour.</summary>
    public bool PlainText { get; init; }

    /// <summary>Colours.</summary>
    public bool Colour { get; init; }

    /// <summary>The sign of a mark with the blanks behind it.</summary>
    public string Mark(Mark mark)
    {
        if (PlainText)
            return mark switch { Machine.Mark.Supported => "yes ", Machine.Mark.Unknown => "??? ", _ => "no  " };
        (string sign, string colour) = mark switch
        {
            Machine.Mark.Supported => ("✔", "32"),
            Machine.Mark.Unsupported => ("✘", "33"),
            Machine.Mark.Fatal => ("✘", "31"),
            _ => ("?", "35"),
        };
        return (Colour ? $"\e[{colour}m{sign}\e[0m" : sign) + "  ";
    }

    /// <summary>In place of a mark where the question does not apply: that is neither ✘ nor ?.</summary>
    internal string NoMark => PlainText ? "n/a " : "-  ";

    /// <summary>Secondary text.</summary>
    public string Dim(string text) => Colour && !PlainText ? $"\e[2m{text}\e[0m" : text;
}
