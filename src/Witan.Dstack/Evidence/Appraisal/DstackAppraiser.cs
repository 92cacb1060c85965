using Witan.Attestation;

namespace Witan.Dstack.Evidence;

/// <summary>Decides whether facts about a dstack guest are good enough. Changes no fact; worsening a fact never improves the result.</summary>
public static class DstackAppraiser
{
    /// <summary>Appraises facts under a policy: the platform's rules first, then those for the guest.</summary>
    public static Verdict Appraise(DstackFacts facts, DstackPolicy policy)
    {
        AppraisalPolicy platform = facts.Expectations.ReportData is { } expected && policy.Platform.ReportData.IsEmpty
            ? policy.Platform with { ReportData = expected }
            : policy.Platform;
        Verdict verdict = Appraiser.Appraise(facts.Quote with { Findings = facts.Findings, Authenticity = facts.Authenticity }, platform);
        var findings = new FindingList();
        findings.AddRange(verdict.Findings);
        CheckApplication(facts, policy, findings);
        CheckKeyProvider(facts.Identity.KeyProvider, policy, findings);
        if (facts.OsImage.IsDevelopment && !policy.AcceptDevelopmentImages)
            findings.Fail("POLICY_DEVELOPMENT_IMAGE", "OS image", "the guest runs a development image, into which its operator can log in", FindingActor.WorkloadOwner, "Deploy on a production image.", facts.OsImage.Name);
        CheckImage(facts, policy.OsImages, findings);
        AppraisalOutcome outcome = findings.HasErrors ? AppraisalOutcome.Rejected
            : verdict.Outcome != AppraisalOutcome.Accepted || findings.All.Any(finding => finding.Severity == FindingSeverity.Undecided) ? AppraisalOutcome.Undecided
            : AppraisalOutcome.Accepted;
        return verdict with { Outcome = outcome, Findings = findings.All };
    }

    private static void CheckApplication(DstackFacts facts, DstackPolicy policy, FindingList findings)
    {
        string? compose = Hex(facts.Identity.ComposeHash), app = Hex(facts.Identity.AppId);
        if (policy.ComposeHashes.Length > 0 && (compose is null || !policy.ComposeHashes.Contains(compose, StringComparer.OrdinalIgnoreCase)))
            findings.Fail("POLICY_COMPOSE_HASH", "compose-hash", "the application's compose hash is not one that the policy lists", FindingActor.WorkloadOwner, "Deploy a compose file that is listed, or list this one after review.", compose);
        else if (policy.ComposeHashes.IsEmpty && facts.Expectations.AppCompose is null)
            Warn("POLICY_COMPOSE_UNCHECKED", "compose-hash", "which program runs was not checked: no app-compose file and no compose hash was named", "Give the app-compose file, or list compose hashes.", findings);
        if (policy.AppIds.Length > 0 && (app is null || !policy.AppIds.Contains(app, StringComparer.OrdinalIgnoreCase)))
            findings.Fail("POLICY_APP_ID", "app-id", "the application id is not one that the policy lists", FindingActor.WorkloadOwner, null, app);
    }

    private static void CheckKeyProvider(KeyProvider? provider, DstackPolicy policy, FindingList findings)
    {
        if (policy.KeyProviders.IsEmpty)
            return;
        bool listed = provider is not null && policy.KeyProviders.Any(accepted =>
            accepted.Name == provider.Name && (accepted.Id.Length == 0 || string.Equals(accepted.Id, provider.Id, StringComparison.OrdinalIgnoreCase)));
        if (!listed)
            findings.Fail("POLICY_KEY_PROVIDER", "key-provider", "the guest's keys come from a provider that the policy does not list", FindingActor.WorkloadOwner, "Deploy with a key provider that is listed.", provider is null ? "none measured" : $"{provider.Name} {provider.Id}");
    }

    private static void CheckImage(DstackFacts facts, OsImageRule rule, FindingList findings)
    {
        if (rule.AcceptsAny)
        {
            Warn("POLICY_OS_IMAGE_UNCHECKED", "OS image", "the operating system was not checked: whoever started the TD chose it, and it wrote the events", "List the OS images that you accept.", findings);
            return;
        }

        TdReport report = facts.Evidence.Quote.TdReport;
        if (rule.Registers.Any(accepted => Matches(accepted, report)))
            return;
        string? hash = Hex(facts.OsImage.Hash);
        bool listed = hash is not null && rule.Hashes.Contains(hash, StringComparer.Ordinal);
        if (listed && facts.OsImage.Binding == OsImageBinding.Measured)
            return;
        if (listed && facts.OsImage.Binding == OsImageBinding.Claimed)
        {
            findings.Add(new Finding("POLICY_OS_IMAGE_UNBOUND", FindingSeverity.Undecided, "the OS image that the host names is listed, and nothing in the evidence ties that name to the quote")
            {
                Subject = "OS image",
                Actor = FindingActor.VerifierOperator,
                Remedy = "List this image by its registers (MRTD, RTMR1, RTMR2), or deploy a guest with lite attestation.",
                Evidence = hash,
            });
            return;
        }

        findings.Fail("POLICY_OS_IMAGE", "OS image", "the OS image is not one that the policy lists", FindingActor.WorkloadOwner, "Deploy on an image that is listed, or list this one after review.", hash ?? "no image named");
    }

    private static bool Matches(OsImageRegisters accepted, TdReport report) =>
        Same(accepted.MrTd, report.MrTd) && Same(accepted.Rtmr1, report.Rtmr(1)) && Same(accepted.Rtmr2, report.Rtmr(2))
        && (accepted.Rtmr0 is null || Same(accepted.Rtmr0, report.Rtmr(0)));

    private static bool Same(string accepted, ReadOnlySpan<byte> quoted) =>
        string.Equals(accepted, Convert.ToHexStringLower(quoted), StringComparison.OrdinalIgnoreCase);

    private static string? Hex(ReadOnlyMemory<byte>? value) => value is { } bytes ? Convert.ToHexStringLower(bytes.Span) : null;

    private static void Warn(string code, string subject, string message, string remedy, FindingList findings) =>
        findings.Add(new Finding(code, FindingSeverity.Warning, message) { Subject = subject, Remedy = remedy, Actor = FindingActor.VerifierOperator });
}
