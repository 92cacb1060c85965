using System.Globalization;
using System.Net.Sockets;

namespace Witan.Agent;

/// <summary>A guest agent that comes later than the program is waited for: in a guest that boots nobody orders the two.</summary>
public static class GuestAgentWait
{
    private const string Setting = "WITAN_GUEST_AGENT_WAIT";
    private const int DefaultSeconds = 120;

    /// <summary>
    /// Waits until somebody listens at one of <paramref name="paths"/>, with pauses that grow from 0.1 s to 5 s, for as many seconds as
    /// <c>WITAN_GUEST_AGENT_WAIT</c> says (default 120, 0 does not wait). With LOCAL_MODE there is nothing to wait for.
    /// Throws <see cref="SettingException"/> when nobody came, or when a socket is there and this user may not open it.
    /// </summary>
    public static async Task RunAsync(
        Func<string, string?> variable, IReadOnlyList<string> paths, TextWriter log, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (variable("LOCAL_MODE") == "true" || paths.Any(IsServed))
            return;
        int seconds = variable(Setting) is { Length: > 0 } text
            ? int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value
                : throw new SettingException($"{Setting} is {text}, no number of seconds", "a whole number; 0 does not wait")
            : DefaultSeconds;
        long start = clock.GetTimestamp();
        TimeSpan pause = TimeSpan.FromSeconds(0.1), left = TimeSpan.FromSeconds(seconds);
        if (seconds > 0)
            await log.WriteLineAsync($"waiting up to {seconds} s for the guest agent at {paths[0]}");
        while (left > TimeSpan.Zero)
        {
            await Task.Delay(pause < left ? pause : left, clock, cancellationToken);
            if (paths.Any(IsServed))
                return;
            left = TimeSpan.FromSeconds(seconds) - clock.GetElapsedTime(start);
            pause = TimeSpan.FromSeconds(Math.Min(5, pause.TotalSeconds * 1.6));
        }

        throw Never(paths, seconds);
    }

    private static SettingException Never(IReadOnlyList<string> paths, int seconds)
    {
        const string mount = "mount it (volumes: - /var/run/dstack.sock:/var/run/dstack.sock), or set LOCAL_MODE=true for development";
        if (paths.FirstOrDefault(Directory.Exists) is { } folder)
            return new SettingException($"{folder} is a folder and no socket: the container engine made it because there was none to mount", "remove the folder on the host, and start the guest agent first");
        return paths.FirstOrDefault(File.Exists) is { } silent
            ? new SettingException($"nobody listens at {silent} after {seconds} s", "start the guest agent on the host; a restart of this program alone will not bring it")
            : new SettingException($"there is no guest agent at {paths[0]} after {seconds} s; a restart alone will not bring it", mount);
    }

    private static bool IsServed(string path)
    {
        if (!File.Exists(path))
            return false;
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AccessDenied)
        {
            // Time does not mend it.
            throw new SettingException($"{Environment.UserName} may not open the guest agent's socket {path}", "let this user write to the socket, or run the service as the socket's owner (compose: user: \"0:0\")");
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
