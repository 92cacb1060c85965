using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Witan.Agent;
using Witan.Voting;
using Witan.Worker.Deliberation;
using Witan.Worker.Memory;

namespace Witan.Worker;

/// <summary>
/// Runs a worker: outbound only, it asks for tasks. In LOCAL_MODE alone it also listens on loopback and takes tasks that the
/// coordinator sends directly.
/// </summary>
public static class WorkerHost
{
    /// <summary>
    /// Runs until told to stop. Throws where it cannot start, and where an owner is set who did not sign the <paramref name="profile"/> that the
    /// mind was made from.
    /// </summary>
    public static async Task RunAsync(
        AgentOptions options, WorkerOptions worker, IDeliberator deliberator, TextWriter log, TimeProvider clock, CancellationToken cancellationToken, SignedProfile? profile = null)
    {
        try
        {
            await StartAsync(options, worker, deliberator, log, clock, profile, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Told to stop while it started.
        }
    }

    private static async Task StartAsync(
        AgentOptions options, WorkerOptions worker, IDeliberator deliberator, TextWriter log, TimeProvider clock, SignedProfile? profile, CancellationToken cancellationToken)
    {
        if (worker.Owner is { } signer && profile?.IsSignedBy(signer) != true)
        {
            throw new SettingException(
                $"the profile{(profile is null ? "" : $" {profile.Hash}")} is not signed by this worker's owner {signer}",
                "witan worker profile sign FILE --owner-key FILE writes FILE.sig, which belongs beside the profile, or into WITAN_PROFILE_SIGNATURE");
        }

        using AgentProgram program = await AgentProgram.StartAsync(options, AgentRole.Worker, log, clock, cancellationToken);
        int port = worker.Port;
        await program.LogSettingsAsync(
            [
                ("Profile", profile is null ? null : $"SHA-256 {profile.Hash}, {(worker.Owner is null ? "no owner is set" : "signed by the owner")}"),
                (nameof(worker.Port), SettingLines.Number(port)),
                (nameof(worker.Owner), worker.Owner?.ToString()),
                (nameof(worker.Notes), SettingLines.Number(worker.Notes.Count)),
                (nameof(worker.CastWindow), SettingLines.Seconds(worker.CastWindowOf(deliberator))),
            ],
            [
                .. new[] { Deliberators.EndpointVariable, Deliberators.ModelVariable, Deliberators.SignaturesVariable, Deliberators.CollateralVariable, Deliberators.ComposeVariable }
                    .Select(variable => (variable, false)),
                .. Deliberators.KeyVariables.Select(variable => (variable, true)),
            ]);
        byte[] owner = worker.Owner is { } key ? key.Bytes.ToArray() : await MemoryOwner.OfAppAsync(program.AppKeyAsync, cancellationToken);
        var store = new MemoryStore(
            Path.Combine(options.State, WorkerMind.FileName), (epoch, token) => program.AppKeyAsync($"witan/worker/memory/{epoch}", token));
        var mind = new WorkerMind(store, owner, clock);
        await program.LogAsync(await mind.StartAsync(cancellationToken));
        if (worker.Notes.Count > 0)
        {
            (int added, int leftOut) = await mind.TeachAsync(worker.Notes, cancellationToken);
            await program.LogAsync($"notes of the owner: {added} new, {worker.Notes.Count - added} known");
            if (leftOut > 0)
                await program.LogAsync($"the oldest notes are not put before the mind ({leftOut}): it takes {Recollection.MaximumCharacters} characters of them");
        }

        var desk = new BallotDesk(program, deliberator, mind, worker.CastWindowOf(deliberator), clock);
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
        await program.RunAsync(AgentRole.Worker, $"http://127.0.0.1:{port}", token => TakeTaskAsync(program, desk, token), cancellationToken);
        await app.StopAsync(CancellationToken.None);
    }

    private static async Task TakeTaskAsync(AgentProgram program, BallotDesk desk, CancellationToken cancellationToken)
    {
        if (await program.Client.GetAsync("v1/tasks/next", WireJson.Default.TaskAssignment, cancellationToken) is { } task)
            desk.Start(task.Proposal, cancellationToken);
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
        // Every answer says what it is, also one that no route gives.
        app.Use((context, next) =>
        {
            context.Response.Headers["Witan-Mark"] = program.Mode.Mark();
            context.Response.Headers["Witan-Warning"] = program.Mode.Warning();
            return next(context);
        });
        app.MapGet("/", context =>
        {
            context.Response.ContentType = "application/json";
            return context.Response.WriteAsync(
                $$"""{"message":"Worker Agent is running","status":"healthy","workerDid":"{{program.Secrets.Keys.Did()}}","port":{{port}},"mark":"{{program.Mode.Mark()}}","warning":"{{program.Mode.Warning()}}"}""");
        });
        app.MapPost("/api/task/execute", async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            // Whoever calls may only make the worker look at its own coordinator: it votes on what it replays there, once.
            if (!StrictJson.TryRead(body.ToArray(), WireJson.Default.TaskAssignment, out TaskAssignment? task, out _))
            {
                context.Response.StatusCode = StatusCodes.Status400BadRequest;
                return;
            }

            desk.Start(task.Proposal, stopping);
            await context.Response.WriteAsync("""{"message":"Task started"}""");
        });
        return app;
    }
}
