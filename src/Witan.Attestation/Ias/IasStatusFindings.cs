namespace Witan.Attestation;

/// <summary>Puts what the service said of a quote into findings: facts with their remedy, not yet a verdict.</summary>
internal static class IasStatusFindings
{
    public static void Add(IasReport report, FindingList findings)
    {
        string advisories = report.AdvisoryIds.Count == 0 ? "" : $"; advisories {string.Join(", ", report.AdvisoryIds)}";
        if (report.Status is not { } status)
        {
            findings.Fail("IAS_STATUS_UNKNOWN", "isvEnclaveQuoteStatus", $"quote status {report.StatusText} is none of the ten that the service had", FindingActor.Sender);
            return;
        }

        (FindingSeverity severity, FindingActor actor, string? remedy) = Describe(status, report.AdvisoryIds.Count > 0);
        if (status == IasQuoteStatus.Ok && advisories.Length == 0)
            return;
        string reason = report.RevocationReason is { } code ? $"; revocation reason {code}" : "";
        findings.Add(new Finding($"IAS_STATUS_{report.StatusText}", severity, $"quote status {report.StatusText}{advisories}{reason}")
        {
            Subject = "isvEnclaveQuoteStatus",
            Actor = actor,
            Remedy = remedy,
        });
    }

    private static (FindingSeverity Severity, FindingActor Actor, string? Remedy) Describe(IasQuoteStatus status, bool advised) => status switch
    {
        IasQuoteStatus.Ok => (FindingSeverity.Note, FindingActor.Nobody, null),
        IasQuoteStatus.SwHardeningNeeded => (FindingSeverity.Warning, FindingActor.WorkloadOwner, "Nobody on this host can fix it: build " + Mitigated(advised)),
        IasQuoteStatus.ConfigurationNeeded => (FindingSeverity.Warning, FindingActor.PlatformOperator, Settings(advised)),
        IasQuoteStatus.ConfigurationAndSwHardeningNeeded => (FindingSeverity.Warning, FindingActor.PlatformOperator, $"{Settings(advised)} Build {Mitigated(advised)}"),
        IasQuoteStatus.GroupOutOfDate => (FindingSeverity.Warning, FindingActor.PlatformOperator, PlatformInfoText.Bios),
        IasQuoteStatus.SigRlVersionMismatch => (FindingSeverity.Error, FindingActor.Sender, "Make a quote with the current signature revocation list."),
        IasQuoteStatus.SignatureInvalid => (FindingSeverity.Error, FindingActor.Sender, "The quote is not of a genuine platform; refuse it."),
        _ => (FindingSeverity.Error, FindingActor.PlatformOperator, "This platform's key is not trusted any more; move the workload."),
    };

    private static string Settings(bool advised) => advised ? PlatformInfoText.Settings : $"Change these BIOS settings: {PlatformInfoText.Switches}";

    private static string Mitigated(bool advised) => $"the enclave with the mitigations{(advised ? " that the advisories name" : "")}.";
}
