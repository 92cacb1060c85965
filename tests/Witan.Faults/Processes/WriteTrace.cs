using System.Diagnostics;

namespace Witan.Faults.Processes;

/// <summary>
/// Watches the writes of a process from outside, through the kernel: each flush is held for a moment after it was done, so that
/// whoever counts them can end the process exactly there. The program under test knows nothing of it.
/// </summary>
public sealed class WriteTrace : IDisposable
{
    private const string Program = "/usr/bin/strace";
    private const int HoldMicroseconds = 12_000;
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-trace-").FullName;
    private readonly Lock _gate = new();
    private int _pipes;
    private int _flushes;
    private Action<int, bool>? _seen;

    /// <summary>Why nothing can be traced here; null where it can.</summary>
    public static string? Missing => File.Exists(Program) ? null : "needs strace: apt-get install strace";

    /// <summary>Flushes since the last <see cref="Arm"/>.</summary>
    public int Flushes => Volatile.Read(ref _flushes);

    /// <summary>
    /// Counts from here: <paramref name="seen"/> is called with the number of flushes done, and whether a write has just begun
    /// (instead of a flush ended).
    /// </summary>
    public void Arm(Action<int, bool>? seen)
    {
        lock (_gate)
            (_flushes, _seen) = (0, seen);
    }

    /// <summary>What stands before the command of the process.</summary>
    public IReadOnlyList<string> Wrapper(AgentProcess process)
    {
        string pipe = Path.Combine(_folder, $"pipe-{Interlocked.Increment(ref _pipes)}");
        using (Process make = Process.Start("/usr/bin/mkfifo", [pipe]))
            make.WaitForExit();
        new Thread(() => Read(pipe)) { IsBackground = true, Name = $"trace of {process.Name}" }.Start();
        return
        [
            Program, "-D", "-f", "-qqq", "--seccomp-bpf", "-e", "signal=none", "-e", "trace=pwrite64,fdatasync,fsync",
            "-e", $"inject=fdatasync,fsync:delay_exit={HoldMicroseconds}", "-o", pipe,
        ];
    }

    /// <inheritdoc />
    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Read(string pipe)
    {
        using var lines = new StreamReader(new FileStream(pipe, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1));
        while (lines.ReadLine() is { } line)
        {
            bool flushed = line.Contains("(DELAYED)", StringComparison.Ordinal);
            bool begins = !flushed && line.Contains("pwrite64(", StringComparison.Ordinal);
            if (!flushed && !begins)
                continue;
            lock (_gate)
            {
                if (flushed)
                    _flushes++;
                _seen?.Invoke(_flushes, begins);
            }
        }
    }
}
