using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Witan.Agent;
using Xunit;

namespace Witan.SystemTests.Faults;

/// <summary>A coordinator's machine that dies closes no connection and refuses none: agents have to notice by themselves.</summary>
public sealed class SilentMachineTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("while an answer is waited for")]
    [InlineData("before the next request on a kept connection")]
    [InlineData("before a connection")]
    public async Task An_agent_leaves_a_coordinator_whose_machine_died_within_five_seconds(string when)
    {
        Assert.SkipUnless(SilentMachine.Missing is null, SilentMachine.Missing ?? "");
        using var machine = new SilentMachine();
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        _ = AnswerAsync(other, int.MaxValue);
        using HttpClient http = CoordinatorHttp.Create([machine.Address, new Uri($"http://{other.LocalEndpoint}")], null, TimeSpan.FromSeconds(60));
        if (when == "before the next request on a kept connection")
        {
            Task one = AnswerAsync(machine.Listener, 1);
            Assert.Equal("ok", await http.GetStringAsync(new Uri("x", UriKind.Relative), Cancel));
            await one;
        }

        Task<string>? poll = null;
        if (when == "while an answer is waited for")
        {
            poll = http.GetStringAsync(new Uri("poll", UriKind.Relative), Cancel);
            using Socket accepted = await machine.Listener.AcceptSocketAsync(Cancel);
            await accepted.ReceiveAsync(new byte[4096], SocketFlags.None, Cancel);
            machine.Cut();
            await LeftAsync(poll);
        }
        else
        {
            machine.Cut();
            await LeftAsync(http.GetStringAsync(new Uri("x", UriKind.Relative), Cancel));
        }

        Assert.Equal("ok", await http.GetStringAsync(new Uri("x", UriKind.Relative), Cancel));
    }

    private static async Task LeftAsync(Task<string> request)
    {
        long start = Stopwatch.GetTimestamp();
        // The time of a connection attempt is the client's own, and comes as a cancellation.
        Exception e = await Assert.ThrowsAnyAsync<Exception>(() => request);
        Assert.True(e is HttpRequestException or TaskCanceledException, e.ToString());
        // Five, and as many more as a machine that is busy with other tests may take; the kernel alone would take minutes.
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 20);
    }

    private static async Task AnswerAsync(TcpListener listener, int requests)
    {
        try
        {
            for (int i = 0; i < requests; i++)
            {
                Socket accepted = await listener.AcceptSocketAsync(Cancel);
                await accepted.ReceiveAsync(new byte[4096], SocketFlags.None, Cancel);
                await accepted.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"u8.ToArray(), SocketFlags.None, Cancel);
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The test has ended.
        }
    }
}
