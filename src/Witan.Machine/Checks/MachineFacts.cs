namespace Witan.Machine;

/// <summary>The processor and whether this is a host or a guest: what everything else depends on.</summary>
internal static class MachineFacts
{
    public static Check Build(CpuFacts cpu, MachineSnapshot snapshot)
    {
        string processor = cpu.Vendor is null
            ? (cpu.IsForeign ? "Processor: not x86" : "Processor: not recorded")
            : $"Processor: {cpu.Brand ?? cpu.Vendor} ({cpu.Vendor.TrimEnd('\0')}{(cpu.Signature is null ? "" : $", family {cpu.Family}, model 0x{cpu.Model:X}, stepping {cpu.Stepping}")})";
        string role = cpu.IsGuest switch
        {
            true => $"Role: guest of {Known(cpu.Hypervisor)}",
            false => "Role: host, no hypervisor below",
            _ => "Role: not recorded",
        };
        string release = snapshot[Section.Files, "/proc/sys/kernel/osrelease"].Text;
        Check Text(string id, string label, params string[] evidence) => new(id, label, Mark.Supported) { Form = CheckForm.Text, Evidence = [.. evidence] };
        return new Check("machine", "Machine", Mark.Supported)
        {
            Form = CheckForm.Caption,
            Children =
            [
                Text("machine.processor", processor, cpu.Evidence(0), cpu.Evidence(1)),
                Text("machine.role", role, cpu.Evidence(1), cpu.Evidence(0x40000000)),
                .. release.Length > 0 ? [Text("machine.kernel", $"Kernel: Linux {release}")] : Array.Empty<Check>(),
            ],
        };
    }

    private static string Known(string? name) => name switch
    {
        null or "" => "an unnamed hypervisor",
        "KVMKVMKVM" => "KVM",
        "Microsoft Hv" => "Hyper-V",
        "VMwareVMware" => "VMware",
        "XenVMMXenVMM" => "Xen",
        "IntelTDX" => "a TDX module",
        _ => name.Replace("\0", "", StringComparison.Ordinal),
    };
}
