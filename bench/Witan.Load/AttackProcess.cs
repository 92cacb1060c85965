using System.Diagnostics;
using System.Globalization;

namespace Witan.Load;

/// <summary>
/// <see cref="Attack"/> as a process of its own with the lowest priority: attackers compute on other machines, and what is measured is what they do
/// to the coordinator, not that they take the cores from it and from those who measure.
/// </summary>
internal sealed class AttackProcess : IAsyncDisposable
{
    private readonly Process _process;
    private volatile int[] _counts = [0, 0, 0, 0];

    private AttackProcess(Process process) => _process = process;

    public int Open => _counts[0];

    public int Opened => _counts[1];

    public int Answered => _counts[2];

    public int SentAway => _counts[3];

    public TimeSpan Used => _process.HasExited ? TimeSpan.Zero : _process.TotalProcessorTime;

    public static AttackProcess Start(Uri address, int connections, int flood)
    {
        var start = new ProcessStartInfo("nice") { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
        string[] command =
        [
            "-n", "19", "dotnet", Path.Combine(AppContext.BaseDirectory, "Witan.Load.dll"), "attack", "--address", address.ToString(),
            "--connections", connections.ToString(CultureInfo.InvariantCulture), "--flood", flood.ToString(CultureInfo.InvariantCulture),
        ];
        foreach (string argument in command)
            start.ArgumentList.Add(argument);
        var running = new AttackProcess(Process.Start(start)!);
        running._process.OutputDataReceived += (_, line) =>
        {
            if (line.Data?.Split(' ') is { Length: 4 } numbers)
                running._counts = [.. numbers.Select(number => int.Parse(number, CultureInfo.InvariantCulture))];
        };
        running._process.BeginOutputReadLine();
        return running;
    }

    /// <summary>Waits until so many connections are open at once, at most a minute.</summary>
    public async Task UntilOpenAsync(int connections)
    {
        for (int i = 0; i < 600 && Open < connections && !_process.HasExited; i++)
            await Task.Delay(100);
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        await _process.WaitForExitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }
}
