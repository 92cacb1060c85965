using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Witan.Coordinator.Api;
using Witan.Coordinator.Limits;
using Xunit;

namespace Witan.Tests.Coordinator;

public sealed class SlowSendersTests
{
    private const string Request = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody";
    // Long enough for a proper head to come in time on a machine that is busy with other tests.
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(6);

    // A busy machine closes late, never early.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public void Times_are_drawn_over_the_whole_range()
    {
        // Drawn, not measured: a busy machine closes many late and together. Forty draws within a quarter of the range: less than once in 10^20.
        TimeSpan[] times = [.. Enumerable.Range(0, 40).Select(_ => SlowSenders.Default.Draw())];
        Assert.All(times, time => Assert.InRange(time, TimeSpan.FromSeconds(10), SlowSenders.Default.Most));
        Assert.True(times.Max() - times.Min() > TimeSpan.FromSeconds(5), $"drawn from {times.Min()} to {times.Max()}");
    }

    [Fact]
    public async Task Heads_that_trickle_are_closed_in_their_time()
    {
        await using WebApplication app = await StartAsync(HttpProtocols.Http1);
        TimeSpan[] closed = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => UntilClosedAsync(app, "GET / HTTP/1.1\r\nHost: x\r\nX: ")));
        Assert.All(closed, time => Assert.InRange(time, Least - TimeSpan.FromMilliseconds(50), Most + Patience));
    }

    [Fact]
    public async Task A_connection_that_says_nothing_is_closed_in_its_time()
    {
        await using WebApplication app = await StartAsync(HttpProtocols.Http1);
        Assert.InRange(await UntilClosedAsync(app, ""), Least - TimeSpan.FromMilliseconds(50), Most + Patience);
    }

    [Fact]
    public async Task A_body_that_trickles_is_answered_408_and_closed()
    {
        await using WebApplication app = await StartAsync(HttpProtocols.Http1);
        using Socket socket = await ConnectAsync(app);
        long start = Stopwatch.GetTimestamp();
        await SendAsync(socket, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nb");
        string answer = await ReadAsync(socket);
        Assert.StartsWith("HTTP/1.1 408 ", answer, StringComparison.Ordinal);
        Assert.InRange(Stopwatch.GetElapsedTime(start), Least - TimeSpan.FromSeconds(1), Most + Patience);
    }

    [Fact]
    public async Task A_connection_that_has_brought_a_request_stays_beyond_that_time()
    {
        await using WebApplication app = await StartAsync(HttpProtocols.Http1);
        using Socket socket = await ConnectAsync(app);
        await SendAsync(socket, Request);
        Assert.StartsWith("HTTP/1.1 200 ", await ReadAsync(socket), StringComparison.Ordinal);
        await Task.Delay(Most + TimeSpan.FromSeconds(1));
        await SendAsync(socket, Request);
        Assert.StartsWith("HTTP/1.1 200 ", await ReadAsync(socket), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requests_of_http2_are_served_on_one_connection_beyond_that_time()
    {
        await using WebApplication app = await StartAsync(HttpProtocols.Http2);
        using var http = new HttpClient { BaseAddress = Address(app), DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        string first = await PostAsync(http);
        await Task.Delay(Most + TimeSpan.FromSeconds(1));
        Assert.Equal(first, await PostAsync(http));
    }

    [Fact]
    public async Task A_coordinator_closes_who_says_nothing_and_keeps_who_asked()
    {
        await using RunningCoordinator coordinator = await RunningCoordinator.StartAsync();
        using Socket good = await ConnectAsync(coordinator.Http.BaseAddress!);
        await SendAsync(good, "GET /v1/nonce HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 ", await ReadAsync(good), StringComparison.Ordinal);
        // The first of many draws comes soon after the least time.
        Task<TimeSpan> first = await Task.WhenAny(Enumerable.Range(0, 20).Select(_ => UntilClosedAsync(coordinator.Http.BaseAddress!, "")));
        Assert.InRange(await first, TimeSpan.FromSeconds(9.9), SlowSenders.Default.Most + Patience);
        await SendAsync(good, "GET /v1/nonce HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 ", await ReadAsync(good), StringComparison.Ordinal);
    }

    // Answers with the connection's name, once the body has come.
    private static async Task<WebApplication> StartAsync(HttpProtocols protocols)
    {
        var slow = new SlowSenders(Least, Most);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = protocols;
            slow.Limit(listen);
        }));
        WebApplication app = builder.Build();
        slow.Apply(app);
        app.Run(async context =>
        {
            await Exchange.BytesAsync(context, Exchange.DefaultLimit);
            await context.Response.WriteAsync(context.Connection.Id);
        });
        await app.StartAsync();
        return app;
    }

    private static async Task<string> PostAsync(HttpClient http)
    {
        using HttpResponseMessage answer = await http.PostAsync("/", new StringContent("body"));
        return await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync();
    }

    private static Task<TimeSpan> UntilClosedAsync(WebApplication app, string head) => UntilClosedAsync(Address(app), head);

    private static async Task<TimeSpan> UntilClosedAsync(Uri address, string head)
    {
        long start = Stopwatch.GetTimestamp();
        using Socket socket = await ConnectAsync(address);
        await SendAsync(socket, head);
        await ReadAsync(socket);
        return Stopwatch.GetElapsedTime(start);
    }

    // What comes next; nothing where it was closed.
    private static async Task<string> ReadAsync(Socket socket)
    {
        byte[] answer = new byte[4096];
        using var patience = new CancellationTokenSource(Most + (2 * Patience));
        try
        {
            return Encoding.ASCII.GetString(answer, 0, await socket.ReceiveAsync(answer, patience.Token));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            return "";
        }
    }

    private static async Task SendAsync(Socket socket, string text) => await socket.SendAsync(Encoding.ASCII.GetBytes(text), CancellationToken.None);

    private static Task<Socket> ConnectAsync(WebApplication app) => ConnectAsync(Address(app));

    private static async Task<Socket> ConnectAsync(Uri address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, address.Port, CancellationToken.None);
        return socket;
    }

    private static Uri Address(WebApplication app) =>
        new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
}
