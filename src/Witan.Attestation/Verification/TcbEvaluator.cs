namespace Witan.Attestation;

/// <summary>TCB evaluation by Intel's rules: sorted levels, module identity, convergence by table, relaunch.</summary>
internal static class TcbEvaluator
{
    public static TcbFacts Evaluate(Quote quote, PckExtension pck, TrustedCollateral collateral)
    {
        byte[] launchSvn = quote.Tee == TeeType.Tdx ? quote.TdReport.TeeTcbSvn.ToArray() : [];
        byte[] currentSvn = quote.Tee == TeeType.Tdx && quote.TdReport.Kind != TdReportKind.Td10 ? quote.TdReport.TeeTcbSvn2.ToArray() : launchSvn;
        int qeSvn = quote.QeReport.IsvSvn;
        TcbEvaluation launch = Evaluate(collateral, pck, launchSvn, qeSvn);
        TcbEvaluation current = currentSvn.AsSpan().SequenceEqual(launchSvn) ? launch : Evaluate(collateral, pck, currentSvn, qeSvn);
        TcbStatus? status = Relaunch(launch.Status, current.Status);
        DateTimeOffset? date = status is null ? null : launch.Date < current.Date ? launch.Date : current.Date;
        IReadOnlyList<TcbShortfall> shortfall = ShortfallFinder.Find(collateral, pck, launchSvn, currentSvn, qeSvn, launch.Platform, status);
        return new TcbFacts(
            status,
            launch,
            current,
            [.. launch.AdvisoryIds.Union(current.AdvisoryIds, StringComparer.Ordinal).Order(StringComparer.Ordinal)],
            date,
            collateral.EvaluationDataNumber,
            shortfall)
        {
            TargetStatus = shortfall.Count == 0 ? null : ShortfallFinder.Target(collateral).Status,
            Steps = ShortfallFinder.Steps(collateral, pck, launchSvn, currentSvn, launch.Platform, status),
        };
    }

    internal static bool Reaches(TcbLevel level, PckExtension pck, ReadOnlySpan<byte> tee)
    {
        ReadOnlySpan<byte> have = pck.Components.Span;
        for (int i = 0; i < 16; i++)
        {
            if (have[i] < level.SgxSvns[i])
                return false;
        }

        if (pck.PceSvn < level.PceSvn)
            return false;
        // Components 0 and 1 describe the module, which its own identity judges.
        for (int i = FirstTdxComponent(tee); i < level.TdxSvns.Length; i++)
        {
            if (tee[i] < level.TdxSvns[i])
                return false;
        }

        return true;
    }

    internal static int FirstTdxComponent(ReadOnlySpan<byte> tee) => tee.Length > 0 && tee[1] > 0 ? 2 : 0;

    private static TcbEvaluation Evaluate(TrustedCollateral collateral, PckExtension pck, byte[] tee, int qeSvn)
    {
        TcbLevel? platform = collateral.TcbInfo.Levels.FirstOrDefault(level => Reaches(level, pck, tee));
        IsvLevel? qe = collateral.QeIdentity.Levels.FirstOrDefault(level => level.IsvSvn <= qeSvn);
        bool hasModule = tee.Length > 0 && tee[1] > 0;
        IsvLevel? module = hasModule
            ? collateral.TcbInfo.FindModule(tee[1])?.Levels.FirstOrDefault(level => level.IsvSvn <= tee[0])
            : null;
        // Intel gives modules three statuses; a level with any other is none.
        if (module is not { Status: TcbStatus.UpToDate or TcbStatus.OutOfDate or TcbStatus.Revoked })
            module = null;
        if (platform is null || qe is null || (hasModule && module is null))
            return new TcbEvaluation(null, platform, qe, module, null, []);
        DateTimeOffset date = new[] { platform.Date, qe.Date, module?.Date ?? platform.Date }.Min();
        var advisories = platform.AdvisoryIds.Concat(qe.AdvisoryIds).Concat(module?.AdvisoryIds ?? [])
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
        return new TcbEvaluation(Converge(platform.Status, qe.Status, module?.Status), platform, qe, module, date, [.. advisories]);
    }

    private static TcbStatus Converge(TcbStatus platform, TcbStatus qe, TcbStatus? module)
    {
        if (qe == TcbStatus.Revoked || module == TcbStatus.Revoked)
            return TcbStatus.Revoked;
        if (qe != TcbStatus.OutOfDate && module != TcbStatus.OutOfDate)
            return platform;
        return platform switch
        {
            TcbStatus.UpToDate or TcbStatus.SWHardeningNeeded => TcbStatus.OutOfDate,
            TcbStatus.ConfigurationNeeded or TcbStatus.ConfigurationAndSWHardeningNeeded => TcbStatus.OutOfDateConfigurationNeeded,
            _ => platform,
        };
    }

    private static TcbStatus? Relaunch(TcbStatus? launch, TcbStatus? current)
    {
        if (launch is null || current is null)
            return null;
        bool behind = launch is TcbStatus.OutOfDate or TcbStatus.OutOfDateConfigurationNeeded;
        bool better = current is TcbStatus.UpToDate or TcbStatus.SWHardeningNeeded
            or TcbStatus.ConfigurationNeeded or TcbStatus.ConfigurationAndSWHardeningNeeded;
        if (!behind || !better)
            return launch;
        bool configuration = launch == TcbStatus.OutOfDateConfigurationNeeded
            || current is TcbStatus.ConfigurationNeeded or TcbStatus.ConfigurationAndSWHardeningNeeded;
        return configuration ? TcbStatus.RelaunchAdvisedConfigurationNeeded : TcbStatus.RelaunchAdvised;
    }
}
