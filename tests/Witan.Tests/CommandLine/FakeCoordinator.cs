using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Witan.Tests.Cloud;
using Witan.Voting;

namespace Witan.Tests.CommandLine;

/// <summary>A real HTTP server in a coordinator's place, which answers whatever a test says.</summary>
internal sealed class FakeCoordinator : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Func<HttpContext, Task>> _answers = new(StringComparer.Ordinal);
    private readonly WebApplication _app;

    private FakeCoordinator(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.First());

    public static async Task<FakeCoordinator> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        WebApplication app = builder.Build();
        var fake = new FakeCoordinator(app);
        app.Run(context => fake._answers.TryGetValue(context.Request.Path, out Func<HttpContext, Task>? answer) ? answer(context) : NotFound(context));
        await app.StartAsync();
        return fake;
    }

    /// <summary>What a path answers, as long as nothing else is said.</summary>
    public FakeCoordinator Answers(string path, Func<HttpContext, Task> answer)
    {
        _answers[path] = answer;
        return this;
    }

    /// <summary>A path that answers with these bytes.</summary>
    public FakeCoordinator Answers(string path, byte[] body, int status = 200, string type = "application/json") => Answers(path, context =>
    {
        (context.Response.StatusCode, context.Response.ContentType) = (status, type);
        return context.Response.Body.WriteAsync(body).AsTask();
    });

    public FakeCoordinator Answers(string path, string body, int status = 200) => Answers(path, Encoding.UTF8.GetBytes(body), status);

    public FakeCoordinator Answers<T>(string path, T value, JsonTypeInfo<T> type) => Answers(path, JsonSerializer.SerializeToUtf8Bytes(value, type));

    /// <summary>One run of the command line against it.</summary>
    public Task<CommandRun> RunAsync(params string[] arguments) => CommandRun.RunAsync([.. arguments, "--coordinator", Address.ToString()]);

    /// <summary>What a coordinator says of a record.</summary>
    public static ProposalSummary Summary(RecordState state) => new(
        state.ProposalId, state.Body.Title, state.State, state.Size, state.Roster.Count, state.Ballots.Count, state.Partials.Count,
        state.Outcome?.Decision, state.Body.CloseAt, "", "");

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await _app.StopAsync(limit.Token);
        await _app.DisposeAsync();
    }

    private static Task NotFound(HttpContext context)
    {
        context.Response.StatusCode = 404;
        return Task.CompletedTask;
    }
}
