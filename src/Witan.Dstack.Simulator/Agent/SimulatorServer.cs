using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Witan.Dstack.Simulator.Pki;

namespace Witan.Dstack.Simulator;

/// <summary>One socket of a simulator: where it listens, and which machine answers.</summary>
/// <param name="App">The app; instances of one app share their keys.</param>
/// <param name="Instance">The instance.</param>
/// <param name="Path">Path of the unix socket, at most 107 bytes.</param>
public sealed record SimulatorSocket(string App, string Instance, string Path);

/// <summary>
/// A guest agent for machines without a TEE: real formats, real signatures, under a development root of its own seed. One
/// process serves many machines, each on its own socket. Every reply has a Content-Length; every error is a 400 with
/// <c>{"error": …}</c>, as from the real agent.
/// </summary>
public sealed class SimulatorServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly DevelopmentPki _pki;
    private readonly TdQuoteAuthor _author;

    private SimulatorServer(WebApplication app, DevelopmentPki pki, TdQuoteAuthor author) => (_app, _pki, _author) = (app, pki, author);

    /// <summary>
    /// Starts a simulator and writes <c>root.pem</c> and <c>collateral.json</c> into <paramref name="state"/>: what a verifier
    /// needs to verify its evidence. <paramref name="seed"/> has at least 16 bytes; the same seed is the same root and the same keys.
    /// </summary>
    public static async Task<SimulatorServer> StartAsync(
        byte[] seed, string state, IReadOnlyList<SimulatorSocket> sockets, TimeProvider clock, CancellationToken cancellationToken)
    {
        var pki = new DevelopmentPki(seed);
        var author = new TdQuoteAuthor(pki, seed);
        Directory.CreateDirectory(state);
        await File.WriteAllTextAsync(Path.Combine(state, "root.pem"), pki.RootPem, cancellationToken);
        await File.WriteAllBytesAsync(Path.Combine(state, "collateral.json"), pki.Collateral(clock.GetUtcNow()), cancellationToken);

        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var machines = new Dictionary<string, SimulatedCvm>(StringComparer.Ordinal);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = 10 << 20;
            foreach (SimulatorSocket socket in sockets)
            {
                // A socket left by a process that was killed would refuse the address.
                File.Delete(socket.Path);
                machines[socket.Path] = new SimulatedCvm(seed, author, socket.App, socket.Instance);
                kestrel.ListenUnixSocket(socket.Path);
            }
        });
        WebApplication app = builder.Build();
        app.Run(context => AnswerAsync(context, machines));
        await app.StartAsync(cancellationToken);
        return new SimulatorServer(app, pki, author);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _author.Dispose();
        _pki.Dispose();
    }

    private static async Task AnswerAsync(HttpContext context, Dictionary<string, SimulatedCvm> machines)
    {
        string? path = (context.Features.Get<Microsoft.AspNetCore.Connections.Features.IConnectionSocketFeature>()?.Socket.LocalEndPoint)?.ToString();
        byte[] body;
        try
        {
            SimulatedCvm machine = machines[path ?? ""];
            string method = context.Request.Path.Value?.TrimStart('/') ?? "";
            body = JsonSerializer.SerializeToUtf8Bytes(AgentMethods.Answer(machine, method, await ReadAsync(context.Request)));
        }
        catch (AgentException e)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            body = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string>(StringComparer.Ordinal) { ["error"] = e.Message });
        }

        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body);
    }

    private static async Task<Dictionary<string, string>> ReadAsync(HttpRequest request)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in request.Query)
            fields[pair.Key] = pair.Value.ToString();
        if (!HttpMethods.IsPost(request.Method) || request.ContentLength is null or 0)
            return fields;
        try
        {
            using JsonDocument json = await JsonDocument.ParseAsync(request.Body);
            foreach (JsonProperty member in json.RootElement.EnumerateObject())
                fields[member.Name] = member.Value.ValueKind == JsonValueKind.String ? member.Value.GetString()! : member.Value.GetRawText();
            return fields;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new AgentException("Failed to parse request body as JSON");
        }
    }
}
