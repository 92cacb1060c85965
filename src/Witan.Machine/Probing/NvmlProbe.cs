using System.Globalization;
using System.Runtime.InteropServices;

namespace Witan.Machine;

/// <summary>Asks NVIDIA's management library about confidential computing.</summary>
internal static unsafe class NvmlProbe
{
    // nvmlSystemConfComputeSettings_v1_t begins with its version: size and number of the structure.
    private const int SettingsSize = 20;
    private const uint SettingsVersion = SettingsSize | 1 << 24;

    public static void Run(SnapshotBuilder to)
    {
        if (!NativeLibrary.TryLoad(Gpu.Library, out nint library))
        {
            to.Set(Section.Nvml, "ccFeature", Reading.Failed("load-failed"));
            return;
        }

        if (!NativeLibrary.TryGetExport(library, "nvmlInit_v2", out nint start) || ((delegate* unmanaged<int>)start)() != 0)
        {
            to.Set(Section.Nvml, "ccFeature", Reading.Failed("init-failed"));
            return;
        }

        State(library, to);
        Settings(library, to);
        if (NativeLibrary.TryGetExport(library, "nvmlSystemGetConfComputeGpusReadyState", out nint ready))
        {
            uint value = 0;
            int code = ((delegate* unmanaged<uint*, int>)ready)(&value);
            to.Set(Section.Nvml, "gpusReady", Answer(code, value));
        }

        if (NativeLibrary.TryGetExport(library, "nvmlShutdown", out nint stop))
            _ = ((delegate* unmanaged<int>)stop)();
    }

    private static void State(nint library, SnapshotBuilder to)
    {
        if (!NativeLibrary.TryGetExport(library, "nvmlSystemGetConfComputeState", out nint ask))
        {
            to.Set(Section.Nvml, "ccFeature", Reading.Failed("ENOSYS"));
            return;
        }

        uint* state = stackalloc uint[3];
        (state[0], state[1], state[2]) = (0, 0, 0);
        int code = ((delegate* unmanaged<uint*, int>)ask)(state);
        to.Set(Section.Nvml, "environment", Answer(code, state[0]));
        to.Set(Section.Nvml, "ccFeature", Answer(code, state[1]));
        to.Set(Section.Nvml, "devToolsMode", Answer(code, state[2]));
    }

    private static void Settings(nint library, SnapshotBuilder to)
    {
        if (!NativeLibrary.TryGetExport(library, "nvmlSystemGetConfComputeSettings", out nint ask))
            return;
        uint* settings = stackalloc uint[SettingsSize / 4];
        new Span<uint>(settings, SettingsSize / 4).Clear();
        settings[0] = SettingsVersion;
        int code = ((delegate* unmanaged<uint*, int>)ask)(settings);
        to.Set(Section.Nvml, "multiGpuMode", Answer(code, settings[4]));
    }

    private static Reading Answer(int code, uint value) =>
        code == 0 ? Reading.Of(value.ToString(CultureInfo.InvariantCulture)) : Reading.Failed(code == 3 ? Gpu.NotSupported : $"nvml-{code}");
}
