using System.Net.Sockets;
using System.Text.RegularExpressions;
using Witan.Machine;
using Witan.Tests.Machine.Aesm;
using Witan.Tests.Machine.Roots;
using Xunit;

namespace Witan.SystemTests.Machine;

/// <summary>
/// The command changes nothing: every open, creation, removal, ioctl, connection and child of a whole run is looked at, and
/// whatever is not named here fails the test.
/// </summary>
public partial class ReadOnlyTests
{
    // Without its diagnostics .NET makes no socket and no pipe in /tmp, and nothing is left but the command itself.
    private static readonly (string, string)[] Silent = [("DOTNET_EnableDiagnostics", "0"), ("DOTNET_CLI_TELEMETRY_OPTOUT", "1")];

    private static readonly string[] Devices =
    [
        "/dev/sgx_enclave", "/dev/sgx/enclave", "/dev/isgx", "/dev/sgx", "/dev/tdx_guest", "/dev/tdx-guest", "/dev/tdx-attest", "/dev/sev-guest", "/dev/sev",
    ];

    private static readonly string[] Sockets = ["/var/run/aesmd/aesm.socket", "@sgx_aesm_socket_base", "/var/run/dstack.sock", "/var/run/dstack/dstack.sock", "/var/run/tappd.sock"];

    // TCGETS and TIOCGWINSZ ask a terminal, FIONREAD and FIONBIO a pipe; the rest are the requests to TEEs that the decoded names or numbers say.
    private static readonly string[] Requests = ["TCGETS", "TCGETS2", "TIOCGWINSZ", "FIONREAD", "FIONBIO", "TDX_CMD_GET_REPORT0", "SNP_GET_REPORT,", "SEV_ISSUE_CMD", "0xc4405401", "0xc0205300", "0xc0105300", "SGX_IOC_ENCLAVE_CREATE,", "SGX_IOC_ENCLAVE_ADD_PAGES,", "SGX_IOC_ENCLAVE_INIT,", "_IOC(_IOC_READ|_IOC_WRITE, 0x54, 0x1, 0x440)", "_IOC(_IOC_READ|_IOC_WRITE, 0x53, 0, 0x20)", "_IOC(_IOC_READ|_IOC_WRITE, 0x53, 0, 0x10)"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Nothing_is_written_but_the_recording(bool record)
    {
        string folder = Directory.CreateTempSubdirectory("witan-readonly-").FullName;
        string file = Path.Combine(folder, "snapshot.json");
        (int exit, string output, IReadOnlyList<SystemCall> calls) = await SystemCalls.RunAsync(record ? ["sgx-test", "--record", file] : ["sgx-test"], Silent, Cancel);
        Assert.True(exit is 0 or 1 or 3, output);
        Assert.Contains("confidenceLevel = none", output, StringComparison.Ordinal);
        Assert.Contains(calls, call => call.Name == "openat" && call.Path == "/proc/cpuinfo");
        Assert.Contains(calls, call => call.Path.EndsWith("/sgx_enclave", StringComparison.Ordinal));
        Check(calls, record ? file : null, root: "");
        Assert.Equal(record ? [file] : [], Directory.GetFileSystemEntries(folder));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_file_tree_with_everything_in_it_is_left_as_it_was()
    {
        using var root = new FakeRoot();
        root.Device("/dev/sgx_enclave").Device("/dev/tdx_guest").Device("/dev/sev-guest").Device("/dev/sev").Msr((0x3A, 0x60005)).Efi("SOFTWAREGUARDSTATUS-9cb2e73f-7325-40f4-a484-659bb344c3cd", 1);
        root.Write("/sys/kernel/config/tsm/report/provider", "tdx_guest\n").Write("/sys/module/kvm_amd/parameters/sev_snp", "Y\n");
        // Somebody answers where the services are.
        string aesm = root.Directory + AesmSocket.Path, agent = root.Directory + "/var/run/dstack.sock";
        using var service = new FakeAesm(aesm, (operation, _) => FakeAesm.Good(operation));
        using Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(agent));
        listener.Listen();
        Task answering = AnswerOnceAsync(listener);
        (string, long, DateTime)[] before = Look(root.Directory);
        (int exit, string output, IReadOnlyList<SystemCall> calls) = await SystemCalls.RunAsync(["sgx-test", "--root", root.Directory, "--all", "--verbose"], Silent, Cancel);
        Assert.True(exit is 0 or 1 or 3, output);
        await answering.WaitAsync(TimeSpan.FromMinutes(1), Cancel);
        Assert.Equal([aesm, aesm, agent], calls.Where(call => call.Name == "connect").Select(call => call.Path).Order(StringComparer.Ordinal));
        Assert.Equal([21, 22], service.Asked);
        Check(calls, null, root.Directory);
        Assert.Equal(before, Look(root.Directory));
        Assert.Empty(service.End());
    }

    [Fact]
    public async Task The_child_that_launches_enclaves_makes_the_requests_of_a_launch_and_no_other()
    {
        using var root = new FakeRoot();
        root.Device("/dev/sgx_enclave");
        (string, long, DateTime)[] before = Look(root.Directory);
        (int exit, string output, IReadOnlyList<SystemCall> calls) = await SystemCalls.RunAsync(["sgx-test", "--probe", "launch", "--root", root.Directory], Silent, Cancel);
        Assert.True(exit == 0, output);
        // Without a driver behind it the first request of each launch is the last.
        Assert.Contains("create ENOTTY", output, StringComparison.Ordinal);
        Assert.Contains(calls, call => call.Name == "ioctl" && call.Arguments.Contains("SGX_IOC_ENCLAVE_CREATE", StringComparison.Ordinal));
        Check(calls, null, root.Directory);
        Assert.Equal(before, Look(root.Directory));
    }

    [Fact]
    public async Task What_the_runtime_itself_leaves_for_its_debuggers_is_gone_at_the_end()
    {
        (_, _, IReadOnlyList<SystemCall> calls) = await SystemCalls.RunAsync(["sgx-test"], [], Cancel);
        Check([.. calls.Where(call => !IsRuntimeDiagnostics(call))], null, "");
        foreach (SystemCall made in calls.Where(call => call.Name is "bind" or "mknodat" && IsRuntimeDiagnostics(call)))
            Assert.False(Path.Exists(made.Path), $"{made.Path} was left behind");
    }

    private static void Check(IReadOnlyList<SystemCall> calls, string? recording, string root)
    {
        string[] devices = [.. Devices.Select(path => root + path)], sockets = [.. Sockets.Select(path => path[0] == '@' ? path : root + path)];
        foreach (SystemCall call in calls)
            Assert.True(IsHarmless(call, recording, devices, sockets), $"not allowed: {call}");
        // AESM takes a connection without a request for an attack, and says so in its log.
        string[] services = [.. AesmSocket.Names.Select(path => path[0] == '@' ? path : root + path)];
        for (int i = 0; i < calls.Count; i++)
        {
            if (calls[i] is not { Name: "connect" } connect || !connect.Arguments.EndsWith("= 0", StringComparison.Ordinal) || !services.Any(path => IsAt(connect, path)))
                continue;
            SystemCall? next = calls.Skip(i + 1).FirstOrDefault(call => call.Name is "sendto" or "sendmsg" or "shutdown" or "connect");
            Assert.True(next is { Name: "sendto" } && Descriptor(next) == Descriptor(connect) && AesmRequest().IsMatch(next.Arguments), $"{connect} is followed by {next}");
        }
    }

    // The kernel pads abstract names.
    private static bool IsAt(SystemCall call, string socket) => call.Path == socket || call.Path.StartsWith(socket + "\\0", StringComparison.Ordinal);

    private static string Descriptor(SystemCall call) => call.Arguments.Split(',')[0];

    private static async Task AnswerOnceAsync(Socket listener)
    {
        using Socket accepted = await listener.AcceptAsync(Cancel);
        await accepted.ReceiveAsync(new byte[4096], SocketFlags.None, Cancel);
        await accepted.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"u8.ToArray(), SocketFlags.None, Cancel);
    }

    private static bool IsHarmless(SystemCall call, string? recording, string[] devices, string[] sockets)
    {
        switch (call.Name)
        {
            case "openat" or "open":
                bool writes = call.Arguments.Contains("O_WRONLY", StringComparison.Ordinal) || call.Arguments.Contains("O_RDWR", StringComparison.Ordinal) || call.Arguments.Contains("O_CREAT", StringComparison.Ordinal);
                // The runtime names its threads through comm, and looks for a debugger's semaphore without making one.
                return !writes || call.Path == recording || ThreadName().IsMatch(call.Path) || call.Path == "/dev/null"
                    || (call.Path.StartsWith("/dev/shm/sem.clrst", StringComparison.Ordinal) && !call.Arguments.Contains("O_CREAT", StringComparison.Ordinal))
                    || (devices.Contains(call.Path) && !call.Arguments.Contains("O_CREAT", StringComparison.Ordinal));
            case "connect":
                return sockets.Any(path => IsAt(call, path));
            case "sendto":
                // To whom it was connected, and to nobody else.
                return call.Arguments.Contains(", NULL, 0) ", StringComparison.Ordinal);
            case "sendmsg":
                return call.Arguments.Contains("msg_name=NULL", StringComparison.Ordinal);
            case "ioctl":
                return Requests.Any(request => call.Arguments.Contains(request, StringComparison.OrdinalIgnoreCase));
            case "execve":
                // The program itself, and itself again as a child with --probe.
                return call.Arguments.Contains("witan.dll", StringComparison.Ordinal);
            case "mkdir" or "rmdir":
                return ReportFolder().IsMatch(call.Path);
            case "ftruncate":
                // The runtime's memory file, and the recording that is written anew.
                return true;
            case "socket" or "setsockopt" or "getsockopt" or "recvfrom" or "recvmsg" or "shutdown" or "getsockname" or "getpeername" or "socketpair":
                return true;
            case "access" or "faccessat" or "faccessat2" or "stat" or "lstat" or "fstat" or "newfstatat" or "statx" or "statfs" or "fstatfs" or "readlink" or "readlinkat" or "getcwd" or "chdir" or "fchdir":
                return true;
            default:
                return false;
        }
    }

    private static bool IsRuntimeDiagnostics(SystemCall call) =>
        (call.Name is "bind" or "unlink" or "mknodat" or "openat" && Diagnostics().IsMatch(call.Path)) || call.Name is "listen" or "accept" or "accept4" || (call.Name == "fchmod" && call.Arguments.Contains("0600", StringComparison.Ordinal));

    private static (string, long, DateTime)[] Look(string root) =>
    [
        .. new DirectoryInfo(root).EnumerateFileSystemInfos("*", SearchOption.AllDirectories).OrderBy(entry => entry.FullName, StringComparer.Ordinal)
            .Select(entry => (entry.FullName, entry is FileInfo file ? file.Length : 0, entry.LastWriteTimeUtc)),
    ];

    // A length in four bytes, then field 21 or 22 with a length of its own, as strace writes them.
    [GeneratedRegex("""^\d+, "\S+\\0\\0\\0\\2[56]2\\1""")]
    private static partial Regex AesmRequest();

    [GeneratedRegex(@"^/proc/(self|\d+)/task/\d+/comm$")]
    private static partial Regex ThreadName();

    [GeneratedRegex(@"^/sys/kernel/config/tsm/report/witan-\d+$")]
    private static partial Regex ReportFolder();

    [GeneratedRegex(@"^/tmp/(dotnet-diagnostic-\d+-\d+-socket|clr-debug-pipe-\d+-\d+-(in|out))$")]
    private static partial Regex Diagnostics();
}
