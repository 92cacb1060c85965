namespace Witan.Attestation;

/// <summary>Puts the state of a TCB into findings: facts with their remedy, not yet a verdict.</summary>
internal static class TcbFindings
{
    public static void Add(TcbFacts tcb, FindingList findings)
    {
        if (tcb.Status is not { } status)
        {
            TcbEvaluation missing = tcb.Launch.Status is null ? tcb.Launch : tcb.Current;
            string what = missing.Platform is null ? "platform" : missing.Qe is null ? "quoting enclave" : "TDX module";
            findings.Add(new Finding("TCB_LEVEL_UNSUPPORTED", FindingSeverity.Error, $"no TCB level matches the {what}")
            {
                Subject = what,
                Why = "Intel has no statement on a TCB this old, or none for this module.",
                Actor = FindingActor.PlatformOperator,
                Remedy = Remedy(tcb) ?? "Update BIOS, microcode and TDX module, then register the platform again.",
                Evidence = Evidence(tcb),
            });
            return;
        }

        if (status == TcbStatus.UpToDate)
            return;
        findings.Add(new Finding($"TCB_{Words(status)}", FindingSeverity.Warning, Message(status, tcb))
        {
            Subject = "TCB",
            Actor = Actor(status),
            Remedy = Text(status, tcb),
            Evidence = Evidence(tcb),
        });
        AddPart("QE", tcb.Launch.Qe, "quoting enclave", "Update the DCAP packages on the host.", findings);
        AddPart("TDX_MODULE", tcb.Launch.Module, "TDX module", "Update the TDX module on the host.", findings);
    }

    private static void AddPart(string code, IsvLevel? level, string subject, string remedy, FindingList findings)
    {
        if (level is not { Status: TcbStatus.OutOfDate or TcbStatus.Revoked })
            return;
        findings.Add(new Finding($"{code}_{Words(level.Status)}", FindingSeverity.Warning, $"the {subject} is {level.Status}")
        {
            Subject = subject,
            Actor = FindingActor.PlatformOperator,
            Remedy = remedy,
        });
    }

    private static FindingActor Actor(TcbStatus status) => status switch
    {
        TcbStatus.SWHardeningNeeded => FindingActor.WorkloadOwner,
        TcbStatus.RelaunchAdvised or TcbStatus.RelaunchAdvisedConfigurationNeeded => FindingActor.WorkloadOwner,
        _ => FindingActor.PlatformOperator,
    };

    private static string Message(TcbStatus status, TcbFacts tcb) => tcb.AdvisoryIds.Count == 0
        ? $"TCB status {status}"
        : $"TCB status {status}; advisories {string.Join(", ", tcb.AdvisoryIds)}";

    // A status of two parts has a sentence for each.
    private static string Text(TcbStatus status, TcbFacts tcb)
    {
        bool advised = tcb.AdvisoryIds.Count > 0;
        string settings = $"BIOS settings that {(advised ? "the advisories name" : "leave the platform open")}";
        string mitigated = $"the workload with the mitigations{(advised ? " that the advisories name" : "")}.";
        string update = Remedy(tcb) ?? "Update BIOS and microcode, then register the platform again.";
        const string Relaunch = "Relaunch the TD: the host was updated under it.";
        return status switch
        {
            TcbStatus.SWHardeningNeeded => $"Nobody on this host can fix it: build {mitigated}",
            TcbStatus.ConfigurationNeeded => $"Change the {settings}.",
            TcbStatus.ConfigurationAndSWHardeningNeeded => $"Change the {settings}. Build {mitigated}",
            TcbStatus.Revoked => "Move the workload to another platform.",
            TcbStatus.RelaunchAdvised => Relaunch,
            TcbStatus.RelaunchAdvisedConfigurationNeeded => $"{Relaunch} Have its operator change the {settings}.",
            TcbStatus.OutOfDateConfigurationNeeded => $"{update} Change the {settings}.",
            _ => update,
        };
    }

    /// <summary>
    /// What raises a platform, one sentence; null where nothing is short, or nothing that has a name. Components and PCESVN come from the PCK
    /// certificate: they stay as they are until the platform is registered again.
    /// </summary>
    internal static string? Remedy(TcbFacts tcb)
    {
        string[] all = [.. tcb.Shortfall.Select(item => item.Update).Distinct(StringComparer.Ordinal)];
        string[] updates = [.. all.Where(update => update is not (ShortfallFinder.Relaunch or ShortfallFinder.Setting or ShortfallFinder.Unnamed))
            .Select(update => update.Replace(ShortfallFinder.Register, "", StringComparison.Ordinal))];
        bool register = tcb.Shortfall.Any(item => item.Component == "PCESVN" || item.Component.StartsWith("SGX component", StringComparison.Ordinal));
        bool relaunch = all.Contains(ShortfallFinder.Relaunch, StringComparer.Ordinal);
        return updates.Length == 0
            ? relaunch && all.Length == 1 ? "Relaunch the TD." : null
            : $"Update {string.Join("; ", updates)}{(register ? ShortfallFinder.Register : "")}{(relaunch ? ", then relaunch the TD" : "")}.";
    }

    private static string? Evidence(TcbFacts tcb) => tcb.Shortfall.Count == 0
        ? null
        : string.Join("; ", tcb.Shortfall.Select(item => $"{item.Component}: has {item.Have}, needs {item.Need}"));

    // Written out: codes are stable whatever a status is called here, and no pattern with a time limit stands in the way of a verdict.
    private static string Words(TcbStatus status) => status switch
    {
        TcbStatus.UpToDate => "UP_TO_DATE",
        TcbStatus.SWHardeningNeeded => "SW_HARDENING_NEEDED",
        TcbStatus.ConfigurationNeeded => "CONFIGURATION_NEEDED",
        TcbStatus.ConfigurationAndSWHardeningNeeded => "CONFIGURATION_AND_SW_HARDENING_NEEDED",
        TcbStatus.OutOfDate => "OUT_OF_DATE",
        TcbStatus.OutOfDateConfigurationNeeded => "OUT_OF_DATE_CONFIGURATION_NEEDED",
        TcbStatus.Revoked => "REVOKED",
        TcbStatus.RelaunchAdvised => "RELAUNCH_ADVISED",
        TcbStatus.RelaunchAdvisedConfigurationNeeded => "RELAUNCH_ADVISED_CONFIGURATION_NEEDED",
        _ => throw new ArgumentOutOfRangeException(nameof(status)),
    };
}
