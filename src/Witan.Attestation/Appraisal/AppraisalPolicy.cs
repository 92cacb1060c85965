using System.Collections.Immutable;

namespace Witan.Attestation;

/// <summary>
/// What a caller demands of evidence. Debug enclaves and TDs are never accepted, whatever a policy says. Immutable; change it
/// with <c>with</c>.
/// </summary>
public sealed record AppraisalPolicy
{
    /// <summary>The network code's rules; accepts every level. The default.</summary>
    public static AppraisalPolicy Phala { get; } = new() { Name = "phala", Rule = LevelRule.Phala };

    /// <summary>The published table read literally; accepts every level it has.</summary>
    public static AppraisalPolicy PhalaDocs { get; } = new() { Name = "phala-docs", Rule = LevelRule.PhalaDocs };

    /// <summary>Advisories count at every level; accepts tiers 1 to 3.</summary>
    public static AppraisalPolicy Strict { get; } = new() { Name = "strict", Rule = LevelRule.Strict, WorstLevel = 3 };

    /// <summary>The policy's name, shown in every output.</summary>
    public required string Name { get; init; }

    /// <summary>Which reading of the tier table counts.</summary>
    public required LevelRule Rule { get; init; }

    /// <summary>The worst level that is accepted, 1 to 5.</summary>
    /// <value>The default value is 5.</value>
    public int WorstLevel { get; init; } = 5;

    /// <summary>Whether evidence under a development root is accepted.</summary>
    /// <value>The default value is false.</value>
    public bool AcceptSimulated { get; init; }

    /// <summary>Advisories that are never accepted, whatever the level.</summary>
    public ImmutableArray<string> RejectedAdvisories { get; init; } = [];

    /// <summary>Least evaluation data number; null demands none.</summary>
    public long? MinimumEvaluationDataNumber { get; init; }

    /// <summary>Earliest TCB date; null demands none.</summary>
    public DateTimeOffset? MinimumTcbDate { get; init; }

    /// <summary>Greatest age of TCB info and QE identity since their issue; null demands none.</summary>
    public TimeSpan? MaximumCollateralAge { get; init; }

    /// <summary>Accepted MRENCLAVE values, lower-case hexadecimal; empty accepts any.</summary>
    public ImmutableArray<string> MrEnclave { get; init; } = [];

    /// <summary>Accepted MRSIGNER values, lower-case hexadecimal; empty accepts any.</summary>
    public ImmutableArray<string> MrSigner { get; init; } = [];

    /// <summary>Accepted MRTD values, lower-case hexadecimal; empty accepts any.</summary>
    public ImmutableArray<string> MrTd { get; init; } = [];

    /// <summary>Accepted values of RTMR0 to RTMR3, lower-case hexadecimal; a missing or empty list accepts any.</summary>
    public ImmutableArray<ImmutableArray<string>> Rtmr { get; init; } = [];

    /// <summary>Accepted MRSERVICETD values besides zero, lower-case hexadecimal.</summary>
    public ImmutableArray<string> ServiceTd { get; init; } = [];

    /// <summary>What the report data must be, 64 bytes; empty leaves it unchecked, and the verdict says so.</summary>
    public ReadOnlyMemory<byte> ReportData { get; init; }

    /// <summary>The policy with a name; null where there is none of that name.</summary>
    public static AppraisalPolicy? Named(string name) => name switch
    {
        "phala" => Phala,
        "phala-docs" => PhalaDocs,
        "strict" => Strict,
        _ => null,
    };
}
