namespace Witan.Machine;

/// <summary>Whether this host has what makes quotes for its TDX guests: the quoting enclave is an SGX enclave.</summary>
internal sealed class TdxQuoting(MachineSnapshot snapshot, CpuFacts cpu)
{
    /// <summary>What makes quotes for guests, and what registers the platform with Intel.</summary>
    public static readonly string[] Services = ["qgsd", "pccs", "mpa_registration_tool"];

    private static readonly string[] Nodes = ["/dev/sgx_enclave", "/dev/sgx_provision"];

    public Mark Mark => Marks.Optional(
        Nodes.Any(IsMissing) ? false
        : Nodes.All(node => snapshot[Section.Devices, node] is { HasValue: true } or { IsFailure: true }) ? true
        : null);

    public IEnumerable<string> Evidence => [.. Nodes.Select(node => Lines.Evidence(snapshot, Section.Devices, node)), .. Services.Select(service => Lines.Evidence(snapshot, Section.Services, service)), Registration.Evidence(snapshot)];

    // What the driver in the kernel asks for: SGX is on, and the launch key is not locked to another's.
    private bool IsOn => cpu.Bit(0x12, 0, leaf => leaf.Eax, 0) == true && cpu.Bit(7, 0, leaf => leaf.Ecx, 30) == true
        && (FeatureControl.Msr(snapshot, FeatureControl.Register) is not { } control || (control >> 17 & 1) != 0);

    /// <summary>What stands behind a mark that is not ✔; null for one that is.</summary>
    public Problem? Problem()
    {
        string evidence = string.Join("; ", [.. Nodes.Select(node => Lines.Evidence(snapshot, Section.Devices, node)), cpu.Evidence(0x12)]);
        Problem None(ProblemState state, string code, string cause, string remedy, Actor actor) => Machine.Problem.Of(state, code, "Guests of this host can get no quote.", evidence, cause, remedy, actor);
        string[] missing = [.. Nodes.Where(IsMissing)];
        return Mark switch
        {
            Mark.Supported => null,
            Mark.Unknown => Lines.Unread("TDX_HOST_QUOTING_UNREADABLE", "Whether quotes can be made", evidence, "The recording holds no devices.", "Run this command on the host.", Actor.Nobody, harmless: true),
            _ when missing.Length < Nodes.Length => None(ProblemState.Absent, "TDX_HOST_NO_QUOTING_DEVICE", $"The quoting enclave of TDX is an SGX enclave and needs both SGX devices; {missing[0]} is missing.", $"Pass {missing[0]} to the container; on the host itself, look for it in the kernel's configuration and the rules of udev.", Actor.KernelOwner),
            _ when IsOn => None(ProblemState.Absent, "TDX_HOST_NO_QUOTING_DRIVER", "The quoting enclave of TDX is an SGX enclave; SGX is on, and there is no device: the kernel was built without SGX or started with nosgx, or the container was not given the devices.", $"Use a kernel with CONFIG_X86_SGX and without nosgx, or pass {string.Join(" and ", Nodes)} to the container.", Actor.KernelOwner),
            _ => None(ProblemState.Disabled, "TDX_HOST_NO_QUOTING", "The quoting enclave of TDX is an SGX enclave, and the SGX devices are missing.", "Enable SGX and flexible launch control in the BIOS; install the quote generation service (qgsd).", Actor.BiosOwner),
        };
    }

    private bool IsMissing(string node) => snapshot[Section.Devices, node].IsMissing;
}
