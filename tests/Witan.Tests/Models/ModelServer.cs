using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Witan.Tests.Models;

/// <summary>A real HTTP server that speaks chat completion, and lies, stalls, streams or babbles when told to.</summary>
internal sealed class ModelServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ModelServer(WebApplication app) => _app = app;

    public ConcurrentQueue<byte[]> Requests { get; } = new();

    public ConcurrentQueue<IHeaderDictionary> Headers { get; } = new();

    public Uri Address { get; private set; } = null!;

    /// <summary>Starts a server; <paramref name="answer"/> gets the number of the request, from 0.</summary>
    public static async Task<ModelServer> StartAsync(Func<HttpContext, int, Task> answer, Func<HttpContext, Task>? signature = null, Action<byte[]>? seen = null, Func<HttpContext, Task>? report = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        WebApplication app = builder.Build();
        var server = new ModelServer(app);
        int count = -1;
        app.MapPost("/v1/chat/completions", async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            server.Requests.Enqueue(body.ToArray());
            seen?.Invoke(body.ToArray());
            server.Headers.Enqueue(new HeaderDictionary(context.Request.Headers.ToDictionary(StringComparer.OrdinalIgnoreCase)));
            await answer(context, Interlocked.Increment(ref count));
        });
        if (signature is not null)
            app.MapGet("/v1/signature/{id}", (HttpContext context) => signature(context));
        if (report is not null)
            app.MapGet("/v1/attestation/report", (HttpContext context) => report(context));
        await app.StartAsync();
        string address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        server.Address = new Uri(address + "/v1");
        return server;
    }

    /// <summary>A whole completion that calls the tool with these arguments.</summary>
    public static string Completion(string arguments, string tool = "dao_vote", long tokens = 100) =>
        $$$"""
        {"id":"chatcmpl-1","object":"chat.completion","model":"test-model","choices":[{"index":0,"message":{"role":"assistant",
        "content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"{{{tool}}}",
        "arguments":{{{System.Text.Json.JsonSerializer.Serialize(arguments)}}}}}]},"finish_reason":"tool_calls"}],
        "usage":{"prompt_tokens":60,"completion_tokens":40,"total_tokens":{{{tokens}}}}}
        """;

    public static Task Write(HttpContext context, string text, string type = "application/json")
    {
        context.Response.ContentType = type;
        return context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(text)).AsTask();
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(new CancellationTokenSource(TimeSpan.FromMilliseconds(200)).Token);
        await _app.DisposeAsync();
    }
}
