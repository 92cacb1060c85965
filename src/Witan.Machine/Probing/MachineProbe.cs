namespace Witan.Machine;

/// <summary>
/// Looks at a machine and writes down what it sees; judges nothing. Read-only: it opens, reads and asks, and leaves nothing
/// behind. Every step has a time limit, after which what it did not reach stays "not recorded".
/// </summary>
public static class MachineProbe
{
    private static readonly TimeSpan StepLimit = TimeSpan.FromSeconds(2);

    /// <summary>Takes a snapshot.</summary>
    public static MachineSnapshot Run(ProbeOptions options) => Run(options, options.Processor is { } recording ? new RecordedCpuid(recording) : new ProcessorCpuid());

    internal static MachineSnapshot Run(ProbeOptions options, ICpuid cpuid)
    {
        var root = new SystemRoot(options.Root);
        var to = new SnapshotBuilder(root.IsLive ? "live" : "file tree");
        to.Set(Section.Rights, "root", Environment.IsPrivilegedProcess ? "yes" : "no");
        CpuidProbe.Run(cpuid, to);
        var cpu = new CpuFacts(to.Build());
        var steps = new List<Step>
        {
            new("kernel", StepLimit, () => KernelProbe.Run(root, to)),
            new("registers", StepLimit, () => RegisterProbe.Msr(root, to, cpu)),
            new("efi", StepLimit, () => RegisterProbe.Efi(root, to)),
            new("devices", StepLimit, () => DeviceProbe.Run(root, to)),
            new("hardware", StepLimit, () =>
            {
                HardwareProbe.Libraries(root, to);
                HardwareProbe.Pci(root, to);
            }),
            // A quote, where it was asked for, may take the kernel half a minute; what is left of the limit removes the entry.
            new("report interface", StepLimit + (options.Attest ? options.AttestLimit + StepLimit : default), () => ReportProbe.Run(root, to, options.Attest)),
            // Two requests at most, each with the limit, and two slow ones where they were asked for.
            new("aesm", (3 * options.ServiceLimit) + (options.Attest ? 2 * options.AttestLimit : default), () => ServiceProbe.Aesm(root, to, options)),
            new("dstack", 2 * options.ServiceLimit, () => ServiceProbe.GuestAgent(root, to, options.ServiceLimit)),
        };
        if (Platform.Of(cpu) == Generation.SapphireRapidsOrLater && cpu.IsGuest == false)
            steps.Add(new Step("kernel log", StepLimit, () => HardwareProbe.TdxLog(root, to)));
        Step.RunAll(steps);
        AfterTheFirst(options, root, to);
        return to.Build();
    }

    // What is worth a look only after the rest is known.
    private static void AfterTheFirst(ProbeOptions options, SystemRoot root, SnapshotBuilder to)
    {
        MachineSnapshot soFar = to.Build();
        var cpu = new CpuFacts(soFar);
        var devices = new SgxDevices(soFar);
        bool hasSgx = cpu.Bit(7, 0, leaf => leaf.Ebx, 2) == true;
        var steps = new List<Step>();
        if (hasSgx && devices.Path is null)
            steps.Add(new Step("modules", StepLimit, () => KernelProbe.Modules(root, to)));
        if (options.Self is { } self)
        {
            // The enclave is launched by the processor below, not by one that is only recorded.
            if (options.Processor is null && hasSgx && devices.Mark == Mark.Supported && new SgxInstructionSet(soFar, cpu).CpuConfiguration == Mark.Supported)
                steps.Add(new Step("launch", options.ChildLimit + StepLimit, () => ChildProbe.Run(self, ChildProbe.Launch, options, to)));
            // The loader looks in more folders than are named here, so where there is SGX it is asked in any case.
            if (root.IsLive && (hasSgx || soFar[Section.Libraries, SgxSoftware.LibraryName].HasValue))
                steps.Add(new Step("library", options.ChildLimit + StepLimit, () => Library(self, options, soFar, to)));
            // Where the driver is not loaded, the library would load it (nvidia-modprobe): then it is not asked.
            if (root.IsLive && soFar[Section.Libraries, Gpu.Library].HasValue && soFar[Section.Devices, Gpu.DriverDevice].HasValue)
                steps.Add(new Step("nvml", options.ChildLimit + StepLimit, () => ChildProbe.Run(self, ChildProbe.Nvml, options, to)));
        }

        Step.RunAll(steps);
    }

    private static void Library(IReadOnlyList<string> self, ProbeOptions options, MachineSnapshot soFar, SnapshotBuilder to)
    {
        ChildProbe.Run(self, ChildProbe.Library, options, to);
        // A loader that finds nothing either says no more than the folders did.
        if (!soFar[Section.Libraries, SgxSoftware.LibraryName].HasValue && !to.Build()[Section.Libraries, SgxSoftware.LibraryName].HasValue)
            to.Set(Section.Libraries, SgxSoftware.LibraryName, Reading.Failed("ENOENT"));
    }
}
