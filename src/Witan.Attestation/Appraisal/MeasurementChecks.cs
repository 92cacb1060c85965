using System.Collections.Immutable;
using System.Security.Cryptography;

namespace Witan.Attestation;

/// <summary>What a policy says of the code and its mode: debug, attributes, measurements, report data.</summary>
internal static class MeasurementChecks
{
    /// <summary>Debug evidence is never accepted; a policy cannot change that.</summary>
    public static void Mode(Quote quote, AppraisalPolicy policy, FindingList findings)
    {
        const string Rebuild = "Deploy the production build.";
        if (quote.QeReport.IsDebug)
            findings.Fail("POLICY_QE_DEBUG", "QE report", "the quoting enclave is in debug mode", FindingActor.PlatformOperator, "Install Intel's quoting enclave.");
        if (quote.Tee == TeeType.Sgx)
        {
            if (quote.IsDebug)
                findings.Fail("POLICY_SGX_DEBUG", "ATTRIBUTES", "the enclave is in debug mode: its memory can be read", FindingActor.WorkloadOwner, Rebuild, Convert.ToHexStringLower(quote.SgxReport.Attributes));
            return;
        }

        TdReport td = quote.TdReport;
        ulong attributes = td.TdAttributes;
        string evidence = $"TDATTRIBUTES 0x{attributes:x16}";
        if ((attributes & TdAttributes.Untrusted) != 0)
            findings.Fail("POLICY_TD_DEBUG", "TDATTRIBUTES", "the TD is in debug mode or can be profiled: it cannot be trusted", FindingActor.WorkloadOwner, Rebuild, evidence);
        if ((attributes & TdAttributes.Reserved) != 0)
            findings.Fail("POLICY_TD_ATTRIBUTES", "TDATTRIBUTES", "a reserved attribute of the TD is set", FindingActor.WorkloadOwner, "Launch the TD without it.", evidence);
        foreach (string name in policy.RejectedTdAttributes)
        {
            if ((attributes & TdAttributes.Choices[name]) != 0)
                findings.Fail("POLICY_TD_ATTRIBUTES", "TDATTRIBUTES", $"{name} is set, which the policy refuses", FindingActor.WorkloadOwner, $"Launch the TD without {name}.", evidence);
        }

        if ((attributes & TdAttributes.SeptVeDisable) == 0)
            findings.Fail("POLICY_SEPT_VE_DISABLE", "TDATTRIBUTES", "SEPT_VE_DISABLE is not set: the host can inject exceptions into the TD", FindingActor.WorkloadOwner, "Launch the TD with SEPT_VE_DISABLE.", evidence);
        if (policy.AllowedXfam is { } allowed && (td.Xfam & ~allowed) != 0)
            findings.Fail("POLICY_XFAM", "XFAM", "the TD has extended features that the policy does not allow", FindingActor.WorkloadOwner, "Launch the TD without them.", $"XFAM 0x{td.Xfam:x16}, allowed 0x{allowed:x16}");
    }

    /// <summary>Whether every measurement is one that the policy knows.</summary>
    public static bool Measurements(Quote quote, AppraisalPolicy policy, FindingList findings) =>
        quote.Tee == TeeType.Sgx ? Enclave(quote.SgxReport, policy, findings) : Td(quote.TdReport, policy, findings);

    /// <summary>Whether every measurement of an enclave is one that the policy knows.</summary>
    public static bool Enclave(SgxReport report, AppraisalPolicy policy, FindingList findings)
    {
        bool good = Check("MRENCLAVE", report.MrEnclave, policy.MrEnclave, findings) & Check("MRSIGNER", report.MrSigner, policy.MrSigner, findings);
        if (policy.IsvProdIds.Length > 0 && !policy.IsvProdIds.Contains(report.IsvProdId))
            good = findings.Fail("POLICY_MEASUREMENT", "ISVPRODID", $"product {report.IsvProdId} is not one that the policy lists", FindingActor.WorkloadOwner, "Deploy a product that is listed.");
        if (report.IsvSvn < policy.MinimumIsvSvn)
            good = findings.Fail("POLICY_MEASUREMENT", "ISVSVN", $"the enclave has ISVSVN {report.IsvSvn}; at least {policy.MinimumIsvSvn} is asked for", FindingActor.WorkloadOwner, "Deploy a newer build.");
        good &= Check("CONFIGID", report.ConfigId, policy.ConfigId, findings);
        if (report.ConfigSvn < policy.MinimumConfigSvn)
            good = findings.Fail("POLICY_MEASUREMENT", "CONFIGSVN", $"the enclave has CONFIGSVN {report.ConfigSvn}; at least {policy.MinimumConfigSvn} is asked for", FindingActor.WorkloadOwner, "Launch it with a newer configuration.");
        bool asksTd = policy.MrTd.Length > 0 || policy.Rtmr.Any(list => list.Length > 0) || policy.MrConfigId.Length > 0
            || policy.MrOwner.Length > 0 || policy.MrOwnerConfig.Length > 0 || policy.MrSeam.Length > 0;
        return asksTd
            ? findings.Fail("POLICY_MEASUREMENT", "MRTD", "the policy names measurements of a TD, the evidence is an enclave's", FindingActor.Sender)
            : good;
    }

    private static bool Td(TdReport td, AppraisalPolicy policy, FindingList findings)
    {
        bool listed = Check("MRTD", td.MrTd, policy.MrTd, findings);
        for (int i = 0; i < Math.Min(4, policy.Rtmr.Length); i++)
            listed &= Check($"RTMR{i}", td.Rtmr(i), policy.Rtmr[i], findings);
        listed &= Check("MRCONFIGID", td.MrConfigId, policy.MrConfigId, findings) & Check("MROWNER", td.MrOwner, policy.MrOwner, findings)
            & Check("MROWNERCONFIG", td.MrOwnerConfig, policy.MrOwnerConfig, findings) & Check("MRSEAM", td.MrSeam, policy.MrSeam, findings);
        listed &= ServiceTd(Convert.ToHexStringLower(td.MrServiceTd), "MRSERVICETD", policy, findings);
        bool asksEnclave = policy.MrEnclave.Length > 0 || policy.MrSigner.Length > 0 || policy.IsvProdIds.Length > 0 || policy.MinimumIsvSvn is not null
            || policy.ConfigId.Length > 0 || policy.MinimumConfigSvn is not null;
        return asksEnclave
            ? findings.Fail("POLICY_MEASUREMENT", "MRENCLAVE", "the policy names measurements of an enclave, the evidence is a TD's", FindingActor.Sender)
            : listed;
    }

    /// <summary>Whether no service TD is bound, or one that the policy lists: lower-case hexadecimal, zeros for none.</summary>
    public static bool ServiceTd(string service, string where, AppraisalPolicy policy, FindingList findings) =>
        !service.AsSpan().ContainsAnyExcept('0') || policy.ServiceTd.Contains(service, StringComparer.Ordinal)
        || findings.Fail("POLICY_SERVICE_TD", where, "a service TD is bound that the policy does not list", FindingActor.WorkloadOwner, "Launch the TD without it, or list it after review.", service);

    public static void ReportData(ReadOnlySpan<byte> have, AppraisalPolicy policy, FindingList findings)
    {
        if (policy.ReportData.IsEmpty)
            findings.Note("POLICY_REPORT_DATA", "REPORTDATA", "the report data was not checked: the policy does not state it");
        else if (!CryptographicOperations.FixedTimeEquals(have, policy.ReportData.Span))
            findings.Fail("POLICY_REPORT_DATA", "REPORTDATA", "the report data is not what was asked for: other keys, an old nonce, or another audience", FindingActor.Sender, "Attest again with the nonce given.", Convert.ToHexStringLower(have));
    }

    private static bool Check(string name, ReadOnlySpan<byte> have, ImmutableArray<string> accepted, FindingList findings)
    {
        if (accepted.Length == 0)
            return true;
        string value = Convert.ToHexStringLower(have);
        return accepted.Contains(value, StringComparer.Ordinal)
            || findings.Fail("POLICY_MEASUREMENT", name, $"{name} is not one that the policy lists", FindingActor.WorkloadOwner, "Deploy a build that is listed, or list this one after review.", value);
    }
}
