using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Witan.Agent;
using Witan.Coordinator.Admission;
using Witan.Coordinator.Api;
using Witan.Coordinator.Proposals;
using Witan.Coordinator.Stores;
using Witan.Coordinator.Stores.Sqlite;
using Witan.Dstack;
using Witan.Voting;

namespace Witan.Coordinator;

/// <summary>Puts a coordinator together and runs it until it is told to stop.</summary>
public static class CoordinatorHost
{
    /// <summary>
    /// Runs. Lines for people go to <paramref name="log"/>. Throws <see cref="SettingException"/>, <see cref="StoreException"/> or
    /// <see cref="DstackException"/> where it cannot start.
    /// </summary>
    public static async Task RunAsync(CoordinatorOptions options, TextWriter log, TimeProvider clock, CancellationToken cancellationToken)
    {
        ExecutionSettings execution = ExecutionSettings.Resolve(
            options.LocalMode, options.DevelopmentRoot is not null, options.Socket, options.Listen, options.Target);
        using DstackClient? dstack = execution.Socket is null ? null : new DstackClient(execution.Socket);
        using AgentSecrets secrets = dstack is null
            ? AgentSecrets.FromDirectory(options.State)
            : await AgentSecrets.FromDstackAsync(dstack, AgentRole.Coordinator, cancellationToken);
        EvidenceJudge? judge = dstack is null ? null : JudgeSettings.Create(options.Collateral, options.DevelopmentRoot, options.Policy, options.WorstLevel, clock);
        Digest policy = new(SHA256.HashData(Encoding.UTF8.GetBytes($"witan/policy/v1 {options.Policy} {options.WorstLevel} {execution.Mode}")));

        await using IRecordStore store = await SqliteStore.OpenAsync(options.State, cancellationToken);
        var nonces = new NonceIssuer(secrets.SigningSeed, secrets.Keys.Signing, clock);
        var desk = new AdmissionDesk(store, secrets, execution.Mode, judge, policy, nonces, options, clock);
        var book = new ProposalBook(store, secrets, desk, options, execution.Mode, clock);
        await desk.LoadAsync(cancellationToken);
        await book.LoadAsync(cancellationToken);
        var tasks = new TaskBoard(book, options, clock);
        var pulse = new Pulse();
        var api = new CoordinatorApi(
            store, secrets, dstack, desk, book, tasks, new RequestAuthentication(desk, clock), options, execution.Mode, pulse, clock);
        await using WebApplication app = Build(options, api);
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (IOException e)
        {
            throw new SettingException($"cannot listen on {options.Listen}:{options.Port}: {e.Message}", "choose another port with --port");
        }

        if (execution.Mode == ExecutionMode.Local)
            await log.WriteLineAsync(ExecutionSettings.LocalWarning);
        await log.WriteLineAsync($"coordinator {secrets.Keys.AgentId.Short()} listens on http://{options.Listen}:{options.Port} ({Describe(execution.Mode)})");
        await log.FlushAsync(cancellationToken);
        book.OnAppended = state => log.WriteLine($"proposal {state.ProposalId.Short()}: event {state.Size - 1}, {state.State}");
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var local = new LocalDispatch(desk, tasks, http);
        await DriveAsync(book, execution.Mode == ExecutionMode.Local ? local : null, pulse, log, clock, cancellationToken);
        await app.StopAsync(CancellationToken.None);
    }

    private static string Describe(ExecutionMode mode) => mode.Mark() ?? "production";

    private static async Task DriveAsync(ProposalBook book, LocalDispatch? local, Pulse pulse, TextWriter log, TimeProvider clock, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            Task beat = pulse.NextAsync();
            try
            {
                await book.DriveAsync(cancellationToken);
                if (local is not null)
                    await local.DispatchAsync(cancellationToken);
                // Workers that wait for a task look again when a proposal began to take ballots.
                await Task.WhenAny(beat, Task.Delay(TimeSpan.FromMilliseconds(250), clock, cancellationToken));
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (StoreException e)
            {
                await log.WriteLineAsync($"storage: {e.Message}");
                await Task.Delay(TimeSpan.FromSeconds(1), clock, CancellationToken.None);
            }
        }
    }

    private static WebApplication Build(CoordinatorOptions options, CoordinatorApi api)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = RequestAuthentication.MaximumBody;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Listen(IPAddress.Parse(options.Listen == "localhost" ? "127.0.0.1" : options.Listen), options.Port);
        });
        builder.Services.AddSingleton<IHostLifetime, CallerLifetime>();
        WebApplication app = builder.Build();
        app.Use(async (context, next) =>
        {
            try
            {
                await next(context);
            }
            catch (StoreException e) when (!context.Response.HasStarted)
            {
                await CoordinatorApi.ProblemAsync(context, Problems.Storage(e.Message));
            }
            catch (DstackException e) when (!context.Response.HasStarted)
            {
                await CoordinatorApi.ProblemAsync(context, new Problem("about:blank", e.Message, 503, "GUEST_AGENT", "try again"));
            }
            catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
            {
                // The caller went away.
            }
        });
        api.Map(app);
        return app;
    }
}
