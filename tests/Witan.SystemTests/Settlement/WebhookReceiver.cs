using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Witan.SystemTests.Settlement;

/// <summary>A real HTTP server that keeps what is posted to it and answers as it is told, one answer a call.</summary>
internal sealed class WebhookReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<Call> _calls = new();

    private WebhookReceiver(WebApplication app) => _app = app;

    /// <summary>What was posted.</summary>
    public sealed record Call(string Path, string Key, byte[] Body);

    public IReadOnlyList<Call> Calls => [.. _calls];

    public string Address => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    /// <summary>Starts it. <paramref name="answer"/> gets the number of the call, from 1, and gives the status.</summary>
    public static async Task<WebhookReceiver> StartAsync(Func<int, int> answer)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        WebApplication app = builder.Build();
        var receiver = new WebhookReceiver(app);
        app.MapPost("/{**path}", async (HttpContext context) =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            receiver._calls.Enqueue(new Call(context.Request.Path, context.Request.Headers["Idempotency-Key"].ToString(), body.ToArray()));
            int status = answer(receiver._calls.Count);
            context.Response.StatusCode = status;
            if (status is >= 300 and < 400)
                context.Response.Headers.Location = "/elsewhere";
            await context.Response.WriteAsync("taken");
        });
        await app.StartAsync();
        return receiver;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
