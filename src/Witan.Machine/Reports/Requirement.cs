using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Witan.Machine;

/// <summary>What a script demands of a machine: TEEs by name, and at most a tier.</summary>
public sealed class Requirement
{
    private static readonly string[] Names = ["sgx", "sgx-production", "tdx-guest", "tdx-host", "snp-guest", "snp-host", "gpu-cc", "dstack"];

    private readonly List<string> _tees = [];

    private Requirement()
    {
    }

    /// <summary>The TEEs that have to be there.</summary>
    public IReadOnlyList<string> Tees => _tees;

    /// <summary>The worst tier accepted; null where none is asked for.</summary>
    public int? WorstTier { get; private set; }

    /// <summary>Parses <c>sgx,tier&lt;=3</c>. <paramref name="problem"/> is one sentence where it cannot.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out Requirement? requirement, [NotNullWhen(false)] out string? problem)
    {
        requirement = new Requirement();
        problem = null;
        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (part.StartsWith("tier<=", StringComparison.Ordinal) && int.TryParse(part.AsSpan(6), NumberStyles.None, CultureInfo.InvariantCulture, out int tier) && tier is >= 1 and <= 5)
                requirement.WorstTier = Math.Min(requirement.WorstTier ?? 5, tier);
            else if (Names.Contains(part))
                requirement._tees.Add(part);
            else
                problem = $"{part} is none of {string.Join(", ", Names)}, tier<=1 to tier<=5";
        }

        if (problem is null && requirement._tees.Count == 0 && requirement.WorstTier is null)
            problem = "nothing is required";
        if (problem is not null)
            requirement = null;
        return requirement is not null;
    }

    /// <summary>
    /// Whether all of it is met. <paramref name="report"/> is null where no machine was looked at; <paramref name="tier"/> and
    /// <paramref name="tierDecided"/> say what the evidence came to; the latter is null where there was none.
    /// </summary>
    public MachineOutcome Judge(MachineReport? report, int? tier, bool? tierDecided, out List<string> unmet)
    {
        unmet = [];
        bool missing = false;
        foreach (string name in _tees)
        {
            Mark mark = report?.MarkOf(name) ?? Mark.Unknown;
            if (mark == Mark.Supported)
                continue;
            missing |= mark != Mark.Unknown;
            unmet.Add($"{name}: {(mark == Mark.Unknown ? "could not be decided" : "not there")}");
        }

        if (WorstTier is { } worst && !(tier <= worst))
        {
            missing |= tierDecided == true;
            unmet.Add($"tier<={worst}: {(tier, tierDecided) switch
            {
                ({ } level, _) => $"tier {level}",
                (_, true) => "no tier from evidence that is accepted",
                (_, false) => "the evidence could not be decided",
                _ => "no evidence was judged",
            }}");
        }

        return missing ? MachineOutcome.NotReady : unmet.Count > 0 ? MachineOutcome.Undecided : MachineOutcome.Ready;
    }
}
