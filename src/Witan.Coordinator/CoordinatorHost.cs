using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Witan.Agent;
using Witan.Coordinator.Api;
using Witan.Coordinator.Dispatch;
using Witan.Coordinator.Limits;
using Witan.Coordinator.Settlement;
using Witan.Coordinator.Stores;
using Witan.Coordinator.Stores.Postgres;
using Witan.Coordinator.Stores.Sqlite;
using Witan.Coordinator.Telemetry;
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
        LogLines lines = LogLines.Of(log, "coordinator", clock);
        ExecutionSettings execution = ExecutionSettings.Resolve(
            options.LocalMode, options.DevelopmentRoot is not null, options.Socket, options.Listen, options.Target);
        CouncilPolicy policy = CoordinatorPolicy.Read(options);
        using DstackClient? dstack = execution.Socket is null ? null : new DstackClient(execution.Socket);
        bool isShared = options.Store is not null && IsPostgres(options.Store);
        using AgentSecrets secrets = dstack is null
            ? AgentSecrets.FromDirectory(options.State)
            : await AgentSecrets.FromDstackAsync(dstack, AgentRole.Coordinator, isShared, cancellationToken);
        ISettlementTarget target = SettlementTargets.Create(options.Target, secrets.SigningSeed);
        using var targetLifetime = target as IDisposable;
        EvidenceJudge? judge = dstack is null ? null : JudgeSettings.Create(options.Collateral, options.DevelopmentRoot, policy, clock);

        await using IRecordStore store = isShared
            ? await PostgresStore.OpenAsync(options.Store!, clock, cancellationToken)
            : SqliteStore.Open(options.State, clock);
        await using var core = new CoordinatorCore(new CoordinatorParts(
            secrets, new Attester(dstack), judge, execution.Mode, policy, store, isShared, Node(secrets, options, isShared), options.State, target, options.Requesters, options.Lease, lines.WriteLine, clock));
        await core.StartAsync(cancellationToken);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, core.Stopped);
        TlsCertificate? tls = (options.TlsCertificate, options.TlsKey) switch
        {
            (null, null) => null,
            ({ } chain, { } key) => new TlsCertificate(chain, key, lines.WriteLine),
            _ => throw new SettingException("TLS needs a certificate and its key", "--tls-certificate FILE --tls-key FILE"),
        };
        using OtlpExport? export = OtlpExport.Start();
        using var metrics = new PrometheusText(core.Telemetry.Meter);
        await using WebApplication app = Build(options, core, metrics, tls);
        try
        {
            await app.StartAsync(stop.Token);
        }
        catch (IOException e)
        {
            throw new SettingException($"cannot listen on {options.Listen}:{options.Port}: {e.Message}", "choose another port with --port");
        }

        foreach (string setting in CoordinatorSettings.Of(options, Environment.GetEnvironmentVariable))
            lines.WriteLine(setting);
        if (execution.Mode.Warning() is { } warning)
            lines.WriteLine(warning);
        lines.WriteLine($"store {(store is PostgresStore postgres ? postgres.Address : options.State)}");
        lines.WriteLine($"policy {policy.Name} {core.Policy.Hash().Short()}");
        lines.WriteLine($"coordinator {secrets.Keys.AgentId.Short()} listens on {(tls is null ? "http" : "https")}://{options.Listen}:{options.Port} ({execution.Mode.Mark() ?? "production"})");
        ServiceNotifier.Ready($"listens on {options.Listen}:{options.Port} ({execution.Mode.Mark() ?? "production"})");
        await ServeAsync(core, stop.Token);
        // Whoever waits is answered, and what is in work is finished; what is not acknowledged by then is asked for again.
        await core.DrainAsync();
        using var grace = new CancellationTokenSource(options.DrainTime);
        await app.StopAsync(grace.Token);
        if (core.Damage is { } damage)
            throw new StoreException(damage);
    }

    private static async Task ServeAsync(CoordinatorCore core, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var local = new LocalDispatch(core.Desk, core.Tasks, http);
        Task book = core.Book.RunAsync(cancellationToken);
        Task others = core.FollowOthersAsync(cancellationToken);
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                // Without what is due by itself a coordinator would look alive and decide nothing.
                if (book.IsFaulted)
                    await book;
                if (others.IsFaulted)
                    await others;
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
        await others.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static WebApplication Build(CoordinatorOptions options, CoordinatorCore core, PrometheusText metrics, TlsCertificate? tls)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = options.MaximumConnections;
            kestrel.Limits.MaxRequestBodySize = Exchange.EvidenceLimit;
            kestrel.Limits.MaxRequestHeadersTotalSize = 16 << 10;
            kestrel.Limits.RequestHeadersTimeout = SlowSenders.Default.Most;
            kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(SlowSenders.BytesPerSecond, SlowSenders.Default.Most);
            kestrel.Listen(Address(options.Listen), options.Port, listen =>
            {
                SlowSenders.Default.Limit(listen);
                if (tls is not null)
                    listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => ValueTask.FromResult(Authenticate(tls)) });
            });
        });
        builder.Services.AddSingleton<IHostLifetime, CallerLifetime>();
        builder.Services.AddSingleton(new BodyMemory(BodyMemory.Default));
        builder.Services.AddRateLimiter(limiter => RequestLimits.Apply(limiter, options, core));
        WebApplication app = builder.Build();
        SlowSenders.Default.Apply(app);
        app.UseMiddleware<TelemetryMiddleware>(core.Telemetry);
        app.UseMiddleware<ProblemMiddleware>(core);
        app.UseRateLimiter();
        app.UseMiddleware<IdempotencyMiddleware>(core);
        StatusRoutes.Map(app, core);
        MetricsRoute.Map(app, metrics, options.Metrics);
        AdmissionRoutes.Map(app, core);
        ProposalRoutes.Map(app, core);
        WorkerRoutes.Map(app, core);
        TrusteeRoutes.Map(app, core);
        return app;
    }

    // The embedded store is locked to one process. Instances of one app have each their own id; in LOCAL_MODE, where there is none, no two
    // listen in one place.
    private static string Node(AgentSecrets secrets, CoordinatorOptions options, bool isShared) => isShared
        ? string.Create(CultureInfo.InvariantCulture, $"{secrets.Instance}@{Environment.MachineName}:{options.Port}")
        : "embedded";

    private static SslServerAuthenticationOptions Authenticate(TlsCertificate tls) => new()
    {
        ServerCertificateContext = tls.Current,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
    };

    private static bool IsPostgres(string store) => PostgresAddress.IsPostgres(store)
        ? true
        : throw new SettingException("the store's address is no postgres:// URL", "leave it out for one file in the state directory");

    private static IPAddress Address(string listen) => IPAddress.TryParse(listen == "localhost" ? "127.0.0.1" : listen, out IPAddress? address)
        ? address
        : throw new SettingException($"{listen} is no address to listen on", "127.0.0.1, or 0.0.0.0 in a container");
}
