namespace Witan.Machine;

/// <summary>The category "Flexible launch control": whether enclaves of any signer may run in production mode.</summary>
internal sealed class FlexibleLaunchControl
{
    private readonly MachineSnapshot _snapshot;
    private readonly CpuFacts _cpu;
    private readonly LaunchOutcomes _launch;

    public FlexibleLaunchControl(MachineSnapshot snapshot, CpuFacts cpu, LaunchOutcomes launch)
    {
        (_snapshot, _cpu, _launch) = (snapshot, cpu, launch);
        CpuSupport = Marks.Required(cpu.Bit(7, 0, leaf => leaf.Ecx, 30));
        Configuration = Marks.Required(FeatureControl.Msr(snapshot, FeatureControl.Register) is { } value
            ? (value & 1) != 0 && (value >> 17 & 1) != 0
            : null);
        Mark works = Configuration == Mark.Unknown ? launch.ProductionMark : Configuration.And(launch.ProductionMark);
        Mark = CpuSupport.And(works).Downgraded();
    }

    public Mark CpuSupport { get; }

    public Mark Configuration { get; }

    public Mark Mark { get; }

    public Check Build(Mark sgx, LaunchAdvice advice)
    {
        const string NoFlc = "this processor has no flexible launch control";
        return new Check("flc", "Flexible launch control", Mark)
        {
            Rule = "CPU support AND (the launch result where the configuration is unreadable, else configuration AND launch result); never worse than unsupported",
            Children =
            [
                new Check("flc.cpu-support", "CPU support", CpuSupport)
                {
                    Rule = "CPUID 7.0 ECX[30] = 1",
                    Evidence = [_cpu.Evidence(7)],
                    Problem = CpuSupportProblem(),
                },
                new Check("flc.cpu-configuration", "CPU configuration", Configuration)
                {
                    Rule = "MSR 0x3A: lock (bit 0) and SGX_LC (bit 17) are both set",
                    Evidence = [FeatureControl.Describe(_snapshot), .. KeyHash()],
                    Problem = ConfigurationProblem(),
                }.HiddenIf(CpuSupport == Mark.Fatal, NoFlc),
                new Check("flc.launch", "Able to launch production mode enclave", _launch.ProductionMark)
                {
                    Rule = "the result of the line \"Production mode\"",
                    Evidence = [LaunchAdvice.Evidence("production", _launch.Production)],
                    Problem = advice.Production(),
                }.HiddenIf(CpuSupport == Mark.Fatal, NoFlc).HiddenIf(Configuration == Mark.Fatal, "flexible launch control is not switched on"),
            ],
        }.HiddenIf(sgx == Mark.Fatal, "SGX is not in this processor");
    }

    private Problem? CpuSupportProblem() => CpuSupport switch
    {
        Mark.Supported => null,
        Mark.Unknown => SgxAdvice.NotRecorded("FLC_CPU_UNREADABLE", "Whether the processor has flexible launch control", _cpu.Evidence(7)),
        _ => Problem.Of(
            ProblemState.Absent, "FLC_CPU_ABSENT", "This processor has no flexible launch control.", _cpu.Evidence(7),
            _cpu.IsGuest == true ? "The hypervisor does not give it to this guest, or the processor does not have it." : "The processor was built without it.",
            "No setting brings it. Only enclaves whose signer Intel has whitelisted run in production mode here.",
            _cpu.IsGuest == true ? Actor.CloudProvider : Actor.ChipVendor),
    };

    private Problem? ConfigurationProblem()
    {
        Reading reading = _snapshot[Section.Msr, SnapshotBuilder.MsrKey(FeatureControl.Register)];
        string evidence = FeatureControl.Describe(_snapshot);
        if (Configuration == Mark.Supported)
            return null;
        if (Configuration == Mark.Unknown)
        {
            return _launch.ProductionMark == Mark.Supported
                ? Problem.Of(
                    ProblemState.Unreadable, "FLC_CONFIGURATION_UNREADABLE", "The register could not be read; it does not matter, because production mode launched.", evidence,
                    FeatureControl.Why(reading), "Nothing to do.", Actor.Nobody, harmless: true)
                : Problem.Of(
                    ProblemState.Unreadable, "FLC_CONFIGURATION_UNREADABLE", "Whether launch control is unlocked could not be read.", evidence,
                    FeatureControl.Why(reading), FeatureControl.HowToRead(_snapshot, reading), reading.IsFailure ? Actor.KernelOwner : Actor.Nobody);
        }

        ulong value = FeatureControl.Msr(_snapshot, FeatureControl.Register) ?? 0;
        string firmware = _cpu.IsGuest == true ? "hypervisor" : "BIOS";
        string cause = (value >> 17 & 1) == 0
            ? $"The processor has flexible launch control and the {firmware} leaves it off: the launch key is locked to Intel's."
            : $"The {firmware} has set it but not locked the register, so it does not count.";
        return Problem.Of(
            ProblemState.Disabled, "FLC_OFF_IN_BIOS", "Flexible launch control is switched off.", evidence, cause,
            Firmware.EnableLaunchControl(
                _cpu, "Enable flexible (\"unlocked\") launch control in the BIOS and reboot; if there is no such setting, update the BIOS, then ask the board's vendor.") + " Until then only signers on Intel's whitelist run in production mode.",
            Firmware.Owner(_cpu));
    }

    private IEnumerable<string> KeyHash()
    {
        for (uint register = 0x8C; register <= 0x8F; register++)
        {
            if (FeatureControl.Msr(_snapshot, register) is not null)
                yield return FeatureControl.Evidence(_snapshot, register);
        }

        if (FeatureControl.Msr(_snapshot, 0x500) is not null)
            yield return FeatureControl.Evidence(_snapshot, 0x500) + " (SGX_SVN_STATUS)";
    }
}
