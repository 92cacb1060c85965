using System.Net;
using System.Net.Sockets;

namespace Witan.Faults.Processes;

/// <summary>Ports that nobody listens on, below the kernel's own range, so that no outgoing connection takes one meanwhile,
/// and below those of the other tests, which run at the same time.</summary>
public static class FreePorts
{
    private static int s_next = 3000 + (Environment.ProcessId % 120 * 50);

    /// <summary>A free port, never given twice by this process.</summary>
    public static int Next()
    {
        while (true)
        {
            int port = Interlocked.Increment(ref s_next);
            try
            {
                using var probe = new TcpListener(IPAddress.Loopback, port);
                probe.Start();
                return port;
            }
            catch (SocketException)
            {
                // Somebody has it.
            }
        }
    }
}
