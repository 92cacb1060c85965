using System.Collections.Concurrent;
using System.Diagnostics;
using Witan.Faults.Processes;

namespace Witan.Faults.Containers;

/// <summary>
/// What an engine does for <c>restart: always</c>: whatever ends is started again, after 0.1 s, and after twice the pause before where it
/// ran for less than 10 s; at most a minute.
/// </summary>
public sealed class RestartAlways : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<AgentProcess, SemaphoreSlim> _gates = new();
    private readonly List<Task> _keepers = [];
    private int _restarts;

    /// <summary>How often something was started again.</summary>
    public int Restarts => Volatile.Read(ref _restarts);

    /// <summary>Starts an agent, and again whenever it ends.</summary>
    public void Keep(AgentProcess agent)
    {
        _gates[agent] = new SemaphoreSlim(1);
        agent.Start();
        _keepers.Add(KeepAsync(agent));
    }

    /// <summary>An agent that ends stays away, as on a host that is slow to come back, until what is given back is disposed.</summary>
    public async Task<IDisposable> HoldAsync(AgentProcess agent)
    {
        SemaphoreSlim gate = _gates[agent];
        await gate.WaitAsync(_stop.Token);
        return new Held(gate);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (Task keeper in _keepers)
            await keeper.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (SemaphoreSlim gate in _gates.Values)
            gate.Dispose();
        _stop.Dispose();
    }

    private async Task KeepAsync(AgentProcess agent)
    {
        TimeSpan pause = FirstPause;
        while (true)
        {
            long start = Stopwatch.GetTimestamp();
            await agent.ExitedAsync(_stop.Token);
            pause = Stopwatch.GetElapsedTime(start) > TimeSpan.FromSeconds(10) ? FirstPause : pause * 2;
            await Task.Delay(pause < TimeSpan.FromMinutes(1) ? pause : TimeSpan.FromMinutes(1), _stop.Token);
            await _gates[agent].WaitAsync(_stop.Token);
            _gates[agent].Release();
            agent.Start();
            Interlocked.Increment(ref _restarts);
        }
    }

    private sealed class Held(SemaphoreSlim gate) : IDisposable
    {
        private int _given;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _given, 1) == 0)
                gate.Release();
        }
    }
}
