using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Witan.Load;

/// <summary>A part of a council as people run it: <c>witan coordinator</c> or <c>witan trustee</c>, a process of its own on loopback.</summary>
internal sealed class CouncilProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Queue<string> _lines = new();

    private CouncilProcess(Process process, Uri address) => (_process, Address) = (process, address);

    /// <summary>Of a coordinator, where it listens; of a trustee, its coordinator's.</summary>
    public Uri Address { get; }

    /// <summary>Processor time it has used.</summary>
    public TimeSpan Used
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Most resident memory so far, in MiB.</summary>
    public double PeakMebibytes => Memory("VmHWM:");

    /// <summary>Resident memory now, in MiB.</summary>
    public double Mebibytes => Memory("VmRSS:");

    /// <summary>Its last lines.</summary>
    public string Log
    {
        get
        {
            lock (_lines)
                return string.Join('\n', _lines);
        }
    }

    /// <summary>Starts a coordinator and waits until it is ready.</summary>
    public static async Task<CouncilProcess> CoordinatorAsync(IEnumerable<string> arguments)
    {
        int port = FreePort();
        CouncilProcess running = Start(new Uri($"http://127.0.0.1:{port}"), ["coordinator", "--port", port.ToString(CultureInfo.InvariantCulture), .. arguments]);
        using var http = new HttpClient { BaseAddress = running.Address };
        for (int i = 0; i < 600; i++)
        {
            try
            {
                using HttpResponseMessage ready = await http.GetAsync("readyz");
                if (ready.IsSuccessStatusCode)
                    return running;
            }
            catch (HttpRequestException) when (!running._process.HasExited)
            {
                // Not listening yet.
            }

            await Task.Delay(100);
        }

        string log = running.Log;
        await running.DisposeAsync();
        throw new TimeoutException($"the coordinator did not start: {log}");
    }

    /// <summary>Starts a trustee; it is admitted in its own time.</summary>
    public static CouncilProcess Trustee(IReadOnlyList<Uri> coordinators, IEnumerable<string> arguments) =>
        Start(coordinators[0], ["trustee", .. coordinators.SelectMany(one => new[] { "--coordinator", one.ToString() }), .. arguments]);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static CouncilProcess Start(Uri address, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "witan.dll"));
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        start.Environment.Remove("LOCAL_MODE");
        var running = new CouncilProcess(Process.Start(start)!, address);
        running._process.ErrorDataReceived += (_, line) => running.Keep(line.Data);
        running._process.OutputDataReceived += (_, line) => running.Keep(line.Data);
        running._process.BeginErrorReadLine();
        running._process.BeginOutputReadLine();
        return running;
    }

    private void Keep(string? line)
    {
        lock (_lines)
        {
            if (line is not null)
                _lines.Enqueue(line);
            if (_lines.Count > 200)
                _lines.Dequeue();
        }
    }

    private double Memory(string name)
    {
        string line = File.ReadLines($"/proc/{_process.Id}/status").First(next => next.StartsWith(name, StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1024;
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
