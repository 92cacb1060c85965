using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Witan.SystemTests.Faults;

/// <summary>
/// Another machine as far as TCP can tell: a network namespace with a listener of its own, on a cable that can be cut. From then on it
/// says nothing more, not even that it is gone.
/// </summary>
internal sealed partial class SilentMachine : IDisposable
{
    private const string Ip = "/usr/sbin/ip";
    private const int NewNetwork = 0x4000_0000;
    private readonly string _name = $"witan-{RandomNumberGenerator.GetHexString(6, lowercase: true)}";
    private readonly string _here;

    public SilentMachine()
    {
        // Addresses for tests of networks (RFC 2544); four of them for each machine.
        int block = RandomNumberGenerator.GetInt32(0, 64 * 256);
        string prefix = string.Create(CultureInfo.InvariantCulture, $"198.18.{block / 64}.");
        _here = $"{prefix}{(block % 64 * 4) + 1}";
        string there = $"{prefix}{(block % 64 * 4) + 2}";
        Run("netns", "add", _name);
        Run("link", "add", _name, "type", "veth", "peer", "name", "cable", "netns", _name);
        Run("addr", "add", $"{_here}/30", "dev", _name);
        Run("link", "set", _name, "up");
        Run("-n", _name, "addr", "add", $"{there}/30", "dev", "cable");
        Run("-n", _name, "link", "set", "cable", "up");
        Listener = Listen(IPAddress.Parse(there));
        Address = new Uri($"http://{Listener.LocalEndpoint}");
    }

    /// <summary>Why there can be none here; null where there can.</summary>
    public static string? Missing => !File.Exists(Ip) ? "needs iproute2: apt-get install iproute2" : Environment.IsPrivilegedProcess ? null : "needs root, for a network namespace";

    /// <summary>Listens on the machine.</summary>
    public TcpListener Listener { get; }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    /// <summary>Nothing that it sends arrives any more.</summary>
    public void Cut() => Run("-n", _name, "route", "replace", "blackhole", $"{_here}/32");

    public void Dispose()
    {
        Listener.Dispose();
        Run("netns", "del", _name);
    }

    // A socket is of the network that its thread was in when it was made; the thread ends afterwards.
    private TcpListener Listen(IPAddress address)
    {
        TcpListener? listener = null;
        Exception? problem = null;
        var thread = new Thread(() =>
        {
            try
            {
                using Microsoft.Win32.SafeHandles.SafeFileHandle network = File.OpenHandle($"/run/netns/{_name}");
                if (setns((int)network.DangerousGetHandle(), NewNetwork) != 0)
                    throw new IOException($"setns: {Marshal.GetLastPInvokeErrorMessage()}");
                listener = new TcpListener(address, 3000);
                listener.Start();
            }
            catch (Exception e)
            {
                problem = e;
            }
        });
        thread.Start();
        thread.Join();
        return listener ?? throw new IOException("no listener in the other network", problem);
    }

    private static void Run(params string[] arguments)
    {
        using Process process = Process.Start(Ip, arguments);
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new IOException($"ip {string.Join(' ', arguments)} ended with {process.ExitCode}");
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setns(int network, int kind);
}
