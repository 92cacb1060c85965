namespace Witan.Attestation;

/// <summary>What the flags of a platform info blob mean, and what mends each: one table for text and findings.</summary>
internal static class PlatformInfoText
{
    public const string Bios = "Update the BIOS: it loads the microcode that counts. Microcode that the operating system loads later does not raise CPUSVN.";
    public const string Software = "Update the SGX platform software on the host: it brings the quoting and provisioning enclaves.";
    public const string Switches = "Hyper-Threading off, integrated graphics off, overclocking and power-saving features off.";
    public const string Settings = "Change the BIOS settings that the advisories name: " + Switches;

    private static readonly (EpidGroupConditions Flag, string Words)[] Group =
    [
        (EpidGroupConditions.Revoked, "group revoked"),
        (EpidGroupConditions.RekeyAvailable, "performance re-key available"),
        (EpidGroupConditions.OutOfDate, "group out of date"),
    ];

    private static readonly (PseConditions Flag, string Words)[] Pse =
    [
        (PseConditions.PseOutOfDate, "PSE ISVSVN out of date"),
        (PseConditions.GroupRevoked, "EPID group of the management engine revoked"),
        (PseConditions.PsdaOutOfDate, "PSDA SVN out of date"),
        (PseConditions.SignatureListOutOfDate, "signature revocation list of PSDA out of date"),
        (PseConditions.KeyListOutOfDate, "private-key revocation list of PSDA out of date"),
    ];

    /// <summary>Flag, words, finding code and remedy of each part that can be behind.</summary>
    public static IReadOnlyList<(TcbConditions Flag, string Words, string Code, string Remedy)> Tcb { get; } =
    [
        (TcbConditions.CpuSvnOutOfDate, "CPUSVN out of date", "IAS_CPUSVN_OUT_OF_DATE", Bios),
        (TcbConditions.QeOutOfDate, "QE ISVSVN out of date", "IAS_QE_OUT_OF_DATE", Software),
        (TcbConditions.PceOutOfDate, "PCE ISVSVN out of date", "IAS_PCE_OUT_OF_DATE", Software),
        (TcbConditions.ConfigurationNeeded, "platform configuration needed", "IAS_CONFIGURATION_NEEDED", Settings),
    ];

    public static string Words(EpidGroupConditions flags) =>
        Join(Group.Where(item => flags.HasFlag(item.Flag)).Select(item => item.Words), (byte)flags & ~0x07);

    public static string Words(TcbConditions flags) =>
        Join(Tcb.Where(item => flags.HasFlag(item.Flag)).Select(item => item.Words), (ushort)flags & ~0x0F);

    public static string Words(PseConditions flags) =>
        Join(Pse.Where(item => flags.HasFlag(item.Flag)).Select(item => item.Words), (ushort)flags & ~0x1F);

    private static string Join(IEnumerable<string> words, int rest) =>
        string.Join(", ", rest == 0 ? words : words.Append($"unknown bits 0x{rest:x}"));
}
