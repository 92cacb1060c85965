using System.Text;
using Witan.Cli.CommandLine;
using Witan.Dstack;
using Witan.Dstack.Simulator;

namespace Witan.Cli.Commands.Simulator;

/// <summary>The sockets that were asked for; where none was, and no address either, the two of a guest.</summary>
internal static class SimulatorSockets
{
    public static IReadOnlyList<SimulatorSocket> Of(string[] guest, string[] tappd, bool elsewhere, string directory)
    {
        if (guest.Length + tappd.Length == 0 && !elsewhere)
            (guest, tappd) = ([Path.Combine(directory, "dstack.sock")], [Path.Combine(directory, "tappd.sock")]);
        // Where the legacy service has no socket of its own it would be nowhere.
        SimulatorService service = tappd.Length > 0 ? SimulatorService.Guest : SimulatorService.GuestAndTappd;
        return [.. guest.Select(text => Parse(text, service)), .. tappd.Select(text => Parse(text, SimulatorService.Tappd))];
    }

    private static SimulatorSocket Parse(string text, SimulatorService service)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        string path = Path.GetFullPath(equals < 0 ? text : text[(equals + 1)..]);
        string[] name = equals < 0 ? ["app", "default"] : text[..equals].Split('/');
        if (name.Length != 2 || name.Any(part => part.Length == 0))
            throw new CommandException($"{text} is neither PATH nor APP/INSTANCE=PATH");
        int bytes = Encoding.UTF8.GetByteCount(path);
        if (bytes > DstackEndpoint.MaximumPathBytes)
            throw new CommandException($"the socket path has {bytes} bytes; a unix socket has at most {DstackEndpoint.MaximumPathBytes}", "choose a shorter directory");
        if (Directory.Exists(path))
            throw new CommandException($"{path} is a directory, not a socket", "choose another path");
        if (new FileInfo(path) is { Exists: true, Length: > 0 })
            throw new CommandException($"{path} is a file, not a socket", "choose another path");
        return new SimulatorSocket(name[0], name[1], path, service);
    }
}
