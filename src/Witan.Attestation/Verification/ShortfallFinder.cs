namespace Witan.Attestation;

/// <summary>Says which component lies below the best level there is, by how much, and what raises it.</summary>
internal static class ShortfallFinder
{
    /// <summary>What raises a TD that was launched with less than its host has now.</summary>
    public const string Relaunch = "relaunch of the TD";

    /// <summary>What raises a component that Intel does not name, where only a setting lies between the platform's level and the one above it.</summary>
    public const string Setting = "a BIOS setting";

    /// <summary>What is said of a component that Intel does not name.</summary>
    public const string Unnamed = "not named by Intel; see the advisories";

    /// <summary>What makes components from the certificate those of the running platform.</summary>
    public const string Register = ", then register the platform again";

    /// <summary>What raises PCESVN.</summary>
    public const string Pce = "PCE (platform software)" + Register;

    private const string ModuleUpdate = "TDX module";

    /// <summary>
    /// The shortfall of what was launched and matched <paramref name="reached"/>; <paramref name="now"/> says what the host has since reached.
    /// </summary>
    public static IReadOnlyList<TcbShortfall> Find(TrustedCollateral collateral, PckExtension pck, byte[] tee, byte[] now, int qeSvn, TcbLevel? reached, TcbStatus? status)
    {
        if (status == TcbStatus.UpToDate)
            return [];
        List<TcbShortfall> result = Below(Target(collateral), collateral, pck, tee, now, reached);
        if (BestModule(collateral, tee) is { } best && tee[0] < best.IsvSvn)
        {
            bool updated = BestModule(collateral, now) is { } current && now[0] >= current.IsvSvn;
            result.Add(new TcbShortfall("TDX module ISV SVN", tee[0], best.IsvSvn, null, null, updated ? Relaunch : ModuleUpdate));
        }

        IsvLevel qe = collateral.QeIdentity.Levels.OrderBy(level => level.Status).First();
        if (qeSvn < qe.IsvSvn)
            result.Add(new TcbShortfall("QE ISV SVN", qeSvn, qe.IsvSvn, null, null, "quoting enclave (DCAP packages on the host)"));
        return result;
    }

    /// <summary>The levels above <paramref name="reached"/> up to the best one, the nearest first.</summary>
    public static IReadOnlyList<TcbStep> Steps(TrustedCollateral collateral, PckExtension pck, byte[] tee, byte[] now, TcbLevel? reached, TcbStatus? status)
    {
        if (status == TcbStatus.UpToDate)
            return [];
        IReadOnlyList<TcbLevel> levels = collateral.TcbInfo.Levels;
        TcbLevel target = Target(collateral);
        var steps = new List<TcbStep>();
        IReadOnlyList<string> before = reached?.AdvisoryIds ?? [];
        // Sorted from the highest down: none of those that stand before the first match is reached.
        int first = levels.TakeWhile(level => !ReferenceEquals(level, target)).Count();
        foreach (TcbLevel level in levels.TakeWhile(level => !ReferenceEquals(level, reached)).Skip(first).Reverse())
        {
            steps.Add(new TcbStep(level.Status, level.Date, Below(level, collateral, pck, tee, now, reached), [.. before.Except(level.AdvisoryIds, StringComparer.Ordinal)]));
            before = level.AdvisoryIds;
        }

        return steps;
    }

    /// <summary>The best level there is for the platform: not always an UpToDate one.</summary>
    public static TcbLevel Target(TrustedCollateral collateral) => collateral.TcbInfo.Levels.OrderBy(level => level.Status).First();

    private static List<TcbShortfall> Below(TcbLevel target, TrustedCollateral collateral, PckExtension pck, byte[] tee, byte[] now, TcbLevel? reached)
    {
        var result = new List<TcbShortfall>();
        ReadOnlySpan<byte> have = pck.Components.Span;
        for (int i = 0; i < 16; i++)
        {
            TcbComponent need = target.Sgx[i];
            if (have[i] < need.Svn)
                result.Add(new TcbShortfall($"SGX component {i}", have[i], need.Svn, need.Category, need.Type, IsSetting(i, need, collateral, reached) ? Setting : Update(need)));
        }

        if (pck.PceSvn < target.PceSvn)
            result.Add(new TcbShortfall("PCESVN", pck.PceSvn, target.PceSvn, null, null, Pce));
        for (int i = TcbEvaluator.FirstTdxComponent(tee); i < target.Tdx.Count; i++)
        {
            TcbComponent need = target.Tdx[i];
            if (tee[i] < need.Svn)
            {
                string update = now[i] >= need.Svn ? Relaunch : i < 2 ? ModuleUpdate : "microcode loaded by the OS or VMM";
                result.Add(new TcbShortfall($"TDX component {i}", tee[i], need.Svn, need.Category, need.Type, update));
            }
        }

        return result;
    }

    // Each module is judged by its own identity; below version 1 there is none.
    private static IsvLevel? BestModule(TrustedCollateral collateral, byte[] tee) => tee.Length > 0 && tee[1] > 0
        ? collateral.TcbInfo.Modules.FirstOrDefault(identity => identity.Version == tee[1])?.Levels.OrderBy(level => level.Status).First()
        : null;

    private static string Update(TcbComponent component) => (component.Category, component.Type) switch
    {
        (_, "SGX Late Microcode Update") => "microcode loaded by the OS or VMM",
        (_, "TXT SINIT") => "SINIT module",
        (_, "SEAMLDR ACM") => "SEAM loader",
        (_, "Early Microcode Update") or ("BIOS", _) => "BIOS with newer microcode",
        (null, null) => Unnamed,
        (var category, var type) => $"what Intel calls {type ?? category}",
    };

    // Intel names no component of older families. One that separates the platform's level from a level above it, which is the same in all else
    // and needs no configuration any more, is the settings.
    private static bool IsSetting(int component, TcbComponent need, TrustedCollateral collateral, TcbLevel? reached) =>
        reached is { } level && need is { Category: null, Type: null } && WithoutConfiguration(level.Status) is { } status
        && collateral.TcbInfo.Levels.TakeWhile(above => !ReferenceEquals(above, level)).Any(above => above.Status == status && DifferOnly(component, level, above));

    private static bool DifferOnly(int component, TcbLevel low, TcbLevel high) =>
        low.PceSvn == high.PceSvn && low.TdxSvns.AsSpan().SequenceEqual(high.TdxSvns) && low.SgxSvns[component] < high.SgxSvns[component]
        && low.SgxSvns.AsSpan(0, component).SequenceEqual(high.SgxSvns.AsSpan(0, component))
        && low.SgxSvns.AsSpan(component + 1).SequenceEqual(high.SgxSvns.AsSpan(component + 1));

    private static TcbStatus? WithoutConfiguration(TcbStatus status) => status switch
    {
        TcbStatus.ConfigurationNeeded => TcbStatus.UpToDate,
        TcbStatus.ConfigurationAndSWHardeningNeeded => TcbStatus.SWHardeningNeeded,
        TcbStatus.OutOfDateConfigurationNeeded => TcbStatus.OutOfDate,
        _ => null,
    };
}
