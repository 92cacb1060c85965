using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Witan.Tests.Harness;

namespace Witan.SystemTests.Council;

/// <summary>The built program, run as a user would run it.</summary>
internal static class WitanProgram
{
    private static int s_nextPort = 21000 + (Environment.ProcessId % 200 * 40);

    public static string Assembly => Path.Combine(AppContext.BaseDirectory, "witan.dll");

    /// <summary>Runs one command to its end.</summary>
    public static async Task<(int Exit, string Out, string Error)> RunAsync(CancellationToken cancellationToken, params IEnumerable<string> arguments)
    {
        using Process process = Start(arguments);
        Task<string> output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        Task<string> error = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return (process.ExitCode, await output, await error);
    }

    /// <summary>Starts a command; the caller reads and ends it.</summary>
    public static Process Start(params IEnumerable<string> arguments) => Start([], arguments);

    /// <summary>Starts a command with more environment.</summary>
    public static Process Start((string Name, string Value)[] environment, IEnumerable<string> arguments)
    {
        // Where the tests run in a shell's background Ctrl-C is switched off for all children; whoever types the command has it.
        var start = new ProcessStartInfo("/usr/bin/env") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false, WorkingDirectory = SharedData.Repository };
        foreach (string word in new[] { "--default-signal=INT", "dotnet", Assembly })
            start.ArgumentList.Add(word);
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        start.Environment.Remove("LOCAL_MODE");
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    /// <summary>A run of free ports, never given twice in this run.</summary>
    public static int Ports(int count)
    {
        while (true)
        {
            int first = Interlocked.Add(ref s_nextPort, count) - count;
            if (Enumerable.Range(first, count).All(IsFree))
                return first;
        }
    }

    /// <summary>Processes of this program that carry a text in their command line.</summary>
    public static IReadOnlyList<int> Running(string text) =>
    [
        .. Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(name => name!.All(char.IsAsciiDigit)).Select(int.Parse!)
            .Where(id => CommandLine(id).Contains("witan.dll", StringComparison.Ordinal) && CommandLine(id).Contains(text, StringComparison.Ordinal)),
    ];

    private static string CommandLine(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/cmdline").Replace('\0', ' ');
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var probe = new TcpListener(IPAddress.Loopback, port);
            probe.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
