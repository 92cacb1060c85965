using System.Diagnostics;
using Witan.Dstack;
using Xunit;

namespace Witan.Tests.Dstack;

/// <summary>A small file is replaced whole, and stays its owner's.</summary>
public sealed class DurableFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-durable-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void What_an_administrator_changes_stays_the_services_own()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root may give a file away");
        string path = Path.Combine(_folder, "memory.sealed");
        DurableFile.Write(path, [1]);
        Run("chown", "12345:23456", path);
        DurableFile.Write(path, [2]);
        Assert.Equal("12345:23456 600", Run("stat", "-c", "%u:%g %a", path));
        Assert.Equal([2], DurableFile.Read(path));
        Assert.Single(Directory.GetFiles(_folder));
    }

    [Fact]
    public void What_could_not_be_read_again_is_not_written()
    {
        string path = Path.Combine(_folder, "memory.sealed");
        DurableFile.Write(path, [1]);
        Assert.Throws<IOException>(() => DurableFile.Write(path, new byte[DurableFile.MaximumBytes + 1]));
        Assert.Equal([1], DurableFile.Read(path));
    }

    private static string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, UseShellExecute = false })!;
        string output = process.StandardOutput.ReadToEnd().Trim();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return output;
    }
}
