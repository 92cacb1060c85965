namespace Witan.Attestation;

/// <summary>Which reading of the tier table computes a confidence level.</summary>
public enum LevelRule
{
    /// <summary>What Phala's network code does.</summary>
    Phala,

    /// <summary>The published table, read literally.</summary>
    PhalaDocs,

    /// <summary>Advisories count at every level.</summary>
    Strict,
}

/// <summary>A confidence level with the rule that decided.</summary>
/// <param name="Level">1 (best) to 5, or null: no level, which never compares as better than 5.</param>
/// <param name="Rule">The rule that decided, one sentence.</param>
public sealed record ConfidenceLevel(int? Level, string Rule);

/// <summary>
/// Computes the confidence level (tier) of a platform from its status and advisories. It speaks of the patch state of one
/// vendor's platform, and of nothing else.
/// </summary>
public static class ConfidenceLevels
{
    /// <summary>The advisories that do not touch the security assumptions of the network the tiers come from.</summary>
    public static IReadOnlyList<string> Whitelist { get; } = ["INTEL-SA-00219", "INTEL-SA-00334", "INTEL-SA-00381", "INTEL-SA-00389"];

    /// <summary>Status names of EPID reports, and the DCAP statuses they stand for. Others have no level.</summary>
    public static TcbStatus? FromEpid(string quoteStatus) => quoteStatus switch
    {
        "OK" => TcbStatus.UpToDate,
        "SW_HARDENING_NEEDED" => TcbStatus.SWHardeningNeeded,
        "CONFIGURATION_NEEDED" => TcbStatus.ConfigurationNeeded,
        "CONFIGURATION_AND_SW_HARDENING_NEEDED" => TcbStatus.ConfigurationAndSWHardeningNeeded,
        "GROUP_OUT_OF_DATE" => TcbStatus.OutOfDate,
        _ => null,
    };

    /// <summary>The level under a rule. <paramref name="status"/> is null where there is none, or none that is known.</summary>
    public static ConfidenceLevel Compute(LevelRule rule, TcbStatus? status, IReadOnlyList<string> advisories)
    {
        bool none = advisories.Count == 0;
        bool listed = advisories.All(id => Whitelist.Contains(id, StringComparer.Ordinal));
        return rule switch
        {
            LevelRule.Phala => Phala(status, listed),
            LevelRule.PhalaDocs => Docs(status, none, listed),
            _ => Strict(status, none, listed),
        };
    }

    private static ConfidenceLevel Phala(TcbStatus? status, bool listed) => status switch
    {
        TcbStatus.UpToDate => new(1, "UpToDate is tier 1; advisories are ignored"),
        TcbStatus.SWHardeningNeeded => new(2, "SWHardeningNeeded is tier 2; advisories are ignored"),
        TcbStatus.ConfigurationNeeded or TcbStatus.ConfigurationAndSWHardeningNeeded => listed
            ? new(3, $"{status} with no advisory beyond the whitelist is tier 3")
            : new(4, $"{status} with an advisory beyond the whitelist is tier 4"),
        TcbStatus.OutOfDate or TcbStatus.OutOfDateConfigurationNeeded => new(5, $"{status} is tier 5; advisories are ignored"),
        _ => new(null, $"{status?.ToString() ?? "no status"} has no tier"),
    };

    private static ConfidenceLevel Docs(TcbStatus? status, bool none, bool listed) => status switch
    {
        TcbStatus.UpToDate when none => new(1, "OK with no advisory is tier 1"),
        TcbStatus.SWHardeningNeeded when none => new(2, "SW_HARDENING_NEEDED with no advisory is tier 2"),
        TcbStatus.UpToDate or TcbStatus.SWHardeningNeeded => new(null, $"{status} with an advisory: the published table has no row for this"),
        _ => Phala(status, listed),
    };

    private static ConfidenceLevel Strict(TcbStatus? status, bool none, bool listed) => status switch
    {
        TcbStatus.UpToDate when none => new(1, "UpToDate without advisories is tier 1"),
        // The rule names neither row for whitelisted advisories; a platform in better state must not get a worse tier.
        TcbStatus.UpToDate when listed => new(2, "UpToDate with no advisory beyond the whitelist is tier 2 here"),
        TcbStatus.SWHardeningNeeded when listed => new(2, "SWHardeningNeeded with no advisory beyond the whitelist is tier 2"),
        TcbStatus.UpToDate or TcbStatus.SWHardeningNeeded => new(4, $"{status} with an advisory is tier 4 here"),
        _ => Phala(status, listed),
    };
}
