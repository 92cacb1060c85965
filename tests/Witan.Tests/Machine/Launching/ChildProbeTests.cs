using System.Diagnostics;
using Witan.Machine;
using Witan.Tests.Machine.Roots;
using Xunit;

namespace Witan.Tests.Machine.Launching;

/// <summary>The child process that launches enclaves: whatever it does, the report comes, and no child stays behind.</summary>
public sealed class ChildProbeTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-child-").FullName;

    [Fact]
    public void A_child_that_hangs_is_killed()
    {
        string mark = $"73{Environment.ProcessId}";
        SnapshotBuilder to = Run($"echo $$ > '{_folder}/id'; sleep {mark} & wait", TimeSpan.FromSeconds(3));
        Assert.Equal(LaunchOutcomes.Timeout, to.Build()[Section.Launch, "debug"].Error);
        int id = int.Parse(File.ReadAllText($"{_folder}/id"));
        Assert.True(SpinWait.SpinUntil(() => !IsRunning(id) && !AnyRuns($"sleep\0{mark}"), TimeSpan.FromMinutes(1)), "the child or its own child still runs");
    }

    [Theory]
    [InlineData("exit 139")]
    [InlineData("echo this is no snapshot")]
    [InlineData("kill -9 $$")]
    [InlineData("echo '{\"schema\":\"witan.machine.snapshot/1\",\"launch\":{\"debug\":\"launched\"}}'; exit 1")]
    public void A_child_that_dies_or_babbles_decides_nothing(string script)
    {
        MachineSnapshot seen = Run(script, TimeSpan.FromSeconds(20)).Build();
        Assert.Equal(LaunchOutcomes.Crashed, seen[Section.Launch, "debug"].Error);
        var launch = new LaunchOutcomes(seen);
        Assert.Equal((Mark.Unknown, Mark.Unknown), (launch.DebugMark, launch.ProductionMark));
    }

    [Theory]
    [InlineData(ChildProbe.Launch, Section.Launch, "debug", "not-started")]
    [InlineData(ChildProbe.Library, Section.Libraries, SgxSoftware.LibraryName, "load-not-started")]
    [InlineData(ChildProbe.Nvml, Section.Nvml, "ccFeature", "not-started")]
    public void A_child_that_cannot_be_started_costs_its_check_and_not_the_report(string probe, string section, string key, string reason)
    {
        var to = new SnapshotBuilder("test");
        ChildProbe.Run([Path.Combine(_folder, "nothing")], probe, new ProbeOptions(), to);
        Assert.Equal(reason, to.Build()[section, key].Error);
        Assert.Equal(Mark.Unknown, new LaunchOutcomes(to.Build()).DebugMark);
        if (probe == ChildProbe.Launch)
            Assert.Equal("SGX_LAUNCH_DEBUG_NOT_STARTED", MachineReport.Judge(to.Build()).Find("sgx.launch.debug").Single().Check.Problem!.Finding.Code);
    }

    [Fact]
    public void A_child_that_never_stops_talking_is_not_heard_out()
    {
        SnapshotBuilder to = Run("exec yes", TimeSpan.FromSeconds(1));
        Assert.Equal(LaunchOutcomes.Timeout, to.Build()[Section.Launch, "production"].Error);
    }

    [Fact]
    public void A_good_child_is_taken_at_its_word()
    {
        MachineSnapshot seen = Run("echo '{\"schema\":\"witan.machine.snapshot/1\",\"launch\":{\"debug\":\"launched\",\"production\":\"!init EPERM\"}}'", TimeSpan.FromSeconds(20)).Build();
        Assert.Equal("launched", seen[Section.Launch, "debug"].Text);
        Assert.Equal("init EPERM", seen[Section.Launch, "production"].Error);
    }

    [Fact]
    public void The_real_launcher_names_a_device_that_is_no_enclave_driver()
    {
        using var root = new FakeRoot();
        root.Device("/dev/sgx_enclave");
        var to = new SnapshotBuilder("child");
        LaunchProbe.Run(new SystemRoot(root.Directory), TestCpu.Client, new ProbeOptions(), to, new LinuxEnclaveKernel(), _ => 7);
        Assert.Equal("create ENOTTY", to.Build()[Section.Launch, "debug"].Error);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private SnapshotBuilder Run(string script, TimeSpan limit)
    {
        string file = Path.Combine(_folder, "child.sh");
        File.WriteAllText(file, script + "\n");
        var to = new SnapshotBuilder("test");
        ChildProbe.Run(["/bin/sh", file], ChildProbe.Launch, new ProbeOptions { ChildLimit = limit }, to);
        return to;
    }

    private static bool IsRunning(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static bool AnyRuns(string start) => Directory.EnumerateDirectories("/proc").Any(folder =>
    {
        try
        {
            return File.ReadAllText($"{folder}/cmdline").StartsWith(start, StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    });
}
