using System.Net.Sockets;
using Witan.Machine;
using Xunit;

namespace Witan.Tests.Machine.Roots;

/// <summary>Nothing that a probe meets can hold it up: pipes without a writer, pipes with a silent one, sockets that never answer.</summary>
public class DeadlineTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private static readonly string[] Paths =
    [
        "/proc/cpuinfo", "/proc/cmdline", "/proc/self/mountinfo", "/proc/sys/kernel/osrelease", "/dev/cpu/0/msr", "/dev/sgx_enclave", "/dev/tdx_guest", "/dev/sev-guest", "/dev/sev",
        "/dev/kmsg", "/sys/module/kvm_intel/parameters/tdx", "/sys/kernel/config/tsm/report/provider", "/var/run/aesmd/aesm.socket", "/var/run/dstack.sock",
        "/sys/bus/pci/devices/0/vendor", "/sys/devices/system/node/node0/x86/sgx_total_bytes",
    ];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Pipes_in_place_of_files_do_not_hang_it(bool withSilentWriter)
    {
        using var root = new FakeRoot();
        foreach (string path in Paths)
        {
            if (File.Exists(root.Directory + path))
                File.Delete(root.Directory + path);
            root.Fifo(path);
        }

        // A writer that never writes: a blocking reader would wait for ever.
        List<FileStream> writers = withSilentWriter ? [.. Paths.Select(path => new FileStream(root.Directory + path, FileMode.Open, FileAccess.ReadWrite))] : [];
        MachineSnapshot snapshot = await Task.Run(() => root.Probe(TestCpu.SapphireRapids, Quick), TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
        writers.ForEach(writer => writer.Dispose());
        var report = MachineReport.Judge(snapshot);
        Assert.Equal(Mark.Supported, report.Find("sgx.cpu-support").Single().Check.Mark);
        Assert.NotEqual(Mark.Supported, report.Find("sgx.aesm").Single().Check.Mark);
    }

    [Fact]
    public async Task Sockets_that_accept_and_say_nothing_do_not_hang_it()
    {
        using var root = new FakeRoot();
        root.Folder("/var/run/aesmd");
        using var aesm = Listen(root.Directory + AesmSocket.Path);
        using var agent = Listen(root.Directory + "/var/run/dstack.sock");
        MachineSnapshot snapshot = await Task.Run(() => root.Probe(TestCpu.Client, Quick), TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.Equal("timeout", snapshot[Section.Aesm, AesmFacts.AnyRequest].Error);
        Assert.Equal("timeout", snapshot[Section.Requests, "dstack"].Error);
        Assert.Equal(Mark.Unknown, MachineReport.Judge(snapshot).Find("dstack.agent").Single().Check.Mark);
    }

    [Fact]
    public async Task A_step_that_does_not_come_back_is_left_behind()
    {
        using var never = new ManualResetEventSlim();
        bool other = false;
        await RunAllAsync(new Step("stuck", TimeSpan.FromMilliseconds(50), never.Wait), new Step("good", Patience, () => other = true));
        Assert.True(other);
        never.Set();
    }

    [Fact]
    public async Task Parts_behind_many_stuck_ones_run_all_the_same()
    {
        using var never = new ManualResetEventSlim();
        int ran = 0;
        Step stuck = new("stuck", TimeSpan.FromMilliseconds(200), never.Wait), good = new("good", Patience, () => Interlocked.Increment(ref ran));
        await RunAllAsync(stuck, good, stuck, stuck, good, stuck, good);
        Assert.Equal(3, ran);
        never.Set();
        Step.RunAll([]);
    }

    [Fact]
    public void What_is_left_behind_does_not_keep_the_program_alive()
    {
        bool isBackground = false;
        Step.RunAll([new Step("looks", Patience, () => isBackground = Thread.CurrentThread.IsBackground)]);
        Assert.True(isBackground);
    }

    [Fact]
    public void A_fault_of_a_part_comes_out_as_it_is()
    {
        Step faulty = new("faulty", Patience, () => throw new InvalidOperationException("as it is"));
        Assert.Equal("as it is", Assert.Throws<InvalidOperationException>(() => Step.RunAll([faulty, new Step("good", Patience, () => { })])).Message);
    }

    [Fact]
    public void A_path_too_long_for_a_socket_is_said_and_is_no_crash()
    {
        using var root = new FakeRoot();
        string deep = "/" + new string('d', 90);
        Directory.CreateDirectory(root.Directory + deep + "/var/run/aesmd");
        File.WriteAllText(root.Directory + deep + AesmSocket.Path, "");
        MachineSnapshot snapshot = MachineProbe.Run(new ProbeOptions { Root = root.Directory + deep }, TestCpu.Client);
        Assert.Equal("ENAMETOOLONG", snapshot[Section.Sockets, AesmSocket.Path].Error);
    }

    private static ProbeOptions Quick => new() { ServiceLimit = TimeSpan.FromSeconds(3) };

    private static Task RunAllAsync(params Step[] steps) =>
        Task.Run(() => Step.RunAll(steps), TestContext.Current.CancellationToken).WaitAsync(2 * Patience, TestContext.Current.CancellationToken);

    private static Socket Listen(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        socket.Listen(4);
        return socket;
    }
}
