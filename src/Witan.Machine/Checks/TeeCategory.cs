namespace Witan.Machine;

/// <summary>One TEE of the report: its tree, whether it applies here, and its name for <c>--require</c>.</summary>
/// <param name="Name">Such as <c>tdx-guest</c>.</param>
/// <param name="Root">The category in the tree.</param>
/// <param name="NotHere">Why it cannot apply to this machine; null where it can.</param>
internal sealed record TeeCategory(string Name, Check Root, string? NotHere)
{
    /// <summary>Whether nobody looked: then whether it applies is not known, and no mark stands for "absent".</summary>
    public bool IsUnseen { get; init; }

    /// <summary>Whether this program runs inside such a guest.</summary>
    public bool IsInside { get; init; }

    /// <summary>What the verdict has to add where it is usable; null for nothing.</summary>
    public string? Caveat { get; init; }
}
