namespace Witan.Machine;

/// <summary>Turns a failed or missing launch into its cause: each step and errno has one.</summary>
internal sealed class LaunchAdvice(CpuFacts cpu, LaunchOutcomes launch, Func<SgxDevices> devices, Func<Mark> flcConfiguration)
{
    public static string Evidence(string mode, Reading reading) =>
        reading.HasValue ? $"{mode} enclave: {reading.Text}" : reading.IsFailure ? $"{mode} enclave: {reading.Error}" : $"{mode} enclave: not tried";

    public Problem? Debug() => launch.DebugMark == Mark.Supported ? null : Common("debug", "SGX_LAUNCH_DEBUG", launch.Debug) ?? Failed("debug", "SGX_LAUNCH_DEBUG", launch.Debug);

    public Problem? Production()
    {
        if (launch.ProductionMark == Mark.Supported)
            return null;
        if (Common("production", "SGX_LAUNCH_PRODUCTION", launch.Production) is { } common)
            return common;
        Problem Of(string cause, string remedy, Actor actor) => Problem.Of(
            ProblemState.Failed, "SGX_LAUNCH_PRODUCTION_FAILED", "An enclave in production mode could not be launched.",
            Evidence("production", launch.Production), cause, remedy, actor);

        if (devices().IsLegacy && HasControl == true && flcConfiguration() != Mark.Fatal)
        {
            return Of(
                "The legacy driver is loaded on a processor with flexible launch control. That driver never writes the launch key hash, so AESM's token service refuses every signer that Intel has not whitelisted (error 6).",
                "Remove the legacy driver and use the one in the kernel: Linux 5.11 or later, device /dev/sgx_enclave.", Actor.KernelOwner);
        }

        if (flcConfiguration() == Mark.Fatal)
            return Of("Flexible launch control is off, so the launch key is locked to Intel's.", Firmware.EnableLaunchControl(cpu), Firmware.Owner(cpu));
        return Failed("production", "SGX_LAUNCH_PRODUCTION", launch.Production);
    }

    public Problem? Whitelisted()
    {
        Reading reading = launch.Whitelisted;
        if (launch.WhitelistedMark == Mark.Supported)
            return null;
        if (reading.Error == LaunchOutcomes.Skipped || (!reading.HasValue && !reading.IsFailure))
        {
            return Problem.Of(
                ProblemState.Unreadable, "SGX_LAUNCH_WHITELISTED_SKIPPED", "Skipped: no enclave signed by Intel was given.", Evidence("whitelisted", reading),
                "This program ships no one else's enclave. The test asks whether a signer that Intel knows is accepted where one's own is not.",
                "Nothing to do; or give one with --whitelisted-enclave DIR.", Actor.Nobody, harmless: true);
        }

        return Common("whitelisted", "SGX_LAUNCH_WHITELISTED", reading) ?? Failed("whitelisted", "SGX_LAUNCH_WHITELISTED", reading);
    }

    private bool? HasControl => cpu.Bit(7, 0, leaf => leaf.Ecx, 30);

    // That driver is the only one for some processors, and the wrong one for all others.
    private Problem Legacy(string mode, string code, string evidence)
    {
        Problem Of(string cause, string remedy, Actor actor, bool harmless = false) => Problem.Of(
            ProblemState.Unreadable, code + "_LEGACY_DRIVER", $"Whether an enclave launches in {mode} mode was not found out.", evidence, cause, remedy, actor, harmless);
        const string Cause = "The device belongs to the legacy driver, through which this program does not launch.";
        return HasControl == false
            ? Of($"{Cause} No other driver serves a processor without flexible launch control.", "Nothing to do: a program of the SGX SDK shows whether enclaves launch here.", Actor.Nobody, harmless: true)
            : flcConfiguration() == Mark.Fatal
                ? Of($"{Cause} The driver in the kernel makes a device only where flexible launch control is on.", $"{Firmware.EnableLaunchControl(cpu)} Then use the driver in the kernel: Linux 5.11 or later, device /dev/sgx_enclave.", Firmware.Owner(cpu))
                : Of(Cause, "Use the driver in the kernel: Linux 5.11 or later, device /dev/sgx_enclave.", Actor.KernelOwner);
    }

    private Problem? Common(string mode, string code, Reading reading)
    {
        string evidence = Evidence(mode, reading);
        Problem Undecided(string suffix, string cause, string remedy, Actor actor) => Problem.Of(
            ProblemState.Unreadable, code + suffix, $"Whether an enclave launches in {mode} mode was not found out.", evidence, cause, remedy, actor);

        return reading switch
        {
            { HasValue: true } => null,
            { Error: LaunchOutcomes.LegacyDriver } => Legacy(mode, code, evidence),
            { Error: LaunchOutcomes.NoEnclave } => Undecided("_NOT_TRIED", "The files of the enclave could not be read, or changed while they were.", "Give a folder with one .sgxs and the .sig that belongs to it.", Actor.EnclaveAuthor),
            { Error: LaunchOutcomes.Timeout } => Undecided("_TIMEOUT", "The child process did not answer within its time limit.", "Run again when the machine is less busy; look at the kernel log.", Actor.KernelOwner),
            { Error: LaunchOutcomes.Crashed } => Undecided("_CRASHED", "The child process ended without an answer: a security module may forbid it.", "Look at the kernel log for a denial.", Actor.KernelOwner),
            { Error: LaunchOutcomes.NotStarted } => Undecided("_NOT_STARTED", "The child process could not be started: the machine is out of processes or memory, or a limit of this user is reached.", "Run again when the machine is less busy; see ulimit -u.", Actor.KernelOwner),
            { IsFailure: false } => Undecided("_NOT_TRIED", "It is tried only where SGX is on and a device opens.", "Mend what the lines above say first.", Actor.Nobody),
            _ => null,
        };
    }

    private Problem Failed(string mode, string code, Reading reading)
    {
        (string cause, string remedy, Actor actor) = Cause(reading);
        return Problem.Of(ProblemState.Failed, code + "_FAILED", $"An enclave in {mode} mode could not be launched.", Evidence(mode, reading), cause, remedy, actor);
    }

    private (string Cause, string Remedy, Actor Actor) Cause(Reading reading)
    {
        string[] parts = reading.Error.Split(' ', 2);
        string errno = parts.Length > 1 ? parts[1] : "";
        return (parts[0], errno) switch
        {
            ("create", "EIO") => ("The processor refused the enclave's size, attributes or extended state. On a processor with AMX the full extended state does not fit into one page of the state save area.", "Report this with the snapshot: this program keeps the state within the page.", Actor.EnclaveAuthor),
            (_, "ENOMEM") => ("The enclave memory is full.", Firmware.Remedy(cpu, "Stop other enclaves, or give more enclave memory in the BIOS.", "Stop other enclaves, or rent a machine type with more enclave memory."), Actor.KernelOwner),
            (_, "ENOTTY") => ("The device belongs to a driver with another interface.", "Use the driver in the kernel: Linux 5.11 or later.", Actor.KernelOwner),
            ("add", "EINVAL") => ("The kernel found the pages or their description malformed.", "Report this with the snapshot.", Actor.EnclaveAuthor),
            ("add", "EACCES") => ("The pages lie in memory that a security module does not let become executable.", "Look for a denial in the audit log (SELinux, AppArmor).", Actor.KernelOwner),
            ("map", "EACCES" or "EPERM") => ("The device lies on a file system mounted noexec, or a security module forbids executable mappings.", "Remount /dev with exec (mount -o remount,exec /dev); look for a denial in the audit log.", Actor.KernelOwner),
            ("init", "EPERM") when flcConfiguration() == Mark.Supported || launch.DebugMark == Mark.Supported =>
                ("The processor refused the signature or the attributes, although launch control is flexible.", "Report this with the snapshot.", Actor.EnclaveAuthor),
            ("init", "EPERM") => ("The processor did not accept the signature: the launch key is locked to another signer (no flexible launch control).", HasControl == false ? "Nothing on this processor: it has no flexible launch control." : Firmware.EnableLaunchControl(cpu), HasControl == false ? Actor.ChipVendor : Firmware.Owner(cpu)),
            ("init", "EACCES") => ("The enclave asks for the provisioning key without the right to it.", "Give the user access to /dev/sgx_provision.", Actor.KernelOwner),
            ("init", "EINTR") => ("The launch was interrupted again and again.", "Run again when the machine is less busy.", Actor.KernelOwner),
            ("token", _) when HasControl == false => ($"The launch token was refused: {Said(errno)}. Without flexible launch control tokens come from AESM, for signers on Intel's whitelist.", "See that AESM runs and reaches its network (systemctl status aesmd).", Actor.PackageOwner),
            ("token", _) => ($"The launch token was refused: {Said(errno)}. On a processor with flexible launch control a legacy driver is the usual cause.", $"Use the driver in the kernel. {Firmware.EnableLaunchControl(cpu)}", Actor.KernelOwner),
            ("open", _) => ($"The device did not open: {errno}.", "See the line SGX kernel device.", Actor.KernelOwner),
            _ => ($"The step {parts[0]} failed{(errno.Length > 0 ? " with " + errno : "")}.", "Look at the kernel log (dmesg | grep -i sgx).", Actor.KernelOwner),
        };
    }

    private static string Said(string errno) => errno.Length > 0 ? errno : "no reason given";
}
