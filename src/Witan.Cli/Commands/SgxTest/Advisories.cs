namespace Witan.Cli.Commands.SgxTest;

/// <summary>Intel's advisories that quotes name: what each is about, and its page.</summary>
internal static class Advisories
{
    private static readonly Dictionary<string, string> Known = new(StringComparer.Ordinal)
    {
        ["INTEL-SA-00161"] = "L1 terminal fault; Hyper-Threading off",
        ["INTEL-SA-00219"] = "integrated GPU; off",
        ["INTEL-SA-00289"] = "voltage control (Plundervolt); the BIOS has to lock it",
        ["INTEL-SA-00320"] = "special register buffer data sampling; BIOS update with microcode",
        ["INTEL-SA-00334"] = "load value injection; enclaves built with mitigations",
        ["INTEL-SA-00614"] = "stale data through MMIO; BIOS update",
        ["INTEL-SA-00615"] = "stale data through MMIO; BIOS update, enclaves built with mitigations",
    };

    /// <summary>One line with the page; "see the advisory" where no more is known.</summary>
    public static string Describe(string id) =>
        $"{Known.GetValueOrDefault(id, "see the advisory")} ({Page(id)})";

    /// <summary>The address of Intel's page.</summary>
    public static string Page(string id) => $"https://www.intel.com/content/www/us/en/security-center/advisory/{id.ToLowerInvariant()}.html";
}
