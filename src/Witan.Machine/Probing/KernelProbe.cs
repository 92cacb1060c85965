namespace Witan.Machine;

/// <summary>Reads what the kernel says: flags, arguments, parameters, mounts, modules, services.</summary>
internal static class KernelProbe
{
    private static readonly string[] Flags = ["sgx", "sgx_lc", "tdx_guest", "tdx_host_platform", "sme", "sev", "sev_es", "sev_snp"];
    private static readonly string[] Arguments = ["nosgx", "kvm_intel.tdx", "kvm_amd.sev_snp", "mem_encrypt", "nohibernate"];
    private static readonly string[] ServiceNames = [AesmFacts.Service, .. TdxQuoting.Services];
    private static readonly string[] UnitFolders = ["/etc/systemd/system", "/lib/systemd/system", "/usr/lib/systemd/system"];
    private static readonly string[] RunningFolders = ["/sys/fs/cgroup/system.slice", "/sys/fs/cgroup/systemd/system.slice"];

    public static void Run(SystemRoot root, SnapshotBuilder to)
    {
        ReadFlags(root, to);
        ReadArguments(root, to);
        ReadMounts(root, to);
        to.Set(Section.Files, "/proc/sys/kernel/osrelease", root.Text("/proc/sys/kernel/osrelease", 256));
        foreach (string path in (string[])[TdxHost.KvmTdx, .. TdxModule.Files, .. SevHost.Files, SevGuest.Vmpl])
            to.Set(Section.Files, path, root.Text(path, 256));
        foreach (string path in new[] { SevGuest.PlatformDevice, TdxGuest.EventLog, ReportInterface.Folder })
            to.Set(Section.Files, path, root.Exists(path));
        foreach (string node in root.List("/sys/devices/system/node"))
        {
            string path = $"/sys/devices/system/node/{node}/x86/sgx_total_bytes";
            if (node.StartsWith("node", StringComparison.Ordinal) && root.Exists(path).HasValue)
                to.Set(Section.Files, path, root.Text(path, 64));
        }

        foreach (string service in ServiceNames)
            to.Set(Section.Services, service, Service(root, service));
    }

    /// <summary>Whether a kernel module is loaded, built in, or at hand. Looked at only where a device is missing.</summary>
    public static void Modules(SystemRoot root, SnapshotBuilder to)
    {
        string release = root.Text("/proc/sys/kernel/osrelease", 256).Text;
        string index = release.Length == 0 ? "" : root.Text($"/lib/modules/{release}/modules.dep", 4 << 20).Text;
        foreach (string module in new[] { "sgx", "isgx", "intel_sgx" })
        {
            string state = root.Exists($"/sys/module/{module}/initstate").HasValue ? "loaded"
                : root.Exists($"/sys/module/{module}").HasValue ? "built-in"
                : index.Contains($"/{module}.ko", StringComparison.Ordinal) ? "available"
                : "none";
            to.Set(Section.Modules, module, state);
        }
    }

    private static void ReadFlags(SystemRoot root, SnapshotBuilder to)
    {
        Reading text = root.Text("/proc/cpuinfo", 16 << 10);
        string line = "";
        foreach (string candidate in text.Text.Split('\n'))
        {
            if (!candidate.StartsWith("flags", StringComparison.Ordinal))
                continue;
            line = candidate;
            break;
        }

        string[] present = line.Split([' ', '\t', ':'], StringSplitOptions.RemoveEmptyEntries);
        foreach (string flag in Flags)
            to.Set(Section.Flags, flag, text.IsFailure ? text : Reading.Of(present.Contains(flag) ? "yes" : "no"));
    }

    // Only the arguments asked for are kept: the rest may name disks and hosts.
    private static void ReadArguments(SystemRoot root, SnapshotBuilder to)
    {
        Reading text = root.Text("/proc/cmdline", 16 << 10);
        foreach (string name in Arguments)
        {
            Reading value = text.IsFailure ? text : Reading.Of("no");
            foreach (string argument in text.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                if (argument == name)
                    value = Reading.Of("yes");
                else if (argument.StartsWith(name + "=", StringComparison.Ordinal))
                    value = Reading.Of(argument[(name.Length + 1)..]);
            }

            to.Set(Section.Arguments, name, value);
        }
    }

    private static void ReadMounts(SystemRoot root, SnapshotBuilder to)
    {
        foreach (Mount mount in Mount.ReadAll(root))
        {
            if (mount.Point == "/" || mount.Point == "/dev" || mount.Point.StartsWith("/dev/sgx", StringComparison.Ordinal) || mount.Point == "/dev/isgx")
                to.Set(Section.Mounts, mount.Point, mount.Options);
        }
    }

    private static Reading Service(SystemRoot root, string name)
    {
        foreach (string folder in RunningFolders)
        {
            if (root.Exists($"{folder}/{name}.service").HasValue)
                return Reading.Of("running");
        }

        foreach (string folder in UnitFolders)
        {
            if (root.Exists($"{folder}/{name}.service").HasValue)
                return Reading.Of("installed");
        }

        return Reading.Failed("ENOENT");
    }
}
