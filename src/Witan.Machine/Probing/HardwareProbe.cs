namespace Witan.Machine;

/// <summary>Looks for libraries by their files, GPUs on the PCI bus, and lines of the kernel's log.</summary>
internal static class HardwareProbe
{
    private static readonly string[] LibraryFolders =
    [
        "/usr/lib/x86_64-linux-gnu", "/lib/x86_64-linux-gnu", "/usr/lib64", "/lib64", "/usr/lib", "/lib", "/usr/local/lib", "/opt/intel/sgx-psw/aesm", "/opt/intel/sgxpsw/aesm",
    ];

    public static void Libraries(SystemRoot root, SnapshotBuilder to)
    {
        foreach (string name in new[] { SgxSoftware.LibraryName, Gpu.Library })
        {
            Reading found = Reading.Failed("ENOENT");
            foreach (string folder in LibraryFolders)
            {
                if (root.Exists($"{folder}/{name}").HasValue)
                    found = Reading.Of("found");
            }

            to.Set(Section.Libraries, name, found);
        }
    }

    public static void Pci(SystemRoot root, SnapshotBuilder to)
    {
        const string Folder = Gpu.Bus;
        to.Set(Section.Files, Folder, root.Exists(Folder));
        var counts = new SortedList<string, object>(StringComparer.Ordinal);
        foreach (string device in root.List(Folder))
        {
            if (root.Text($"{Folder}/{device}/vendor", 16).Text != "0x10de")
                continue;
            string key = "10de:" + root.Text($"{Folder}/{device}/device", 16).Text.Replace("0x", "", StringComparison.Ordinal);
            counts[key] = counts.TryGetValue(key, out object? before) ? (int)before + 1 : 1;
        }

        foreach (string key in counts.Keys)
            to.Set(Section.Pci, key, counts[key].ToString()!);
    }

    /// <summary>Lines of the kernel log that name a failed TDX start: the only place where older kernels say it. Needs root.</summary>
    public static void TdxLog(SystemRoot root, SnapshotBuilder to)
    {
        const int MostRecords = 4000;
        int file = Libc.Open(root.Real(TdxModule.KernelLog), Libc.ReadOnly | Libc.NonBlocking | Libc.CloseOnExec);
        to.Set(Section.Files, TdxModule.KernelLog, file < 0 ? Reading.Failed(Errno.Name(Libc.LastError)) : Reading.Of("present"));
        if (file < 0)
            return;
        byte[] record = new byte[8192];
        for (int i = 0; i < MostRecords; i++)
        {
            int got = ReadRecord(file, record);
            if (got <= 0)
                break;
            string text = System.Text.Encoding.UTF8.GetString(record, 0, got);
            int start = text.IndexOf(';', StringComparison.Ordinal);
            string line = text[(start + 1)..].Split('\n')[0].Trim();
            if (line.Contains("virt/tdx", StringComparison.Ordinal) || line.Contains("SEAMCALL", StringComparison.Ordinal))
                to.Set(Section.Log, line, "seen");
        }

        Libc.Close(file);
    }

    private static unsafe int ReadRecord(int file, byte[] record)
    {
        fixed (byte* start = record)
            return (int)Libc.Read(file, start, record.Length);
    }
}
