using System.Net;
using System.Net.Sockets;
using System.Text;
using Witan.Agent;
using Witan.Coordinator;
using Witan.Tests.Harness;

namespace Witan.Tests.Coordinator;

/// <summary>A real coordinator in this process: Kestrel, SQLite, LOCAL_MODE, a port of its own. What is asked of it goes over HTTP.</summary>
internal sealed class RunningCoordinator : IAsyncDisposable
{
    private static int s_port = 14000 + (Environment.ProcessId % 60 * 100);
    private readonly CancellationTokenSource _stop = new();
    private readonly TestLog _log = new();
    private readonly bool _ownsState;

    private RunningCoordinator(CoordinatorOptions options, bool ownsState)
    {
        (Options, _ownsState) = (options, ownsState);
        Http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{options.Port}"), Timeout = TimeSpan.FromSeconds(30) };
        Client = new CoordinatorClient(Http, null, TimeProvider.System);
        Run = CoordinatorHost.RunAsync(options, _log, TimeProvider.System, _stop.Token);
    }

    public CoordinatorOptions Options { get; }

    public HttpClient Http { get; }

    public CoordinatorClient Client { get; }

    /// <summary>Ends with the coordinator, and with its fault.</summary>
    public Task Run { get; }

    public string Log => _log.ToString();

    /// <summary>Starts one that decides with few: a roster of two, sums of one.</summary>
    public static async Task<RunningCoordinator> StartAsync(string? state = null, Func<CoordinatorOptions, CoordinatorOptions>? change = null)
    {
        var options = new CoordinatorOptions
        {
            State = state ?? Directory.CreateTempSubdirectory("witan-coordinator").FullName,
            Port = FreePort(),
            LocalMode = "true",
            MinimumWorkers = 1,
            Lease = TimeSpan.FromSeconds(2),
        };
        var running = new RunningCoordinator(change?.Invoke(options) ?? options, state is null);
        await running.UntilReadyAsync();
        return running;
    }

    /// <summary>Tells it to stop, and waits until it has.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Run;
    }

    public async Task<(HttpStatusCode Status, string Body, HttpResponseMessage Message)> SendAsync(
        HttpMethod method, string path, string? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        foreach ((string name, string value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        HttpResponseMessage response = await Http.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(), response);
    }

    /// <summary>A free port, never given twice in this run, and not one that the system gives to outgoing connections: those come between probe and use.</summary>
    public static int FreePort()
    {
        while (true)
        {
            int port = Interlocked.Increment(ref s_port);
            try
            {
                using var probe = new TcpListener(IPAddress.Loopback, port);
                probe.Start();
                return port;
            }
            catch (SocketException)
            {
                // Somebody listens there.
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Http.Dispose();
        _stop.Dispose();
        if (_ownsState)
            Directory.Delete(Options.State, recursive: true);
    }

    private async Task UntilReadyAsync()
    {
        for (int i = 0; i < 1200; i++)
        {
            if (Run.IsCompleted)
                await Run;
            try
            {
                using HttpResponseMessage ready = await Http.GetAsync("/readyz");
                if (ready.IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(20);
        }

        throw new TimeoutException("the coordinator did not start: " + Log);
    }
}
