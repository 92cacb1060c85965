using System.Diagnostics;
using System.Globalization;
using System.Text;
using Witan.Agent;

namespace Witan.Faults.Processes;

/// <summary>One agent of a council as a real process: started, killed, started again. What it says is kept.</summary>
public sealed class AgentProcess(string name, Func<AgentProcess, ProcessStartInfo> command) : IDisposable
{
    private readonly StringBuilder _output = new();
    private Process? _process;

    /// <summary>Its name in the council.</summary>
    public string Name => name;

    /// <summary>Its process id.</summary>
    public int Id => _process!.Id;

    /// <summary>Whether it runs.</summary>
    public bool IsRunning => _process is { HasExited: false };

    /// <summary>How it ended.</summary>
    public int ExitCode => _process!.ExitCode;

    /// <summary>How often it was started.</summary>
    public int Starts { get; private set; }

    /// <summary>When it was killed or started last, as <see cref="Stopwatch.GetTimestamp"/>.</summary>
    public long Since { get; private set; }

    /// <summary>Everything it said since it was started last.</summary>
    public string Output
    {
        get
        {
            lock (_output)
                return _output.ToString();
        }
    }

    /// <summary>An agent in LOCAL_MODE, from the command line. <paramref name="wrapper"/> gives what stands before the command.</summary>
    public static AgentProcess Local(string name, IReadOnlyList<string> arguments, Func<AgentProcess, IReadOnlyList<string>>? wrapper = null) =>
        new(name, process => Witan([.. wrapper?.Invoke(process) ?? []], arguments, ("LOCAL_MODE", "true")));

    /// <summary>How the command line is started, as a child that ends with this process.</summary>
    public static ProcessStartInfo Witan(IReadOnlyList<string> before, IReadOnlyList<string> arguments, params ReadOnlySpan<(string Name, string Value)> environment)
    {
        string[] command = [.. before, DotnetPath, Path.Combine(AppContext.BaseDirectory, "witan.dll"), .. arguments];
        var start = new ProcessStartInfo(command[0], command[1..]);
        start.Environment[ParentGuard.Variable] = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        start.Environment.Remove("LOCAL_MODE");
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        start.Environment["DOTNET_gcServer"] = "0";
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment["DOTNET_TieredCompilation"] = "1";
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        return start;
    }

    /// <summary>Starts it.</summary>
    public void Start()
    {
        lock (_output)
            _output.Clear();
        ProcessStartInfo start = command(this);
        (start.RedirectStandardError, start.RedirectStandardOutput, start.UseShellExecute) = (true, true, false);
        Process process = Process.Start(start)!;
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        Process? ended = _process;
        (_process, Since) = (process, Stopwatch.GetTimestamp());
        ended?.Dispose();
        Starts++;
    }

    /// <summary>Ends it as a power cut would: no handler runs, nothing is flushed.</summary>
    public void Kill()
    {
        ProcessTable.Kill(Id);
        Since = Stopwatch.GetTimestamp();
    }

    /// <summary>Tells it to stop (SIGTERM).</summary>
    public void Terminate() => ProcessTable.Terminate(Id);

    /// <summary>Waits until it has ended.</summary>
    public Task ExitedAsync(CancellationToken cancellationToken) => _process!.WaitForExitAsync(cancellationToken);

    /// <inheritdoc />
    public void Dispose()
    {
        if (IsRunning)
        {
            Kill();
            _process!.WaitForExit();
        }

        _process?.Dispose();
    }

    private static string DotnetPath { get; } = FindDotnet();

    // strace starts what it is given by its path.
    private static string FindDotnet() => Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet"
        ? Environment.ProcessPath!
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, "dotnet")).First(File.Exists);

    private void Keep(string? line)
    {
        if (line is null)
            return;
        lock (_output)
            _output.AppendLine(line);
    }
}
