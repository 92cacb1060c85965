using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Witan.Agent;
using Witan.Voting;
using Witan.Worker.Deliberation;

namespace Witan.Worker;

/// <summary>
/// Runs a worker: outbound only, it asks for tasks. In LOCAL_MODE alone it also listens on loopback and takes tasks that the
/// coordinator sends directly.
/// </summary>
public static class WorkerHost
{
    /// <summary>Runs until told to stop. Throws where it cannot start.</summary>
    public static async Task RunAsync(
        AgentOptions options, int port, IDeliberator deliberator, TextWriter log, TimeProvider clock, CancellationToken cancellationToken)
    {
        using AgentProgram program = await AgentProgram.StartAsync(options, AgentRole.Worker, log, clock, cancellationToken);
        using var desk = new BallotDesk(program, deliberator);
        if (program.Mode != ExecutionMode.Local)
        {
            await program.RunAsync(AgentRole.Worker, "", token => TakeTaskAsync(program, desk, token), cancellationToken);
            return;
        }

        await using WebApplication app = BuildLocal(program, desk, port, cancellationToken);
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (IOException e)
        {
            throw new SettingException($"cannot listen on 127.0.0.1:{port}: {e.Message}", "choose another port with --port");
        }

        await program.LogAsync($"listens on http://127.0.0.1:{port}");
        await program.RunAsync(AgentRole.Worker, $"http://127.0.0.1:{port}", token => Task.Delay(TimeSpan.FromSeconds(1), clock, token), cancellationToken);
        await app.StopAsync(CancellationToken.None);
    }

    private static async Task TakeTaskAsync(AgentProgram program, BallotDesk desk, CancellationToken cancellationToken)
    {
        if (await program.Client.GetAsync("v1/tasks/next", WireJson.Default.TaskAssignment, cancellationToken) is { } task)
            await desk.ExecuteAsync(task.Proposal, cancellationToken);
    }

    private static WebApplication BuildLocal(AgentProgram program, BallotDesk desk, int port, CancellationToken stopping)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 64 * 1024;
            kestrel.Listen(IPAddress.Loopback, port);
        });
        builder.Services.AddSingleton<IHostLifetime, CallerLifetime>();
        WebApplication app = builder.Build();
        app.MapGet("/", context => context.Response.WriteAsync(
            $$"""{"message":"Worker Agent is running","status":"healthy","workerDid":"{{program.Secrets.Keys.Did()}}","port":{{port}},"mark":"{{program.Mode.Mark()}}"}"""));
        app.MapPost("/api/task/execute", async context =>
        {
            TaskAssignment? task;
            try
            {
                task = await JsonSerializer.DeserializeAsync(context.Request.Body, WireJson.Default.TaskAssignment, context.RequestAborted);
            }
            catch (JsonException)
            {
                task = null;
            }

            if (task is null)
            {
                context.Response.StatusCode = StatusCodes.Status400BadRequest;
                return;
            }

            // The caller only starts the task; the ballot takes its own way.
            _ = ExecuteAsync(program, desk, task.Proposal, stopping);
            await context.Response.WriteAsync("""{"message":"Task started"}""");
        });
        return app;
    }

    private static async Task ExecuteAsync(AgentProgram program, BallotDesk desk, Digest proposal, CancellationToken stopping)
    {
        try
        {
            await desk.ExecuteAsync(proposal, stopping);
        }
        catch (Exception e) when (e is HttpRequestException or CoordinatorException or InvalidDataException or OperationCanceledException or IOException)
        {
            // The lease brings the task again.
            await program.LogAsync($"proposal {proposal.Short()}: {e.Message}");
        }
    }
}
