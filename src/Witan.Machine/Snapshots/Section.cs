namespace Witan.Machine;

/// <summary>The sections of a snapshot: what kind of thing a key names.</summary>
public static class Section
{
    /// <summary>Key <c>0000000d.01</c> (leaf, subleaf), value <c>eax ebx ecx edx</c>, each eight hexadecimal digits.</summary>
    public const string Cpuid = "cpuid";

    /// <summary>Key <c>0000003a</c>, value sixteen hexadecimal digits; from <c>/dev/cpu/0/msr</c>.</summary>
    public const string Msr = "msr";

    /// <summary>Key XCR0, value sixteen hexadecimal digits; from the XGETBV instruction.</summary>
    public const string Register = "register";

    /// <summary>Key name of an EFI variable, value its bytes without the four attribute bytes, hexadecimal.</summary>
    public const string Efi = "efi";

    /// <summary>Key flag of <c>/proc/cpuinfo</c>, value yes or no.</summary>
    public const string Flags = "flags";

    /// <summary>Key kernel argument, value its value or no.</summary>
    public const string Arguments = "arguments";

    /// <summary>Key path, value the text of a small file, or <c>present</c> where only that counts.</summary>
    public const string Files = "files";

    /// <summary>Key path of a device node, value opened.</summary>
    public const string Devices = "devices";

    /// <summary>Key device node, value result of the one harmless request made to it.</summary>
    public const string Requests = "requests";

    /// <summary>Key mount point above <c>/dev</c>, value its options.</summary>
    public const string Mounts = "mounts";

    /// <summary>Key kernel module, value loaded, built-in, available or none.</summary>
    public const string Modules = "modules";

    /// <summary>Key library, value loads or found.</summary>
    public const string Libraries = "libraries";

    /// <summary>Key service, value running or installed.</summary>
    public const string Services = "services";

    /// <summary>Key path of a socket, value connected.</summary>
    public const string Sockets = "sockets";

    /// <summary>Key AESM operation, value the answer's bytes, hexadecimal.</summary>
    public const string Aesm = "aesm";

    /// <summary>Key debug, production or whitelisted, value launched, or the step that failed and its errno.</summary>
    public const string Launch = "launch";

    /// <summary>Key vendor:device of a PCI device, value how many there are.</summary>
    public const string Pci = "pci";

    /// <summary>Key NVML question, value its answer.</summary>
    public const string Nvml = "nvml";

    /// <summary>Key a line of the kernel log that speaks of a TEE, value seen.</summary>
    public const string Log = "log";

    /// <summary>Key root, value yes or no: with which rights the probe ran.</summary>
    public const string Rights = "rights";
}
