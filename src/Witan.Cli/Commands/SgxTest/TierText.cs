using Witan.Attestation;

namespace Witan.Cli.Commands.SgxTest;

/// <summary>What a tier is good for, and what a status asks of whom: the lists of Phala Network's guide "Worker Confidence Level", and the truth about what can be mended.</summary>
internal static class TierText
{
    /// <summary>What workers of a level may be given.</summary>
    public static string[] GoodFor(int? level) => level switch
    {
        1 or 2 or 3 =>
        [
            "Tiers 1 to 3, best security. Fit for the most valuable work: financial applications (private exchanges, DeFi);",
            "secret keys (wallets, node keys, password managers); gatekeepers.",
        ],
        4 or 5 =>
        [
            "Tiers 4 and 5, reduced security. Still fit for batch jobs, short-lived private data and ordinary applications: data",
            "analysis, on-chain games, VPN, Web 2.0 applications, oracles, DApps. Not for the highest security.",
        ],
        _ => ["No tier: confidential work must not be given to this platform on this evidence."],
    };

    /// <summary>Who can raise the status, and how. Accepts EPID and DCAP names.</summary>
    public static IEnumerable<string> Advice(string? status, IReadOnlyList<TcbShortfall> shortfall)
    {
        string name = status?.Replace("_", "", StringComparison.Ordinal).ToUpperInvariant() ?? "";
        if (name.Contains("OUTOFDATE", StringComparison.Ordinal))
        {
            // Intel's documents say of each component who raises it; only where none is named is the BIOS the first guess.
            string[] updates = [.. shortfall.Select(item => item.Update).Distinct(StringComparer.Ordinal)];
            if (updates.Length == 0 || Array.Exists(updates, update => update.Contains("BIOS", StringComparison.Ordinal)))
            {
                string late = Array.Exists(updates, update => update.Contains("loaded by the OS", StringComparison.Ordinal))
                    ? " Except for the components above that Intel's own document says are raised that way."
                    : "";
                yield return $"out of date: update the BIOS. Microcode that the operating system loads does not raise CPUSVN: only what the BIOS loads counts.{late} (BIOS owner)";
            }
            else
            {
                yield return $"out of date: what is short is not raised by the BIOS, but by: {string.Join("; ", updates)}. (platform operator)";
            }
        }

        if (name.Contains("CONFIGURATION", StringComparison.Ordinal))
            yield return "configuration needed: update the BIOS; switch off Hyper-Threading, the integrated GPU, power saving and overclocking; read each advisory. (BIOS owner)";
        if (name.Contains("SWHARDENING", StringComparison.Ordinal))
            yield return "hardening needed: nothing on this machine changes that. The enclave must be built with mitigations. (enclave author; for the operator: nobody)";
        if (name.Contains("RELAUNCHADVISED", StringComparison.Ordinal))
            yield return "relaunch advised: the host is mended already; start the guest again. (workload owner)";
        if (name.Contains("REVOKED", StringComparison.Ordinal))
            yield return "revoked: the platform's keys are not trusted any more, and nothing on it changes that. (nobody)";
    }
}
