namespace Witan.Attestation;

/// <summary>The bits of TDATTRIBUTES, and who has a say in them.</summary>
internal static class TdAttributes
{
    /// <summary>DEBUG and the profiling bits: any of them means that the TD cannot be trusted.</summary>
    public const ulong Untrusted = 0xFF;

    /// <summary>Whether the host can read or profile what runs in the TEE: a debug enclave, or a TD with any bit of its group for that.</summary>
    public static bool IsExposed(Quote quote) => quote.Tee == TeeType.Tdx ? (quote.TdReport.TdAttributes & Untrusted) != 0 : quote.IsDebug;

    /// <summary>SEPT_VE_DISABLE: the host cannot inject exceptions.</summary>
    public const ulong SeptVeDisable = 1UL << 28;

    /// <summary>Bits that are a matter of the caller's choice.</summary>
    public static readonly IReadOnlyDictionary<string, ulong> Choices = new Dictionary<string, ulong>(StringComparer.Ordinal)
    {
        ["MIGRATABLE"] = 1UL << 29,
        ["PKS"] = 1UL << 30,
        ["KL"] = 1UL << 31,
        ["PERFMON"] = 1UL << 63,
    };

    /// <summary>Bits without a meaning that a policy could judge.</summary>
    public static ulong Reserved => ~(Untrusted | SeptVeDisable | Choices.Values.Aggregate(0UL, (all, bit) => all | bit));
}
