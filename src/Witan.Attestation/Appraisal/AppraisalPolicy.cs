using System.Collections.Immutable;
using System.Security.Cryptography;

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

    /// <summary>Whether evidence under a development root is accepted. Of the call: no part of the policy's hash.</summary>
    /// <value>The default value is false.</value>
    public bool AcceptSimulated { get; init; }

    /// <summary>What a TD is worth whose host was updated under it.</summary>
    /// <value>The default value is <see cref="RelaunchRule.None"/>.</value>
    public RelaunchRule RelaunchAdvised { get; init; }

    /// <summary>The only advisories that are accepted, whatever the level; null demands nothing. Advisories are judged one by one.</summary>
    public ImmutableArray<string>? AcceptedAdvisories { get; init; }

    /// <summary>Advisories that are never accepted, whatever the level.</summary>
    public ImmutableArray<string> RejectedAdvisories { get; init; } = [];

    /// <summary>Levels and advisories that are accepted until a stated second.</summary>
    public ImmutableArray<PolicyGrace> Graces { get; init; } = [];

    /// <summary>Least evaluation data number; null demands none.</summary>
    public long? MinimumEvaluationDataNumber { get; init; }

    /// <summary>Whether TCB info and QE identity must carry the same evaluation data number.</summary>
    public bool EqualEvaluationNumbers { get; init; }

    /// <summary>Earliest TCB date; null demands none.</summary>
    public DateTimeOffset? MinimumTcbDate { get; init; }

    /// <summary>Age of TCB info and QE identity since their issue above which the verdict warns; null never does.</summary>
    public TimeSpan? CollateralWarnAge { get; init; }

    /// <summary>
    /// Age above which the effective tier is one lower; null never is. Age alone rejects nothing: where only this makes the tier worse than
    /// <see cref="WorstLevel"/> the verdict is undecided until newer collateral is fetched. A policy that was stricter than the vendor's pace
    /// has taken networks down, so leave room for it.
    /// </summary>
    public TimeSpan? CollateralDemoteAge { get; init; }

    /// <summary>Accepted MRENCLAVE values, lower-case hexadecimal; empty accepts any.</summary>
    public ImmutableArray<string> MrEnclave { get; init; } = [];

    /// <summary>Accepted MRSIGNER values, lower-case hexadecimal; empty accepts any.</summary>
    public ImmutableArray<string> MrSigner { get; init; } = [];

    /// <summary>Accepted ISVPRODID values; empty accepts any. Meaningful beside <see cref="MrSigner"/>.</summary>
    public ImmutableArray<int> IsvProdIds { get; init; } = [];

    /// <summary>Least ISVSVN of an enclave; null demands none.</summary>
    public int? MinimumIsvSvn { get; init; }

    /// <summary>Accepted CONFIGID values of an enclave that was built with key separation and sharing (KSS), lower-case hexadecimal; empty accepts any.</summary>
    public ImmutableArray<string> ConfigId { get; init; } = [];

    /// <summary>Least CONFIGSVN of an enclave; null demands none. Meaningful beside <see cref="ConfigId"/>.</summary>
    public int? MinimumConfigSvn { get; init; }

    /// <summary>Accepted MRTD values, lower-case hexadecimal; empty accepts any.</summary>
    public ImmutableArray<string> MrTd { get; init; } = [];

    /// <summary>Accepted values of RTMR0 to RTMR3, lower-case hexadecimal; a missing or empty list accepts any.</summary>
    public ImmutableArray<ImmutableArray<string>> Rtmr { get; init; } = [];

    /// <summary>Accepted MRCONFIGID values, lower-case hexadecimal; empty accepts any.</summary>
    public ImmutableArray<string> MrConfigId { get; init; } = [];

    /// <summary>Accepted MROWNER values, lower-case hexadecimal; empty accepts any.</summary>
    public ImmutableArray<string> MrOwner { get; init; } = [];

    /// <summary>Accepted MROWNERCONFIG values, lower-case hexadecimal; empty accepts any.</summary>
    public ImmutableArray<string> MrOwnerConfig { get; init; } = [];

    /// <summary>Accepted MRSEAM values (the TDX module), lower-case hexadecimal; empty accepts any.</summary>
    public ImmutableArray<string> MrSeam { get; init; } = [];

    /// <summary>Accepted MRSERVICETD values besides zero, lower-case hexadecimal.</summary>
    public ImmutableArray<string> ServiceTd { get; init; } = [];

    /// <summary>TD attributes that are refused, of those that are a matter of choice: MIGRATABLE, PKS, KL, PERFMON.</summary>
    public ImmutableArray<string> RejectedTdAttributes { get; init; } = [];

    /// <summary>XFAM bits that a TD may have; null allows any.</summary>
    public ulong? AllowedXfam { get; init; }

    /// <summary>Properties of the platform that are refused, and refused too where the certificate does not say: smt, dynamic-platform, cached-keys.</summary>
    public ImmutableArray<string> RejectedPlatform { get; init; } = [];

    /// <summary>Platforms that are known, with what a match is worth.</summary>
    public ImmutableArray<PlatformEntry> Platforms { get; init; } = [];

    /// <summary>The least provenance that is accepted.</summary>
    /// <value>The default value is <see cref="Provenance.P0"/>.</value>
    public Provenance MinimumProvenance { get; init; }

    /// <summary>What the report data must be, 64 bytes; empty leaves it unchecked, and the verdict says so. Of the call: no part of the policy's hash.</summary>
    public ReadOnlyMemory<byte> ReportData { get; init; }

    /// <summary>The policy with a name; null where there is none of that name.</summary>
    public static AppraisalPolicy? Named(string name) => name switch
    {
        "phala" => Phala,
        "phala-docs" => PhalaDocs,
        "strict" => Strict,
        _ => null,
    };

    /// <summary>
    /// The policy as a file of schema <c>witan.policy/1</c> in its one canonical form: members in order, no white space, lists of
    /// alternatives sorted, members at their default left out.
    /// </summary>
    public byte[] ToJson() => PolicyWriter.Write(this);

    /// <summary>
    /// SHA-256 of <see cref="ToJson"/> in lower-case hexadecimal: which rules these are, whatever the file looked like. With
    /// <see cref="Name"/> it is what tokens carry.
    /// </summary>
    public string Hash() => Convert.ToHexStringLower(SHA256.HashData(ToJson()));
}
