namespace Witan.Machine;

/// <summary>Opens the device nodes of all TEEs, and makes the one harmless request that each has.</summary>
internal static unsafe class DeviceProbe
{
    private const ulong TdxGetReport = 0xC4405401;
    private const ulong SnpGetReport = 0xC0205300;
    private const ulong SevIssueCommand = 0xC0105300;
    private const uint SnpPlatformStatus = 9;

    // Looked at, not opened: opening them gives nothing.
    private static readonly string[] Seen = ["/dev/sgx_provision", "/dev/sgx_vepc", "/dev/kvm", Gpu.DriverDevice];

    public static void Run(SystemRoot root, SnapshotBuilder to)
    {
        foreach (string path in (string[])[.. SgxDevices.InTree, .. SgxDevices.Legacy])
            Open(path);
        foreach (string path in Seen)
            to.Set(Section.Devices, path, IsFolder(root, path) ? Missing : root.Exists(path));
        foreach (string path in TdxGuest.Devices)
            Open(path, file => to.Set(Section.Requests, TdxGuest.ReportRequest, TdxReport(file)));
        Open(SevGuest.Device, file => to.Set(Section.Requests, SevGuest.ReportRequest, SnpReport(file)));
        // Without SNP running in KVM, a newer kernel would start and stop the firmware to answer: then it is not asked.
        bool running = root.Text(SevHost.KvmSnp, 16).Text is "Y" or "1";
        Open("/dev/sev", running ? file => to.Set(Section.Requests, SevHost.StatusRequest, SevStatus(file)) : null);

        void Open(string path, Action<int>? request = null) => to.Set(Section.Devices, path, IsFolder(root, path) ? Missing : root.Open(path, request));
    }

    private static Reading Missing => Reading.Failed("ENOENT");

    // A container engine makes a folder where the device that it was to pass does not exist; and /dev/sgx is the legacy driver's node, or
    // the folder in which /dev/sgx/enclave lies.
    private static bool IsFolder(SystemRoot root, string path) => Directory.Exists(root.Real(path));

    private static Reading TdxReport(int file)
    {
        byte* report = stackalloc byte[64 + 1024];
        new Span<byte>(report, 64 + 1024).Clear();
        return Result(Libc.Ioctl(file, TdxGetReport, (nint)report), "answered");
    }

    private static Reading SnpReport(int file)
    {
        byte* request = stackalloc byte[96];
        byte[] response = new byte[4000];
        new Span<byte>(request, 96).Clear();
        fixed (byte* answer = response)
        {
            ulong* argument = stackalloc ulong[4];
            (argument[0], argument[1], argument[2], argument[3]) = (1, (ulong)request, (ulong)answer, 0);
            return Result(Libc.Ioctl(file, SnpGetReport, (nint)argument), "answered");
        }
    }

    private static Reading SevStatus(int file)
    {
        byte[] status = new byte[32];
        byte* command = stackalloc byte[16];
        new Span<byte>(command, 16).Clear();
        fixed (byte* target = status)
        {
            // Packed: command, address, error.
            *(uint*)command = SnpPlatformStatus;
            *(ulong*)(command + 4) = (ulong)target;
            int returned = Libc.Ioctl(file, SevIssueCommand, (nint)command);
            return Result(returned, Convert.ToHexStringLower(status));
        }
    }

    private static Reading Result(int returned, string good) => returned < 0 ? Reading.Failed(Errno.Name(Libc.LastError)) : Reading.Of(good);
}
