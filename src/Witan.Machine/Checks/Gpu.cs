namespace Witan.Machine;

/// <summary>NVIDIA confidential computing: which GPU, which mode, and whether developer tools spoil it.</summary>
internal static class Gpu
{
    public const string Bus = "/sys/bus/pci/devices";
    public const string Library = "libnvidia-ml.so.1";

    /// <summary>NVML's answer where the GPU, or the driver, has no such thing.</summary>
    public const string NotSupported = "not-supported";

    private const string Incapable = "this GPU has no confidential computing";

    /// <summary>Made by the driver when it is loaded.</summary>
    public const string DriverDevice = "/dev/nvidiactl";

    private static readonly Dictionary<string, string> Capable = new(StringComparer.Ordinal)
    {
        ["10de:2330"] = "H100 SXM",
        ["10de:2331"] = "H100 PCIe",
        ["10de:2335"] = "H200",
        ["10de:2342"] = "GH200",
    };

    public static TeeCategory Build(MachineSnapshot snapshot)
    {
        string[] gpus = [.. snapshot.Keys(Section.Pci).Where(key => key.StartsWith("10de:", StringComparison.Ordinal))];
        Reading library = snapshot[Section.Libraries, Library], feature = snapshot[Section.Nvml, "ccFeature"];
        // The list is older than the newest GPU: a mode that is on proves more than a name, and of an unknown one NVML's no is enough.
        bool? capable = feature.Text == "1" || gpus.Any(Capable.ContainsKey) ? true : gpus.Length > 0 && feature.Error == NotSupported ? false : null;
        string found = gpus.Length == 0 ? "no NVIDIA device on the PCI bus" : string.Join(", ", gpus.Select(key => Capable.TryGetValue(key, out string? name) ? $"{key} ({name})" : key));
        Mark mode = Marks.Required(feature.HasValue ? feature.Text == "1" : null);
        Reading tools = snapshot[Section.Nvml, "devToolsMode"];
        Mark clean = Marks.Required(tools.HasValue ? tools.Text == "0" : null);
        Mark ready = Marks.Optional(snapshot[Section.Nvml, "gpusReady"] is { HasValue: true } value ? value.Text == "1" : null);
        string nvml = $"NVML: ccFeature {feature}, devToolsMode {tools}, environment {snapshot[Section.Nvml, "environment"]}, multiGpuMode {snapshot[Section.Nvml, "multiGpuMode"]}";
        const string Ask = "Run this command where the NVIDIA driver runs (in the guest), or `nvidia-smi conf-compute -f`.";
        (string why, string remedy) =
            library.IsFailure ? ("NVIDIA's management library is not installed here; on a host without the driver only a register read as root shows the mode.", Ask)
            : snapshot[Section.Devices, DriverDevice].IsMissing ? ($"NVIDIA's driver is not loaded (no {DriverDevice}). Its library was not asked, because it would load the driver.", Ask)
            : feature.Error is NotSupported or "ENOSYS" ? ("The driver does not support the question.", "Update the NVIDIA driver, and run again.")
            : ("NVML gave no answer.", Ask);
        Problem Unread(string code, string what) => Lines.Unread(code, what, $"{Library}: {library}; {nvml}", why, remedy, Actor.PackageOwner);
        var root = new Check("gpu-cc", "NVIDIA confidential computing", Marks.Required(capable).And(mode).And(clean))
        {
            Rule = "a GPU that can, AND the mode is on, AND developer tools are off",
            Children =
            [
                new Check("gpu-cc.gpu", "Capable GPU", Marks.Required(capable))
                {
                    Rule = "NVML says that the mode is on, or PCI vendor 10de with device 2330, 2331 (H100), 2335 (H200) or 2342 (GH200); another one has none where NVML answers that it does not support the question",
                    Evidence = [found, nvml],
                    Problem = capable == true ? null
                        : capable == false ? Problem.Of(ProblemState.Absent, "GPU_CC_ABSENT", "This GPU has no confidential computing.", $"{found}; {nvml}", "NVML answered that it does not support the question, and the GPU is none that is known to have it.", "Use a GPU that has it: H100, H200, GH200 or later.", Actor.CloudProvider)
                        : Problem.Of(ProblemState.Unreadable, "GPU_UNKNOWN", "Whether this GPU has confidential computing is not known here.", found, "The list of devices known to this program does not hold it; older GPUs have none.", "Ask `nvidia-smi conf-compute -f`.", Actor.Nobody),
                },
                new Check("gpu-cc.mode", "Confidential computing mode", mode)
                {
                    Rule = "nvmlSystemGetConfComputeState: ccFeature = 1",
                    Evidence = [nvml],
                    Problem = mode switch
                    {
                        Mark.Supported => null,
                        Mark.Unknown => Unread("GPU_CC_UNREADABLE", "Whether the mode is on"),
                        _ => Problem.Of(ProblemState.Disabled, "GPU_CC_OFF", "Confidential computing is off on this GPU.", nvml, "The GPU was not set into the mode before the guest started.", "Set the mode on the host (nvidia_gpu_tools --set-cc-mode=on) and restart the guest.", Actor.CloudProvider),
                    },
                }.HiddenIf(capable == false, Incapable),
                new Check("gpu-cc.tools", "Developer tools off", clean)
                {
                    Rule = "nvmlSystemGetConfComputeState: devToolsMode = 0",
                    Evidence = [nvml],
                    Problem = clean switch
                    {
                        Mark.Supported => null,
                        Mark.Unknown => Unread("GPU_CC_TOOLS_UNREADABLE", "Whether developer tools are off"),
                        _ => Problem.Of(ProblemState.Failed, "GPU_CC_DEVTOOLS", "Developer tools are on: this GPU is not trustworthy.", nvml, "In this mode its memory can be read from outside.", "Set the mode to on instead of devtools and restart the guest.", Actor.CloudProvider),
                    },
                }.HiddenIf(capable == false, Incapable),
                new Check("gpu-cc.ready", "Ready for work", ready)
                {
                    Rule = "nvmlSystemGetConfComputeGpusReadyState = 1",
                    Evidence = [$"NVML: gpusReady {snapshot[Section.Nvml, "gpusReady"]}"],
                    Problem = ready switch
                    {
                        Mark.Supported => null,
                        Mark.Unknown => Unread("GPU_CC_READY_UNREADABLE", "Whether the GPU takes work"),
                        _ => Problem.Of(ProblemState.Disabled, "GPU_CC_NOT_READY", "The GPU takes no work yet.", "gpusReady 0", "It has to be attested first.", "Attest it (nvidia-attestation), then `nvidia-smi conf-compute -srs 1`.", Actor.EnclaveAuthor),
                    },
                }.HiddenIf(capable == false, Incapable),
            ],
        };
        bool applies = gpus.Length > 0 || library.HasValue, looked = snapshot[Section.Files, Bus] is { HasValue: true } or { IsMissing: true };
        return new TeeCategory("gpu-cc", root, applies ? null : looked ? "no NVIDIA device" : "not recorded") { IsUnseen = !applies && !looked };
    }
}
