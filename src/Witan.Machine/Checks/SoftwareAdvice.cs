namespace Witan.Machine;

/// <summary>Cause, remedy and actor for the device, the library and AESM.</summary>
internal sealed class SoftwareAdvice(
    MachineSnapshot snapshot, CpuFacts cpu, SgxInstructionSet instructions, FlexibleLaunchControl flc, SgxSoftware software)
{
    /// <summary>The first kernel with an SGX driver of its own, and with the flag sgx in /proc/cpuinfo.</summary>
    private static readonly Version s_firstWithDriver = new(5, 11);

    public Problem? Device()
    {
        SgxDevices devices = software.Devices;
        if (devices.Mark == Mark.Supported)
            return null;
        string evidence = string.Join("; ", devices.Evidence());
        if (devices.Path is null && !devices.IsRecorded)
            return Problem.Of(ProblemState.Unreadable, "SGX_DEVICE_UNREADABLE", "Whether there is an SGX device is not recorded.", evidence, "The recording does not hold every device node.", "Run this command on the machine itself.", Actor.Nobody);
        if (devices.NoExecMount is { } mount)
        {
            return Problem.Of(
                ProblemState.Failed, "SGX_DEVICE_NOEXEC", $"The SGX device lies on {mount}, which is mounted noexec.", evidence,
                "Enclave pages are mapped executable from the device, which a noexec mount forbids.",
                $"Run `mount -o remount,exec {mount}`; in a container, pass the device on a mount with exec.", Actor.KernelOwner);
        }

        if (devices.Path is not { } path)
            return NoDevice(evidence);
        return devices.Reading.IsRefused
            ? Problem.Of(
                ProblemState.Unreadable, "SGX_DEVICE_REFUSED", $"{path} is refused to this user: {devices.Reading.Error}.", evidence,
                "This user, or this container, has no right to the device; whether it works is not known.",
                Rights.IsRoot(snapshot)
                    ? "Give the container the device (--device), or run this command on the host."
                    : "Add the user to the device's group (often sgx), or give the container the device; or run this command as root.", Actor.KernelOwner)
            : Problem.Of(
                ProblemState.Failed, "SGX_DEVICE_FAILED", $"{path} does not open: {devices.Reading.Error}.", evidence,
                "The driver refused to open the device.", "Look at the kernel log (dmesg | grep -i sgx).", Actor.KernelOwner);
    }

    public Problem? Library()
    {
        if (software.Library == Mark.Supported)
            return null;
        string evidence = $"{SgxSoftware.LibraryName}: {snapshot[Section.Libraries, SgxSoftware.LibraryName]}";
        bool needless = software.Devices.Mark == Mark.Supported;
        if (software.Library == Mark.Unknown)
        {
            bool tried = snapshot[Section.Libraries, SgxSoftware.LibraryName].IsFailure;
            return tried
                ? Problem.Of(ProblemState.Unreadable, "SGX_LIBRARY_UNREADABLE", "Whether the library loads was not found out.", evidence, "The child process that loads it did not start, did not answer within its time limit, or died.", "Run again when the machine is less busy; look at the kernel log.", Actor.KernelOwner, needless)
                : Problem.Of(ProblemState.Unreadable, "SGX_LIBRARY_UNREADABLE", "Whether the library is there is not recorded.", evidence, "The recording holds no libraries.", "Run this command on the machine itself.", Actor.Nobody, needless);
        }

        if (snapshot[Section.Libraries, SgxSoftware.LibraryName].Error == LibraryProbe.DoesNotLoad)
        {
            return Problem.Of(
                ProblemState.Failed, "SGX_LIBRARY_FAILED",
                needless ? "The library is installed and does not load; it does not matter, because the device works without it." : "The library is installed and does not load.",
                evidence, "A library that it needs is missing, or it is of another distribution.", needless ? "Nothing to do." : "Install libsgx-enclave-common anew.",
                needless ? Actor.Nobody : Actor.PackageOwner, needless || instructions.CpuSupport == Mark.Fatal);
        }

        return Problem.Of(
            ProblemState.Absent, "SGX_LIBRARY_ABSENT",
            needless ? "The library is not installed; it does not matter, because the device works without it." : "The library is not installed.",
            evidence, "The package libsgx-enclave-common is not installed.",
            needless ? "Nothing to do." : "The device comes first: with it this library is not needed. Some programs want it: install libsgx-enclave-common.",
            needless ? Actor.Nobody : Actor.PackageOwner, needless || instructions.CpuSupport == Mark.Fatal);
    }

    public Problem? AesmService()
    {
        AesmFacts aesm = software.Aesm;
        if (aesm.Mark == Mark.Supported)
            return null;
        string evidence = string.Join("; ", aesm.Evidence());
        bool free = flc.CpuSupport == Mark.Supported && flc.Configuration != Mark.Fatal;
        bool needless = free || instructions.CpuSupport == Mark.Fatal;
        string relevance = free
            ? "On a machine with flexible launch control it is needed only for quotes made through AESM."
            : "Without flexible launch control it is needed for launch tokens.";
        Problem Of(ProblemState state, string code, string sentence, string cause, string remedy, Actor actor) => Problem.Of(
            state, code, sentence, evidence, $"{cause} {relevance}", remedy, actor, needless);

        if (!aesm.IsRecorded)
            return Of(ProblemState.Unreadable, "AESM_UNREADABLE", "Whether AESM runs is not recorded.", "The recording holds no sockets.", "Run this command on the machine itself.", Actor.Nobody);
        if (aesm.RefusedPath is { } refused)
            return Of(ProblemState.Unreadable, "AESM_REFUSED", $"The AESM socket {refused} is refused to this user.", "The socket's permissions do not let this user connect.", "Add the user to the socket's group (often aesmd or sgx).", Actor.PackageOwner);
        if (aesm.Connected is not null)
            return Of(ProblemState.Failed, "AESM_MUTE", "AESM takes connections and does not answer.", "The service hangs or speaks something else.", "Restart it: systemctl restart aesmd; then journalctl -u aesmd.", Actor.PackageOwner);
        if (aesm.DeadReason is "ECONNREFUSED")
            return Of(ProblemState.Disabled, "AESM_STOPPED", "The AESM socket is there and nobody listens on it.", "The service is stopped, or died.", "Run `sudo systemctl restart aesmd`; then journalctl -u aesmd.", Actor.PackageOwner);
        if (aesm.DeadReason is "timeout")
            return Of(ProblemState.Failed, "AESM_MUTE", "The AESM socket is there and takes no connection.", "The service hangs.", "Restart it: systemctl restart aesmd; then journalctl -u aesmd.", Actor.PackageOwner);
        if (aesm.DeadReason is { } reason)
            return Of(ProblemState.Failed, "AESM_NO_SOCKET", "The AESM socket is there and cannot be reached.", $"Connecting to it failed: {reason}.", "See systemctl status aesmd and journalctl -u aesmd.", Actor.PackageOwner);
        return aesm.State switch
        {
            _ when !aesm.IsAbsent && aesm.State.Length == 0 => Of(ProblemState.Failed, "AESM_NO_SOCKET", "AESM cannot be reached.", "There is no socket; whether the service is installed could not be seen.", "See whether sgx-aesm-service is installed and runs (systemctl status aesmd); a container sees its socket only if it is mounted.", Actor.PackageOwner),
            "running" => Of(ProblemState.Failed, "AESM_NO_SOCKET", "AESM runs and its socket cannot be reached.", "The socket is not visible from here: a container sees it only if it is mounted.", "Mount /var/run/aesmd into the container.", Actor.PackageOwner),
            "installed" => Of(ProblemState.Disabled, "AESM_STOPPED", "AESM is installed and does not run.", "The service is stopped.", "Run `sudo systemctl start aesmd`.", Actor.PackageOwner),
            _ => Of(ProblemState.Absent, "AESM_ABSENT", free ? "AESM is not installed; launching enclaves does not need it here." : needless ? "AESM is not installed; nothing here needs it." : "AESM is not installed.", "The package sgx-aesm-service is not installed.", free ? "Nothing to do, unless quotes are to be made through AESM." : needless ? "Nothing to do." : "Install sgx-aesm-service.", needless ? Actor.Nobody : Actor.PackageOwner),
        };
    }

    private Problem NoDevice(string evidence)
    {
        Problem Of(string code, string cause, string remedy, Actor actor, ProblemState state = ProblemState.Absent, bool harmless = false) =>
            Problem.Of(state, code, "There is no SGX device.", evidence, cause, remedy, actor, harmless);

        bool noControl = flc.CpuSupport == Mark.Fatal;
        if (instructions.CpuSupport == Mark.Fatal)
            return Of("SGX_DEVICE_ABSENT", "The processor offers no SGX, so the kernel makes no device.", "Nothing, before the processor offers SGX.", Actor.Nobody, harmless: true);
        if (instructions.CpuConfiguration == Mark.Fatal)
        {
            string after = noControl ? "then only the legacy driver (isgx) makes a device for this processor" : "the device then appears by itself";
            return Of("SGX_DEVICE_ABSENT", "SGX is switched off, so the kernel makes no device.", $"Switch SGX on first; {after}.", Firmware.Owner(cpu));
        }

        if (snapshot[Section.Arguments, "nosgx"].HasValue && snapshot[Section.Arguments, "nosgx"].Text != "no")
            return Of("SGX_KERNEL_OFF", "The kernel was told not to use SGX (argument nosgx).", "Remove nosgx from the kernel's arguments and reboot.", Actor.KernelOwner, ProblemState.Disabled);
        bool controlIsOff = noControl || flc.Configuration == Mark.Fatal;
        bool? known = Lines.Flag(snapshot, "sgx"), control = Lines.Flag(snapshot, "sgx_lc");
        // The kernel's own driver is no module: where it is there, none of the modules is needed.
        if (known != true && Module(controlIsOff) is { } module)
            return module;
        if (noControl)
            return Of("SGX_DEVICE_NEEDS_FLC", "The driver in the kernel makes a device only where flexible launch control is there and on.", "Only the legacy driver (isgx) serves this processor; it is no longer maintained.", Actor.ChipVendor);
        if (controlIsOff)
            return Of("SGX_DEVICE_NEEDS_FLC", "The driver in the kernel makes a device only where flexible launch control is there and on.", Firmware.EnableLaunchControl(cpu), Firmware.Owner(cpu), ProblemState.Disabled);
        if (flc.Configuration == Mark.Unknown && ((known == true && control == false) || snapshot[Section.Devices, "/dev/sgx_vepc"].HasValue))
        {
            return Of(
                "SGX_DEVICE_NEEDS_FLC",
                "The kernel has the driver, and uses SGX for guests at most: that is what it does where the BIOS has locked launch control to Intel's key.",
                Firmware.EnableLaunchControl(cpu), Firmware.Owner(cpu), ProblemState.Disabled);
        }

        if (known == true)
            return Of("SGX_DEVICE_ABSENT", "The kernel has the driver and made no device: it could use none of the enclave memory; or this is a container that was not given the device.", "See the kernel log (dmesg | grep -i sgx); in a container, pass /dev/sgx_enclave.", Actor.KernelOwner, ProblemState.Failed);
        if (instructions.PageCache == Mark.Supported && known == false)
        {
            string size = EpcSections.Size(instructions.Epc.Total);
            // Before 5.11 the flag does not exist, so that it is missing means nothing more.
            if (Kernel() is { } kernel && kernel < s_firstWithDriver)
                return Of("SGX_KERNEL_DROPPED_EPC", $"There is {size} of enclave memory, and Linux {kernel} is older than the driver in the kernel.", "Use Linux 5.11 or later, built with CONFIG_X86_SGX.", Actor.KernelOwner);
            string locked = flc.Configuration == Mark.Unknown ? " The kernel also does so where the BIOS has locked launch control, which could not be read here." : "";
            return Of(
                "SGX_KERNEL_DROPPED_EPC", $"There is {size} of enclave memory and the kernel dropped it: no sgx in /proc/cpuinfo, as without CONFIG_X86_SGX.{locked}",
                $"Use a kernel built with CONFIG_X86_SGX (Linux 5.11 or later){(locked.Length > 0 ? ", and have flexible launch control enabled" : "")}; then see the kernel log (dmesg | grep -i sgx).",
                Actor.KernelOwner, ProblemState.Disabled);
        }

        return Of("SGX_DEVICE_ABSENT", "The kernel has no SGX driver: it is too old or was built without it; in a container, the device was not passed.", "Use Linux 5.11 or later with CONFIG_X86_SGX; in a container, pass /dev/sgx_enclave.", Actor.KernelOwner);

        // Without flexible launch control only the oldest driver helps: the others write the launch key's hash.
        Problem? Module(bool withoutControl)
        {
            foreach (string name in withoutControl ? ["isgx"] : new[] { "sgx", "isgx", "intel_sgx" })
            {
                switch (snapshot[Section.Modules, name].Text)
                {
                    case "loaded":
                        return Of("SGX_DEVICE_ABSENT", $"The module {name} is loaded and made no device.", "See the kernel log (dmesg | grep -i sgx).", Actor.KernelOwner, ProblemState.Failed);
                    case "available":
                        return Of("SGX_MODULE_NOT_LOADED", $"The module {name} is there and not loaded.", $"Run `sudo modprobe {name}`.", Actor.KernelOwner, ProblemState.Disabled);
                }
            }

            return null;
        }
    }

    // 6.12.1-amd64 is 6.12; null where it is not recorded, or is no such number.
    private Version? Kernel()
    {
        string[] parts = snapshot[Section.Files, "/proc/sys/kernel/osrelease"].Text.Split('.', '-');
        return parts.Length > 1 && Version.TryParse($"{parts[0]}.{parts[1]}", out Version? version) ? version : null;
    }
}
