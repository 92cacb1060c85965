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

        if (devices().IsLegacy && cpu.Bit(7, 0, leaf => leaf.Ecx, 30) == true && flcConfiguration() != Mark.Fatal)
        {
            return Of(
                "The legacy driver is loaded on a processor with flexible launch control. That driver never writes the launch key hash, so AESM's token service refuses every signer that Intel has not whitelisted (error 6).",
                "Remove the legacy driver and use the one in the kernel: Linux 5.11 or later, device /dev/sgx_enclave.", Actor.KernelOwner);
        }

        if (flcConfiguration() == Mark.Fatal)
            return Of("Flexible launch control is off, so the launch key is locked to Intel's.", "Enable flexible launch control in the BIOS.", Actor.BiosOwner);
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
                "This program ships no one else's enclave. The test matters only on processors without flexible launch control.",
                "Nothing to do; or give one with --whitelisted-enclave DIR.", Actor.Nobody, harmless: true);
        }

        return Common("whitelisted", "SGX_LAUNCH_WHITELISTED", reading) ?? Problem.Of(
            ProblemState.Failed, "SGX_LAUNCH_WHITELISTED_FAILED", "An enclave signed by Intel could not be launched.", Evidence("whitelisted", reading),
            $"{Cause(reading).Cause} On a processor without flexible launch control the launch token comes from AESM, which needs to run.",
            "Start AESM (systemctl start aesmd).", Actor.PackageOwner);
    }

    private static Problem? Common(string mode, string code, Reading reading)
    {
        string evidence = Evidence(mode, reading);
        Problem Undecided(string suffix, string cause, string remedy, Actor actor) => Problem.Of(
            ProblemState.Unreadable, code + suffix, $"Whether an enclave launches in {mode} mode was not found out.", evidence, cause, remedy, actor);

        return reading switch
        {
            { HasValue: true } => null,
            { Error: LaunchOutcomes.LegacyDriver } => Undecided("_LEGACY_DRIVER", "The device belongs to the legacy driver, through which this program does not launch.", "Use the driver in the kernel: Linux 5.11 or later, device /dev/sgx_enclave.", Actor.KernelOwner),
            { Error: LaunchOutcomes.Timeout } => Undecided("_TIMEOUT", "The child process did not answer within its time limit.", "Run again when the machine is less busy; look at the kernel log.", Actor.KernelOwner),
            { Error: LaunchOutcomes.Crashed } => Undecided("_CRASHED", "The child process ended without an answer: a security module may forbid it.", "Look at the kernel log for a denial.", Actor.KernelOwner),
            { Error: LaunchOutcomes.NotStarted } => Undecided("_NOT_STARTED", "The child process could not be started: the machine is out of processes or memory, or a limit of this user is reached.", "Run again when the machine is less busy; see ulimit -u.", Actor.KernelOwner),
            { IsFailure: false } => Undecided("_NOT_TRIED", "It is tried only where SGX is on and a device opens.", "Mend what the lines above say first.", Actor.Nobody),
            _ => null,
        };
    }

    private static Problem Failed(string mode, string code, Reading reading)
    {
        (string cause, string remedy, Actor actor) = Cause(reading);
        return Problem.Of(ProblemState.Failed, code + "_FAILED", $"An enclave in {mode} mode could not be launched.", Evidence(mode, reading), cause, remedy, actor);
    }

    private static (string Cause, string Remedy, Actor Actor) Cause(Reading reading)
    {
        string[] parts = reading.Error.Split(' ', 2);
        string errno = parts.Length > 1 ? parts[1] : "";
        return (parts[0], errno) switch
        {
            ("create", "EIO") => ("The processor refused the enclave's size, attributes or extended state. On a processor with AMX the full extended state does not fit into one page of the state save area.", "Report this with the snapshot: this program keeps the state within the page.", Actor.EnclaveAuthor),
            (_, "ENOMEM") => ("The enclave memory is full.", "Stop other enclaves, or give more enclave memory in the BIOS.", Actor.KernelOwner),
            (_, "ENOTTY") => ("The device belongs to a driver with another interface.", "Use the driver in the kernel: Linux 5.11 or later.", Actor.KernelOwner),
            ("add", "EINVAL") => ("The kernel found the pages or their description malformed.", "Report this with the snapshot.", Actor.EnclaveAuthor),
            ("add", "EACCES") => ("The pages lie in memory that a security module does not let become executable.", "Look for a denial in the audit log (SELinux, AppArmor).", Actor.KernelOwner),
            ("map", "EACCES" or "EPERM") => ("The device lies on a file system mounted noexec, or a security module forbids executable mappings.", "Remount /dev with exec (mount -o remount,exec /dev); look for a denial in the audit log.", Actor.KernelOwner),
            ("init", "EPERM") => ("The processor did not accept the signature: the launch key is locked to another signer (no flexible launch control).", "Enable flexible launch control in the BIOS.", Actor.BiosOwner),
            ("init", "EACCES") => ("The enclave asks for the provisioning key without the right to it.", "Give the user access to /dev/sgx_provision.", Actor.KernelOwner),
            ("init", "EINTR") => ("The launch was interrupted again and again.", "Run again when the machine is less busy.", Actor.KernelOwner),
            ("token", _) => ($"The launch token was refused: {(errno.Length > 0 ? errno : "no reason given")}. On a processor with flexible launch control a legacy driver is the usual cause; without it, the signer is not whitelisted.", "Use the driver in the kernel, or enable flexible launch control in the BIOS.", Actor.KernelOwner),
            ("open", _) => ($"The device did not open: {errno}.", "See the line SGX kernel device.", Actor.KernelOwner),
            _ => ($"The step {parts[0]} failed{(errno.Length > 0 ? " with " + errno : "")}.", "Look at the kernel log (dmesg | grep -i sgx).", Actor.KernelOwner),
        };
    }
}
