namespace Witan.Machine;

/// <summary>Whether the kernel has started the TDX module of this host, and by its own words why not.</summary>
internal sealed class TdxModule(MachineSnapshot snapshot)
{
    public const string KernelLog = "/dev/kmsg";
    public static readonly string[] Files = ["/sys/devices/faux/tdx_host/version", "/sys/devices/faux/tdx_host/seamldr_version", "/sys/devices/faux/tdx_host/num_remaining_updates"];

    // The words for each of the kernel's own refusals, for a module that is not there, and for a call that it refused.
    private static readonly string[] Failures = ["initialization failed", "module not loaded", "SEAMCALL"];

    public Mark Mark => snapshot[Section.Files, Files[0]].HasValue ? Mark.Supported
        : Failure is not null ? Mark.Fatal
        : Log.Any(line => line.Contains("module initialized", StringComparison.Ordinal)) ? Mark.Supported
        : Mark.Unknown;

    public IEnumerable<string> Evidence =>
    [
        .. Files.Select(path => Lines.Evidence(snapshot, Section.Files, path)), Lines.Evidence(snapshot, Section.Files, TdxHost.KvmTdx), Lines.Evidence(snapshot, Section.Files, KernelLog),
        Lines.Evidence(snapshot, Section.Arguments, "nohibernate"), .. Log,
    ];

    private IEnumerable<string> Log => snapshot.Keys(Section.Log);

    private string? Failure => Log.FirstOrDefault(line => Failures.Any(words => line.Contains(words, StringComparison.Ordinal)));

    /// <summary>What stands behind a mark that is not ✔.</summary>
    public Problem Problem()
    {
        string evidence = string.Join("; ", [.. Log, Lines.Evidence(snapshot, Section.Files, Files[0]), FeatureControl.Evidence(snapshot, 0x1400)]);
        Problem Failed(string code, string cause, string remedy, Actor actor = Actor.BiosOwner) => Machine.Problem.Of(ProblemState.Failed, code, "The TDX module does not run.", evidence, cause, remedy, actor);
        bool Says(string words) => Log.Any(line => line.Contains(words, StringComparison.OrdinalIgnoreCase));
        if (Says("0xc000050500000000"))
            return Failed("TDX_MODULE_TOO_OLD", "The TDX module refused call 0x22: it is too old for this kernel.", "Update the TDX module: a newer BIOS, or a newer module on the EFI partition.");
        if (Says("0xc000090000000000"))
            return Failed("TDX_BIOS_TOO_OLD", "The TDX module refused call 0x21: the BIOS is too old.", "Update the BIOS.");
        if (Says("initialization failed: Hibernation support is enabled"))
            return Failed("TDX_HOST_HIBERNATION", "The kernel starts no TDX where the machine could hibernate: the TDX module would not survive that.", "Boot with the kernel argument nohibernate.", Actor.KernelOwner);
        if (Says("module not loaded"))
            return Failed("TDX_MODULE_NOT_LOADED", "The SEAM range is set and no module was loaded into it: the BIOS lacks the loader (P-SEAMLDR) or the module.", "Update the BIOS; enable the SEAM loader in it.");
        if (Failure is { } line)
            return Failed("TDX_HOST_START_FAILED", $"The kernel did not start TDX: \"{line}\".", "Mend what the kernel names there; where it names nothing, update the kernel and the BIOS.", Actor.KernelOwner);
        return Lines.Unread("TDX_MODULE_UNREADABLE", "Whether the TDX module runs", evidence, "Kernels before 2026 say it only in their log, and KVM does not run with TDX.", "Look for virt/tdx in the kernel log (dmesg | grep virt/tdx), as root.",
            snapshot[Section.Files, TdxHost.KvmTdx] is { HasValue: false, IsFailure: false } ? Actor.Nobody : Actor.KernelOwner);
    }
}
