using System.Collections.Immutable;

namespace Witan.Machine;

/// <summary>How a check is printed.</summary>
public enum CheckForm
{
    /// <summary>A mark and a label, children below it.</summary>
    Line,

    /// <summary>A label without a mark, children below it.</summary>
    Caption,

    /// <summary>The children side by side in one line.</summary>
    Row,

    /// <summary>A text without a mark.</summary>
    Text,
}

/// <summary>One node of the report: what was asked, the answer, and what the answer rests on.</summary>
/// <param name="Id">Stable name, such as <c>sgx.cpu-support</c>; what <c>--explain</c> takes.</param>
/// <param name="Label">The words in the tree.</param>
/// <param name="Mark">The answer; of no meaning where <see cref="Form"/> has no mark.</param>
public sealed record Check(string Id, string Label, Mark Mark)
{
    /// <summary>How it is printed.</summary>
    public CheckForm Form { get; init; }

    /// <summary>What was seen: register = value, path, errno.</summary>
    public ImmutableArray<string> Evidence { get; init; } = [];

    /// <summary>What stands behind a ✘ or a ?; null for ✔ and for nodes whose children say it.</summary>
    public Problem? Problem { get; init; }

    /// <summary>The rule by which it was decided, one sentence.</summary>
    public string Rule { get; init; } = "";

    /// <summary>Why it is not shown; null where it is.</summary>
    public string? HiddenBecause { get; init; }

    /// <summary>The checks below.</summary>
    public ImmutableArray<Check> Children { get; init; } = [];

    /// <summary>Whether it carries a mark.</summary>
    public bool HasMark => Form == CheckForm.Line;

    /// <summary>This check and all below it, top down, with their path of labels.</summary>
    public IEnumerable<(Check Check, string Path)> Walk(string above = "")
    {
        string path = PathBelow(above);
        yield return (this, path);
        foreach (Check child in Children)
        {
            foreach ((Check, string) below in child.Walk(path))
                yield return below;
        }
    }

    /// <summary>The same without what is not shown: a hidden check hides all below it.</summary>
    internal IEnumerable<(Check Check, string Path)> Visible() => HiddenBecause is not null ? [] : Shown("");

    /// <summary>Why a check of this tree is not shown: its own reason, or that of the nearest above it. Null where it is shown.</summary>
    internal string? WhyHidden(Check check)
    {
        if (ReferenceEquals(this, check))
            return HiddenBecause;
        foreach (Check child in Children)
        {
            if (child.Holds(check))
                return child.WhyHidden(check) ?? HiddenBecause;
        }

        return null;
    }

    private bool Holds(Check check) => ReferenceEquals(this, check) || Children.Any(child => child.Holds(check));

    private IEnumerable<(Check Check, string Path)> Shown(string above)
    {
        string path = PathBelow(above);
        yield return (this, path);
        foreach (Check child in Children)
        {
            if (child.HiddenBecause is not null)
                continue;
            foreach ((Check, string) below in child.Shown(path))
                yield return below;
        }
    }

    // A row stands in one line with its children and has no step of its own.
    private string PathBelow(string above) => above.Length == 0 ? Label : Form is CheckForm.Row ? above : $"{above} > {Label}";

    internal Check HiddenIf(bool hidden, string because) => hidden && HiddenBecause is null ? this with { HiddenBecause = because } : this;
}
