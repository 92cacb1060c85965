namespace Witan.Cli.Commands.SgxTest;

/// <summary>Intel's advisories that quotes name: what each is about, and its page.</summary>
internal static class Advisories
{
    private static readonly Dictionary<string, string> Known = new(StringComparer.Ordinal)
    {
        ["INTEL-SA-00161"] = "L1 terminal fault; Hyper-Threading off",
        ["INTEL-SA-00219"] = "integrated GPU; off",
        ["INTEL-SA-00270"] = "TSX asynchronous abort; BIOS update with microcode",
        ["INTEL-SA-00289"] = "voltage control (Plundervolt); the BIOS has to lock it",
        ["INTEL-SA-00320"] = "special register buffer data sampling; BIOS update with microcode",
        ["INTEL-SA-00329"] = "vector register sampling, L1D eviction sampling; BIOS update with microcode",
        ["INTEL-SA-00334"] = "load value injection; enclaves built with mitigations",
        ["INTEL-SA-00381"] = "vector register sampling, store forwarding; BIOS update with microcode",
        ["INTEL-SA-00389"] = "power readings as a side channel (RAPL); BIOS update with microcode",
        ["INTEL-SA-00614"] = "stale data through MMIO; BIOS update",
        ["INTEL-SA-00615"] = "stale data through MMIO; BIOS update, enclaves built with mitigations",
        ["INTEL-SA-00657"] = "stale data from the legacy xAPIC; BIOS update with microcode, x2APIC",
        ["INTEL-DOC-10000"] = "the product is past its end of servicing updates",
        ["INTEL-DOC-10001"] = "the product is past its end of servicing lifetime",
        ["INTEL-SA-00828"] = "gather data sampling; BIOS update with microcode",
    };

    /// <summary>One line with the page; "see the advisory" where no more is known.</summary>
    public static string Describe(string id) => id.StartsWith("INTEL-SA-", StringComparison.Ordinal)
        ? $"{Known.GetValueOrDefault(id, "see the advisory")} ({Page(id)})"
        : Known.GetValueOrDefault(id, "see the advisory");

    /// <summary>The address of Intel's page.</summary>
    public static string Page(string id) => $"https://www.intel.com/content/www/us/en/security-center/advisory/{id.ToLowerInvariant()}.html";
}
