using System.Diagnostics;
using System.Runtime.InteropServices;
using Witan.Agent;

namespace Witan.Cli.Commands.Up;

/// <summary>One agent as a process of its own: this program again, with another command. Its output goes to a file.</summary>
internal sealed partial class ChildProcess : IDisposable
{
    private const int SigTerm = 15;
    private readonly Process _process;
    private readonly StreamWriter _log;
    private string? _error;
    private string? _last;

    private ChildProcess(string name, Process process, StreamWriter log)
    {
        (Name, _process, _log) = (name, process, log);
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string Name { get; }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public static ChildProcess Start(string name, string logFolder, bool localMode, params IEnumerable<string> arguments)
    {
        string log = Path.Combine(logFolder, $"{name}.log");
        var start = new ProcessStartInfo { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false };
        string self = Environment.ProcessPath!;
        start.FileName = self;
        // Under "dotnet witan.dll" the process is dotnet itself.
        if (Path.GetFileNameWithoutExtension(self) == "dotnet")
            start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "witan.dll"));
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        start.Environment[ParentGuard.Variable] = Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture);
        start.Environment.Remove("LOCAL_MODE");
        // This council keeps its records in its own directory, whatever other coordinator this shell was set up for.
        start.Environment.Remove("WITAN_STORE");
        if (localMode)
            start.Environment["LOCAL_MODE"] = "true";
        // A dozen small processes on one machine: no need for a server's heaps.
        start.Environment["DOTNET_gcServer"] = "0";
        start.Environment["DOTNET_TieredPGO"] = "0";
        var writer = new StreamWriter(log, append: true) { AutoFlush = true };
        return new ChildProcess(name, Process.Start(start)!, writer);
    }

    /// <summary>Why one that has ended did: its last error, else its last line, else its exit code. Waits until all of its output is there.</summary>
    public async Task<string> ReasonAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        lock (_log)
            return _error ?? _last ?? $"exit code {_process.ExitCode}";
    }

    /// <summary>Asks it to stop, waits a little, and ends it.</summary>
    public async Task StopAsync()
    {
        if (_process.HasExited)
            return;
        _ = kill(Id, SigTerm); // where it fails, there is no such process any more
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(3));
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }
    }

    public void Dispose()
    {
        _process.Dispose();
        lock (_log)
            _log.Dispose();
    }

    private void Keep(string? line)
    {
        const string error = "witan: error: ";
        if (line is null)
            return;
        lock (_log)
        {
            _log.WriteLine(line);
            _last = line;
            if (line.StartsWith(error, StringComparison.Ordinal))
                _error = line[error.Length..];
        }
    }

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);
}
