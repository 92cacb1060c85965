using Witan.Machine;
using Witan.Tests.Machine.Roots;
using Xunit;

namespace Witan.Tests.Machine.Recordings;

/// <summary>GPUs by what their library answers, guests by what their devices answer, dstack by what its agent answers.</summary>
public class GpuAndGuestTests
{
    /// <summary>Feature, developer tools, ready; the check that decides, its mark and code; the GPU's mark.</summary>
    public static TheoryData<string, string, string, string, Mark, string?, Mark> Gpus => new()
    {
        { "1", "0", "1", "gpu-cc.ready", Mark.Supported, null, Mark.Supported },
        { "0", "0", "1", "gpu-cc.mode", Mark.Fatal, "GPU_CC_OFF", Mark.Fatal },
        { "1", "1", "1", "gpu-cc.tools", Mark.Fatal, "GPU_CC_DEVTOOLS", Mark.Fatal },
        { "1", "0", "0", "gpu-cc.ready", Mark.Unsupported, "GPU_CC_NOT_READY", Mark.Supported },
        { "!not-supported", "!not-supported", "!not-supported", "gpu-cc.mode", Mark.Unknown, "GPU_CC_UNREADABLE", Mark.Unknown },
        { "!timeout", "", "", "gpu-cc.mode", Mark.Unknown, "GPU_CC_UNREADABLE", Mark.Unknown },
    };

    [Theory]
    [MemberData(nameof(Gpus))]
    public void A_GPU_is_what_its_library_says(string feature, string tools, string ready, string id, Mark mark, string? code, Mark gpu)
    {
        var to = new SnapshotBuilder("test").Set(Section.Pci, "10de:2330", "8").Set(Section.Libraries, Gpu.Library, "found");
        foreach ((string key, string value) in new[] { ("ccFeature", feature), ("devToolsMode", tools), ("gpusReady", ready) })
        {
            if (value.Length > 0)
                to.Set(Section.Nvml, key, Reading.Decode(value));
        }

        var report = MachineReport.Judge(to.Build());
        Check check = report.Find(id).Single().Check;
        Assert.Equal((mark, code), (check.Mark, check.Problem?.Finding.Code));
        Assert.Equal(gpu, report.MarkOf("gpu-cc"));
        Assert.Contains("H100", report.Find("gpu-cc.gpu").Single().Check.Evidence[0], StringComparison.Ordinal);
        // A GPU helps a worker, it does not hold one.
        Assert.NotEqual(MachineOutcome.Ready, report.Verdict().Outcome);
    }

    /// <summary>What NVML says of the mode, whether the GPU is listed, and what that makes of the GPU; a word of its cause.</summary>
    [Theory]
    [InlineData("10de:2321", "1", Mark.Supported, null, Mark.Supported, "")]
    [InlineData("10de:2321", "0", Mark.Unknown, "GPU_UNKNOWN", Mark.Fatal, "does not hold it")]
    [InlineData("10de:1db4", "!not-supported", Mark.Fatal, "GPU_CC_ABSENT", Mark.Fatal, "none that is known")]
    [InlineData("10de:1db4", "!timeout", Mark.Unknown, "GPU_UNKNOWN", Mark.Unknown, "does not hold it")]
    public void A_GPU_that_is_not_listed_is_what_its_library_says(string id, string feature, Mark mark, string? code, Mark gpu, string says)
    {
        var to = new SnapshotBuilder("test").Set(Section.Pci, id, "1").Set(Section.Libraries, Gpu.Library, "found");
        to.Set(Section.Nvml, "ccFeature", Reading.Decode(feature)).Set(Section.Nvml, "devToolsMode", feature[0] == '!' ? Reading.Decode(feature) : Reading.Of("0"));
        var report = MachineReport.Judge(to.Build());
        Check check = report.Find("gpu-cc.gpu").Single().Check;
        Assert.Equal((mark, code, gpu), (check.Mark, check.Problem?.Finding.Code, report.MarkOf("gpu-cc")));
        Assert.Contains(says, check.Problem?.Finding.Why ?? "", StringComparison.Ordinal);
        Assert.Equal(mark == Mark.Fatal, report.Find("gpu-cc.mode").Single().HiddenBecause is not null);
    }

    [Theory]
    [InlineData("!not-supported", "does not support the question")]
    [InlineData("!ENOSYS", "does not support the question")]
    [InlineData("!timeout", "gave no answer")]
    public void A_driver_that_answered_has_answered(string feature, string says)
    {
        var to = new SnapshotBuilder("test").Set(Section.Pci, "10de:2330", "1").Set(Section.Libraries, Gpu.Library, "found").Set(Section.Nvml, "ccFeature", Reading.Decode(feature));
        Assert.Contains(says, MachineReport.Judge(to.Build()).Find("gpu-cc.mode").Single().Check.Problem!.Finding.Why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK", Mark.Supported, null)]
    [InlineData("HTTP/1.1 500 Internal Server Error", Mark.Fatal, "DSTACK_AGENT_FAILED")]
    [InlineData("!timeout", Mark.Unknown, "DSTACK_AGENT_UNREADABLE")]
    public void The_guest_agent_is_what_it_answers(string answer, Mark mark, string? code)
    {
        var to = new SnapshotBuilder("test").Set(Section.Sockets, "/var/run/dstack.sock", "connected").Set(Section.Requests, "dstack", Reading.Decode(answer));
        var report = MachineReport.Judge(to.Build());
        Check check = report.Find("dstack.agent").Single().Check;
        Assert.Equal((mark, code, mark), (check.Mark, check.Problem?.Finding.Code, report.MarkOf("dstack")));
    }

    [Theory]
    [InlineData("!ECONNREFUSED", Mark.Fatal, "DSTACK_SOCKET_REFUSED")]
    [InlineData("!EACCES", Mark.Unknown, "DSTACK_SOCKET_UNREADABLE")]
    public void A_socket_that_is_dead_is_not_one_that_is_refused(string socket, Mark mark, string code)
    {
        var to = new SnapshotBuilder("test").Set(Section.Sockets, "/var/run/dstack.sock", Reading.Decode(socket));
        Check check = MachineReport.Judge(to.Build()).Find("dstack.socket").Single().Check;
        Assert.Equal((mark, code), (check.Mark, check.Problem!.Finding.Code));
    }

    [Fact]
    public void A_dead_name_hides_no_working_agent()
    {
        var to = new SnapshotBuilder("test").Set(Section.Sockets, "/var/run/dstack.sock", Reading.Failed("ECONNREFUSED")).Set(Section.Sockets, "/var/run/tappd.sock", "connected").Set(Section.Requests, "dstack", "HTTP/1.1 200 OK");
        var report = MachineReport.Judge(to.Build());
        Assert.Equal(("Guest agent socket (/var/run/tappd.sock)", Mark.Supported), (report.Find("dstack.socket").Single().Check.Label, report.MarkOf("dstack")));
    }

    [Fact]
    public void A_dead_node_hides_no_working_one()
    {
        var to = new SnapshotBuilder("test");
        CpuidProbe.Run(Domain(), to);
        to.Set(Section.Devices, "/dev/tdx_guest", Reading.Failed("EIO")).Set(Section.Devices, "/dev/tdx-guest", "opened").Set(Section.Requests, TdxGuest.ReportRequest, "answered");
        Check check = MachineReport.Judge(to.Build()).Find("tdx-guest.device").Single().Check;
        Assert.Equal(("TD report (local, /dev/tdx-guest)", Mark.Supported), (check.Label, check.Mark));
    }

    [Theory]
    [InlineData("no", "Run this command as root.")]
    [InlineData("yes", "Give it to the container (--device /dev/tdx_guest).")]
    public void Who_is_root_is_not_told_to_be_root(string root, string remedy)
    {
        var to = new SnapshotBuilder("test").Set(Section.Rights, "root", root);
        CpuidProbe.Run(Domain(), to);
        to.Set(Section.Devices, "/dev/tdx_guest", Reading.Failed("EPERM")).Set(Section.Files, ReportInterface.Folder, "present").Set(Section.Files, ReportInterface.Provider, Reading.Failed("EACCES"));
        var report = MachineReport.Judge(to.Build());
        Assert.Equal((Mark.Unknown, remedy), (report.Find("tdx-guest.device").Single().Check.Mark, report.Find("tdx-guest.device").Single().Check.Problem!.Finding.Remedy));
        Assert.Equal((Mark.Unknown, root == "no"), (report.Find("tdx-guest.tsm").Single().Check.Mark, report.Find("tdx-guest.tsm").Single().Check.Problem!.Finding.Remedy == "Run this command as root."));
    }

    /// <summary>What the kernel said to a report directory, and what the line comes to, for both kinds of guest.</summary>
    [Theory]
    [InlineData("!ENXIO", Mark.Unsupported, ProblemState.Absent, "TSM_NO_DRIVER", "sudo modprobe")]
    [InlineData("!EIO", Mark.Unsupported, ProblemState.Failed, "TSM_FAILED", "sudo modprobe")]
    [InlineData("!EROFS", Mark.Unsupported, ProblemState.Failed, "TSM_READ_ONLY", "writable")]
    [InlineData("!EACCES", Mark.Unknown, ProblemState.Unreadable, "TSM_REFUSED", "as root")]
    [InlineData("arm_cca_guest", Mark.Unsupported, ProblemState.Failed, "TSM_OTHER", "sudo modprobe")]
    [InlineData("", Mark.Unknown, ProblemState.Unreadable, "TSM_UNREADABLE", "on the machine itself")]
    public void The_report_interface_is_what_the_kernel_said(string provider, Mark mark, ProblemState state, string code, string remedy)
    {
        foreach ((TestCpu cpu, string id, string module) in new[] { (Domain(), "tdx-guest.tsm", "tdx_guest"), (TestCpu.Amd(0x0101FD3F, guest: true), "snp-guest.tsm", "sev-guest") })
        {
            var to = new SnapshotBuilder("test");
            CpuidProbe.Run(cpu, to);
            to.SetMsr(SevGuest.StatusRegister, 7).Set(Section.Files, ReportInterface.Folder, "present");
            Set(to, Section.Files, ReportInterface.Provider, provider);
            Check check = MachineReport.Judge(to.Build()).Find(id).Single().Check;
            Assert.Equal((mark, state), (check.Mark, check.Problem!.State));
            Assert.EndsWith("_GUEST_" + code, check.Problem.Finding.Code, StringComparison.Ordinal);
            Assert.Contains(remedy == "sudo modprobe" ? $"{remedy} {module}" : remedy, check.Problem.Finding.Remedy, StringComparison.Ordinal);
        }
    }

    private static TestCpu Domain() => TestCpu.Intel(0x806F8, guest: true).Set(0x21, 0, 0, 0x65746E49, 0x20202020, 0x5844546C);

    [Theory]
    [InlineData("opened", "answered", Mark.Supported, null)]
    [InlineData("opened", "!EIO", Mark.Unsupported, "TDX_GUEST_REPORT_FAILED")]
    [InlineData("!EISDIR", "", Mark.Unsupported, "TDX_GUEST_DEVICE_FAILED")]
    [InlineData("!EBUSY", "", Mark.Unsupported, "TDX_GUEST_DEVICE_FAILED")]
    [InlineData("!EACCES", "", Mark.Unknown, "TDX_GUEST_DEVICE_REFUSED")]
    [InlineData("!ENOENT", "", Mark.Unsupported, "TDX_GUEST_DEVICE_ABSENT")]
    [InlineData("", "", Mark.Unknown, "TDX_GUEST_DEVICE_UNREADABLE")]
    [InlineData("opened", "", Mark.Unknown, "TDX_GUEST_REPORT_UNREADABLE")]
    public void A_TDX_guest_device_is_absent_refused_unseen_broken_or_good(string device, string request, Mark mark, string? code)
    {
        var to = new SnapshotBuilder("test");
        CpuidProbe.Run(TestCpu.Intel(0x806F8, guest: true).Set(0x21, 0, 0, 0x65746E49, 0x20202020, 0x5844546C), to);
        Set(to, Section.Devices, "/dev/tdx_guest", device);
        Set(to, Section.Requests, TdxGuest.ReportRequest, request);
        Check check = MachineReport.Judge(to.Build()).Find("tdx-guest.device").Single().Check;
        Assert.Equal((mark, code), (check.Mark, check.Problem?.Finding.Code));
    }

    [Theory]
    [InlineData("opened", "answered", Mark.Supported, null)]
    [InlineData("opened", "!EIO", Mark.Unsupported, "SNP_GUEST_REPORT_FAILED")]
    [InlineData("!EBUSY", "", Mark.Unsupported, "SNP_GUEST_DEVICE_FAILED")]
    [InlineData("!EACCES", "", Mark.Unknown, "SNP_GUEST_DEVICE_REFUSED")]
    [InlineData("", "", Mark.Unknown, "SNP_GUEST_DEVICE_UNREADABLE")]
    [InlineData("opened", "", Mark.Unknown, "SNP_GUEST_REPORT_UNREADABLE")]
    public void An_SNP_guest_device_likewise(string device, string request, Mark mark, string? code)
    {
        var to = new SnapshotBuilder("test");
        CpuidProbe.Run(TestCpu.Amd(0x0101FD3F, guest: true), to);
        to.SetMsr(SevGuest.StatusRegister, 7);
        Set(to, Section.Devices, SevGuest.Device, device);
        Set(to, Section.Requests, SevGuest.ReportRequest, request);
        Check check = MachineReport.Judge(to.Build()).Find("snp-guest.device").Single().Check;
        Assert.Equal((mark, code), (check.Mark, check.Problem?.Finding.Code));
    }

    [Fact]
    public void A_guest_that_has_no_such_register_is_no_SNP_guest()
    {
        var to = new SnapshotBuilder("test");
        CpuidProbe.Run(TestCpu.Amd(0x0101FD3F, guest: true), to);
        to.Set(Section.Msr, SnapshotBuilder.MsrKey(SevGuest.StatusRegister), Reading.Failed("EIO"));
        Assert.Equal(Mark.Fatal, MachineReport.Judge(to.Build()).MarkOf("snp-guest"));
    }

    private static void Set(SnapshotBuilder to, string section, string key, string value)
    {
        if (value.Length > 0)
            to.Set(section, key, Reading.Decode(value));
    }

    [Theory]
    [InlineData("!ENOENT", Mark.Fatal, ProblemState.Absent, "SGX_LIBRARY_ABSENT")]
    [InlineData("!load-failed", Mark.Fatal, ProblemState.Failed, "SGX_LIBRARY_FAILED")]
    [InlineData("!load-timeout", Mark.Unknown, ProblemState.Unreadable, "SGX_LIBRARY_UNREADABLE")]
    [InlineData("!load-crashed", Mark.Unknown, ProblemState.Unreadable, "SGX_LIBRARY_UNREADABLE")]
    [InlineData("!load-not-started", Mark.Unknown, ProblemState.Unreadable, "SGX_LIBRARY_UNREADABLE")]
    public void A_library_that_does_not_load_is_not_one_that_is_missing(string library, Mark mark, ProblemState state, string code)
    {
        var to = new SnapshotBuilder("test").Set(Section.Libraries, SgxSoftware.LibraryName, Reading.Decode(library));
        Check check = MachineReport.Judge(to.Build()).Find("sgx.library").Single().Check;
        Assert.Equal((mark, state, code), (check.Mark, check.Problem!.State, check.Problem.Finding.Code));
    }
}
