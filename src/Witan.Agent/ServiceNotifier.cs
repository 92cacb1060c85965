using System.Net.Sockets;
using System.Text;

namespace Witan.Agent;

/// <summary>
/// Tells systemd how the program is (<c>sd_notify</c>): one datagram to the socket named by NOTIFY_SOCKET. Does nothing where there is no such
/// socket, as in a container.
/// </summary>
public static class ServiceNotifier
{
    /// <summary>It serves: units with <c>Type=notify</c> count as started from here on.</summary>
    public static void Ready(string status) => Send(Environment.GetEnvironmentVariable("NOTIFY_SOCKET"), $"READY=1\nSTATUS={OneLine(status)}");

    /// <summary>What it is doing, for <c>systemctl status</c>.</summary>
    public static void Status(string status) => Send(Environment.GetEnvironmentVariable("NOTIFY_SOCKET"), $"STATUS={OneLine(status)}");

    /// <summary>It has been told to stop and is finishing what runs.</summary>
    public static void Stopping() => Send(Environment.GetEnvironmentVariable("NOTIFY_SOCKET"), "STOPPING=1");

    /// <summary>Sends to a socket: a path, or an abstract name that begins with @. False where nothing was sent.</summary>
    public static bool Send(string? address, string message)
    {
        if (string.IsNullOrEmpty(address) || address[0] is not ('/' or '@'))
            return false;
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            socket.SendTo(Encoding.UTF8.GetBytes(message), new UnixDomainSocketEndPoint(address[0] == '@' ? "\0" + address[1..] : address));
            return true;
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            // The service manager has gone, or was never there. The program's work does not depend on it.
            return false;
        }
    }

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");
}
