using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Witan.Agent;
using Witan.Coordinator.Api;
using Witan.Coordinator.Dispatch;
using Witan.Coordinator.Settlement;
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
    /// <see cref="DstackException"/> where it cannot start, and <see cref="StoreException"/> where its disk was rolled back.
    /// </summary>
    public static async Task RunAsync(CoordinatorOptions options, TextWriter log, TimeProvider clock, CancellationToken cancellationToken)
    {
        TextWriter lines = TextWriter.Synchronized(log);
        ExecutionSettings execution = ExecutionSettings.Resolve(
            options.LocalMode, options.DevelopmentRoot is not null, options.Socket, options.Listen, options.Target);
        CouncilPolicy policy = CoordinatorPolicy.Read(options);
        ISettlementTarget target = options.Target == "local-record"
            ? new LocalRecord()
            : throw new SettingException($"there is no settlement target {options.Target}", "local-record");
        using DstackClient? dstack = execution.Socket is null ? null : new DstackClient(execution.Socket);
        using AgentSecrets secrets = dstack is null
            ? AgentSecrets.FromDirectory(options.State)
            : await AgentSecrets.FromDstackAsync(dstack, AgentRole.Coordinator, cancellationToken);
        EvidenceJudge? judge = dstack is null ? null : JudgeSettings.Create(options.Collateral, options.DevelopmentRoot, policy.Appraisal, policy.WorstLevel, clock);

        await using IRecordStore store = SqliteStore.Open(options.State, clock);
        await using var core = new CoordinatorCore(new CoordinatorParts(
            secrets, dstack, judge, execution.Mode, policy, store, IsShared: false, target, options.Requesters, options.Lease, lines.WriteLine, clock));
        await core.StartAsync(cancellationToken);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, core.Stopped);
        await using WebApplication app = Build(options, core);
        try
        {
            await app.StartAsync(stop.Token);
        }
        catch (IOException e)
        {
            throw new SettingException($"cannot listen on {options.Listen}:{options.Port}: {e.Message}", "choose another port with --port");
        }

        if (execution.Mode == ExecutionMode.Local)
            lines.WriteLine(ExecutionSettings.LocalWarning);
        lines.WriteLine($"policy {policy.Name} {core.Policy.Hash().Short()}");
        lines.WriteLine($"coordinator {secrets.Keys.AgentId.Short()} listens on http://{options.Listen}:{options.Port} ({execution.Mode.Mark() ?? "production"})");
        ServiceNotifier.Ready($"listens on {options.Listen}:{options.Port} ({execution.Mode.Mark() ?? "production"})");
        await ServeAsync(core, stop.Token);
        // Open requests get a moment; what is not acknowledged by then is asked for again.
        using var grace = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await app.StopAsync(grace.Token);
        if (core.Damage is { } damage)
            throw new StoreException(damage);
    }

    private static async Task ServeAsync(CoordinatorCore core, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var local = new LocalDispatch(core.Desk, core.Tasks, http);
        Task book = core.Book.RunAsync(cancellationToken);
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                // Without what is due by itself a coordinator would look alive and decide nothing.
                if (book.IsFaulted)
                    await book;
                if (core.Mode == ExecutionMode.Local)
                    await local.DispatchAsync(cancellationToken);
                await Task.Delay(TimeSpan.FromMilliseconds(100), core.Clock, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Told to stop.
        }

        await book.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static WebApplication Build(CoordinatorOptions options, CoordinatorCore core)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = Exchange.EvidenceLimit;
            kestrel.Limits.MaxRequestHeadersTotalSize = 16 << 10;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 1024, gracePeriod: TimeSpan.FromSeconds(5));
            kestrel.Listen(Address(options.Listen), options.Port);
        });
        builder.Services.AddSingleton<IHostLifetime, CallerLifetime>();
        WebApplication app = builder.Build();
        app.UseMiddleware<ProblemMiddleware>(core);
        StatusRoutes.Map(app, core);
        AdmissionRoutes.Map(app, core);
        ProposalRoutes.Map(app, core);
        WorkerRoutes.Map(app, core);
        TrusteeRoutes.Map(app, core);
        return app;
    }

    private static IPAddress Address(string listen) => IPAddress.TryParse(listen == "localhost" ? "127.0.0.1" : listen, out IPAddress? address)
        ? address
        : throw new SettingException($"{listen} is no address to listen on", "127.0.0.1, or 0.0.0.0 in a container");
}
