using System.Globalization;

namespace Witan.Machine;

/// <summary>
/// How much of the enclave memory the kernel took over. A section that the kernel cannot use (not covered by a NUMA node,
/// refused by its sanitiser) is dropped without a word to user space; only the sums show it.
/// </summary>
internal static class KernelShare
{
    private const string Suffix = "/x86/sgx_total_bytes";

    /// <summary>Bytes over all nodes; null where the kernel does not say (before Linux 5.17), or it is not recorded.</summary>
    public static ulong? Total(MachineSnapshot snapshot)
    {
        ulong? total = null;
        foreach (string path in Paths(snapshot))
        {
            if (!ulong.TryParse(snapshot[Section.Files, path].Text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong bytes))
                return null;
            total = unchecked((total ?? 0) + bytes);
        }

        return total;
    }

    public static IEnumerable<string> Evidence(MachineSnapshot snapshot) =>
        Paths(snapshot).Select(path => $"{path} = {snapshot[Section.Files, path]}");

    /// <summary>What to say where the kernel has less than the processor lists; null where it has all, or does not say.</summary>
    public static Problem? Problem(MachineSnapshot snapshot, CpuFacts cpu, EpcSections epc)
    {
        if (Total(snapshot) is not { } taken || taken >= epc.Total)
            return null;
        string evidence = string.Join("; ", [.. epc.Evidence, .. Evidence(snapshot)]);
        return Witan.Machine.Problem.Of(
            ProblemState.Failed, "SGX_KERNEL_DROPPED_EPC",
            $"There is {EpcSections.Size(epc.Total)} of enclave memory and the kernel took {EpcSections.Size(taken)} of it.", evidence,
            "The kernel dropped a section: its address range lies outside of what the BIOS describes as memory of a node, or it failed the kernel's own check.",
            Firmware.Remedy(cpu, "See the kernel log (dmesg | grep -i sgx); update the BIOS and the kernel.", "See the kernel log (dmesg | grep -i sgx); update the kernel, and tell the provider."), Firmware.Owner(cpu));
    }

    private static IEnumerable<string> Paths(MachineSnapshot snapshot) =>
        snapshot.Keys(Section.Files).Where(path => path.EndsWith(Suffix, StringComparison.Ordinal));
}
