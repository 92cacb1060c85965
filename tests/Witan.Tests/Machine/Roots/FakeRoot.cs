using System.Buffers.Binary;
using System.Diagnostics;
using Witan.Machine;

namespace Witan.Tests.Machine.Roots;

/// <summary>A directory that stands for a machine's file system: the same paths, ordinary files.</summary>
internal sealed class FakeRoot : IDisposable
{
    private readonly List<string> _mounts = ["22 1 0:5 / /dev rw,nosuid shared:2 - devtmpfs udev rw"];

    public FakeRoot() => Write("/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu sgx sgx_lc\n").Write("/proc/cmdline", "quiet\n").Write("/proc/sys/kernel/osrelease", "6.12.1\n");

    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("witan-root-").FullName;

    public FakeRoot Write(string path, string text) => Write(path, System.Text.Encoding.UTF8.GetBytes(text));

    public FakeRoot Write(string path, byte[] bytes)
    {
        string real = Directory + path;
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(real)!);
        File.WriteAllBytes(real, bytes);
        return this;
    }

    public FakeRoot Folder(string path)
    {
        System.IO.Directory.CreateDirectory(Directory + path);
        return this;
    }

    public FakeRoot Link(string path, string target)
    {
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(Directory + path)!);
        File.CreateSymbolicLink(Directory + path, target);
        return this;
    }

    public FakeRoot Device(string path) => Write(path, "");

    public FakeRoot Flags(string flags) => Write("/proc/cpuinfo", $"flags\t\t: {flags}\n");

    /// <summary>Registers in the sparse file that the driver's node looks like.</summary>
    public FakeRoot Msr(params (uint Register, ulong Value)[] registers)
    {
        System.IO.Directory.CreateDirectory(Directory + "/dev/cpu/0");
        using FileStream file = File.Open(Directory + "/dev/cpu/0/msr", FileMode.OpenOrCreate);
        byte[] bytes = new byte[8];
        foreach ((uint register, ulong value) in registers)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
            file.Position = register;
            file.Write(bytes);
        }

        return this;
    }

    /// <summary>An EFI variable with its four attribute bytes, on a mounted efivarfs.</summary>
    public FakeRoot Efi(string name, params byte[] value)
    {
        const string Folder = "/sys/firmware/efi/efivars";
        if (_mounts.Count == 1)
            Mount(Folder, "rw,nosuid,noexec", "efivarfs");
        return Write($"{Folder}/{name}", [6, 0, 0, 0, .. value]);
    }

    public FakeRoot Mount(string point, string options, string type)
    {
        _mounts.Add($"{_mounts.Count + 22} 1 0:{_mounts.Count + 5} / {point} {options} - {type} {type} rw");
        return Write("/proc/self/mountinfo", string.Join('\n', _mounts) + "\n");
    }

    public FakeRoot Fifo(string path)
    {
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(Directory + path)!);
        using var make = Process.Start("mkfifo", [Directory + path]);
        make.WaitForExit();
        return this;
    }

    public MachineSnapshot Probe(ICpuid cpuid, ProbeOptions? options = null) =>
        MachineProbe.Run((options ?? new ProbeOptions()) with { Root = Directory }, cpuid);

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);
}
