namespace Witan.Attestation;

/// <summary>
/// From facts and verdict to the vector and the status. The vector follows the facts, not the level: four statuses cannot carry five
/// levels, so level and reasons go into our own claim.
/// </summary>
internal static class Trustworthiness
{
    /// <summary>The vector of a platform whose evidence was verified, or failed; all null where something was missing.</summary>
    public static TrustworthinessVector Vector(
        Authenticity authenticity, TcbStatus? status, IReadOnlyList<string> advisories, bool isDebug, Verdict verdict, bool asksMeasurements)
    {
        if (authenticity == Authenticity.NotGenuine)
            return new TrustworthinessVector { Hardware = 99 };
        if (authenticity == Authenticity.Undetermined || verdict.Outcome == AppraisalOutcome.Undecided)
            return new TrustworthinessVector();
        bool listed = advisories.All(id => ConfidenceLevels.Whitelist.Contains(id, StringComparer.Ordinal));
        (sbyte hardware, sbyte? configuration) = Platform(status, listed);
        bool known = verdict.Findings.All(finding => finding is not { Code: "POLICY_MEASUREMENT", Severity: FindingSeverity.Error });
        return new TrustworthinessVector
        {
            InstanceIdentity = verdict.Provenance.Level >= Provenance.P2 ? (sbyte)2 : null,
            Hardware = hardware,
            Configuration = isDebug ? (sbyte)96 : configuration,
            // Nothing is claimed of code that the policy does not ask about.
            Executables = !known ? (sbyte)33 : asksMeasurements ? (sbyte)3 : null,
            RuntimeOpaque = isDebug ? (sbyte)96 : (sbyte)2,
        };
    }

    /// <summary>Never better than the vector, and never good where the verdict is not.</summary>
    public static EarStatus Status(TrustworthinessVector vector, AppraisalOutcome outcome) => outcome switch
    {
        AppraisalOutcome.Rejected => EarStatus.Contraindicated,
        AppraisalOutcome.Undecided => EarStatus.None,
        _ => vector.Worst,
    };

    private static (sbyte Hardware, sbyte? Configuration) Platform(TcbStatus? status, bool listed) => status switch
    {
        TcbStatus.UpToDate => listed ? ((sbyte)2, (sbyte)2) : ((sbyte)32, (sbyte)2),
        // Whether the measured build has the mitigations is not known here.
        TcbStatus.SWHardeningNeeded => ((sbyte)2, (sbyte)32),
        TcbStatus.ConfigurationNeeded or TcbStatus.ConfigurationAndSWHardeningNeeded => listed ? ((sbyte)2, (sbyte)32) : ((sbyte)32, (sbyte)32),
        TcbStatus.OutOfDate => ((sbyte)32, null),
        TcbStatus.OutOfDateConfigurationNeeded or TcbStatus.RelaunchAdvised or TcbStatus.RelaunchAdvisedConfigurationNeeded => ((sbyte)32, (sbyte)32),
        TcbStatus.Revoked => ((sbyte)96, null),
        _ => ((sbyte)97, null),
    };
}
