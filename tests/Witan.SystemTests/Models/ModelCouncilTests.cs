using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Witan.SystemTests.Council;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.SystemTests.Models;

/// <summary>A council whose workers ask a server that speaks the OpenAI-compatible protocol.</summary>
public sealed class ModelCouncilTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-model-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Workers_vote_as_their_model_says()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        int port = WitanProgram.Ports(6), asked = 0;
        await using WebApplication server = Server(port + 5, () => Interlocked.Increment(ref asked));
        await server.StartAsync(cancel);
        string grant = Path.Combine(SharedData.Repository, "examples", "treasury-grant.md");
        using Process up = WitanProgram.Start(
            [("WITAN_MODEL_ENDPOINT", $"http://127.0.0.1:{port + 5}/v1"), ("WITAN_MODEL", "test-model")],
            ["up", "--once", "--propose", grant, "--out", _folder, "--port", $"{port}"]);
        Task<string> output = up.StandardOutput.ReadToEndAsync(cancel), error = up.StandardError.ReadToEndAsync(cancel);
        await up.WaitForExitAsync(cancel);
        Assert.True(up.ExitCode == 0, await error);
        // The built-in rules would approve this one.
        Assert.Contains("Rejected", await output, StringComparison.Ordinal);
        Assert.Equal(3, asked);
    }

    private static WebApplication Server(int port, Action ask)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        WebApplication app = builder.Build();
        app.MapPost("/v1/chat/completions", async context =>
        {
            ask();
            await context.Response.WriteAsync(
                """
                {"id":"c","model":"test-model","choices":[{"message":{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":
                {"name":"dao_vote","arguments":"{\"vote\":\"Reject\",\"reasoning\":\"no\"}"}}]}}]}
                """);
        });
        return app;
    }
}
