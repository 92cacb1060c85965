using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Witan.Load;

/// <summary>
/// The attackers: thousands of connections that trickle a byte now and then, and a flood of admissions that are begun and not finished. Writes a line
/// of numbers ten times a second, and ends when its input ends.
/// </summary>
internal static class Attack
{
    private static readonly TimeSpan BetweenBytes = TimeSpan.FromSeconds(2);
    private static int s_open;
    private static int s_opened;
    private static int s_answered;
    private static int s_sentAway;

    public static async Task<int> RunAsync(Uri address, int connections, int flood)
    {
        using var stop = new CancellationTokenSource();
        using var http = new HttpClient { BaseAddress = address };
        Task attack = Task.WhenAll(SlowAsync(address, connections, stop.Token), FloodAsync(http, flood, stop.Token));
        Task<int> ended = Task.Run(Console.In.Read);
        while (!ended.IsCompleted)
        {
            Console.WriteLine(string.Create(
                System.Globalization.CultureInfo.InvariantCulture, $"{Volatile.Read(ref s_open)} {Volatile.Read(ref s_opened)} {Volatile.Read(ref s_answered)} {Volatile.Read(ref s_sentAway)}"));
            await Task.WhenAny(ended, Task.Delay(100));
        }

        await stop.CancelAsync();
        await attack.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return 0;
    }

    private static Task SlowAsync(Uri address, int connections, CancellationToken cancellationToken) =>
        Task.WhenAll(Enumerable.Range(0, connections).Select(async i =>
        {
            await Task.Delay(i / 4, cancellationToken);
            byte[] head = Encoding.ASCII.GetBytes(i % 2 == 0
                ? $"GET /v1/nonce HTTP/1.1\r\nHost: {address.Authority}\r\nX: "
                : $"POST /v1/admission HTTP/1.1\r\nHost: {address.Authority}\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n");
            while (!cancellationToken.IsCancellationRequested)
            {
                await TrickleAsync(address, head, cancellationToken);
                await Task.Delay(200, cancellationToken);
            }
        }));

    private static async Task TrickleAsync(Uri address, byte[] head, CancellationToken cancellationToken)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        bool open = false;
        try
        {
            await socket.ConnectAsync(IPAddress.Parse(address.Host), address.Port, cancellationToken);
            open = true;
            Interlocked.Increment(ref s_open);
            Interlocked.Increment(ref s_opened);
            await socket.SendAsync(head, cancellationToken);
            while (true)
            {
                await Task.Delay(BetweenBytes, cancellationToken);
                await socket.SendAsync("x"u8.ToArray(), cancellationToken);
            }
        }
        catch (SocketException)
        {
            // It was closed for being slow: come again.
        }
        finally
        {
            if (open)
                Interlocked.Decrement(ref s_open);
        }
    }

    // Every second one goes on with evidence that is none; the others only take a nonce.
    private static async Task FloodAsync(HttpClient http, int perSecond, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        for (long sent = 0; !cancellationToken.IsCancellationRequested; sent++)
        {
            TimeSpan early = TimeSpan.FromSeconds(sent / (double)perSecond) - Stopwatch.GetElapsedTime(start);
            if (early > TimeSpan.FromMilliseconds(5))
                await Task.Delay(early, cancellationToken);
            _ = OnceAsync(http, sent % 2 == 0, cancellationToken);
        }
    }

    private static async Task OnceAsync(HttpClient http, bool goesOn, CancellationToken cancellationToken)
    {
        try
        {
            using HttpResponseMessage answer = goesOn
                ? await http.PostAsync("v1/admission", new StringContent("""{"role":"worker","name":"flood"}""", Encoding.UTF8, "application/json"), cancellationToken)
                : await http.GetAsync("v1/nonce", cancellationToken);
            Interlocked.Increment(ref s_answered);
            if (answer.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable)
                Interlocked.Increment(ref s_sentAway);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            // Closed, or over.
        }
    }
}
