using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Witan.Dstack.Cloud;
using Witan.Tests.Harness;

namespace Witan.Tests.Cloud;

/// <summary>
/// The Phala Cloud API on a loopback port: provision, commit, update, states on a controlled clock, events, errors in the
/// service's own shapes, and the gateway with the app behind it. Everything it was asked is in <see cref="Requests"/>.
/// </summary>
internal sealed class PhalaCloudServer : IAsyncDisposable
{
    public const string Key = "phak_test-key-0123456789";

    private readonly WebApplication _app;
    private int _probes;
    private volatile bool _hangs;
    private readonly ConcurrentQueue<(string Match, Func<HttpContext, Task<bool>> Answer)> _scripted = new();
    private readonly Channel<(string Type, string Data)> _events = Channel.CreateUnbounded<(string, string)>();

    private PhalaCloudServer(ManualTimeProvider clock)
    {
        Clock = clock;
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0));
        _app = builder.Build();
        _app.Run(HandleAsync);
    }

    public ManualTimeProvider Clock { get; }

    public Uri Address => new(_app.Urls.First());

    public ConcurrentQueue<string> Requests { get; } = new();

    public ConcurrentDictionary<string, SimulatedCvm> Cvms { get; } = new(StringComparer.Ordinal);

    /// <summary>From commit to "running".</summary>
    public TimeSpan BootTime { get; set; } = TimeSpan.Zero;

    /// <summary>From commit to the first answer of the app.</summary>
    public TimeSpan AppTime { get; set; } = TimeSpan.Zero;

    public string? BootError { get; set; }

    /// <summary>What the app answers to a question for evidence over a nonce.</summary>
    public Func<SimulatedCvm, string, string>? Evidence { get; set; }

    public bool OffersEvents { get; set; }

    public int Events { get; private set; }

    /// <summary>How often the app's own path was asked for through the gateway.</summary>
    public int Probes => Volatile.Read(ref _probes);

    /// <summary>Whether a request of <see cref="Hang"/> or <see cref="HangAfter"/> has come, and of the latter been carried out.</summary>
    public bool IsHanging => _hangs;

    public static async Task<PhalaCloudServer> StartAsync(ManualTimeProvider? clock = null)
    {
        var server = new PhalaCloudServer(clock ?? new ManualTimeProvider(new DateTimeOffset(2026, 11, 1, 0, 0, 0, TimeSpan.Zero)));
        await server._app.StartAsync();
        return server;
    }

    public PhalaCloudClient Client(HttpClient http, string? key = null) => new(
        http, new CloudApiKey(key ?? Key), new PhalaCloudOptions { Address = new Uri(Address, "api/v1") }, TimeProvider.System);

    /// <summary>The next request whose "METHOD path" contains <paramref name="match"/> is answered so, and not carried out.</summary>
    public void Next(string match, int status, string body = "", string? retryAfter = null) => _scripted.Enqueue((match, async context =>
    {
        context.Response.StatusCode = status;
        if (retryAfter is not null)
            context.Response.Headers.RetryAfter = retryAfter;
        await context.Response.WriteAsync(body);
        return true;
    }
    ));

    /// <summary>The next such request gets no answer until its sender gives up.</summary>
    public void Hang(string match) => _scripted.Enqueue((match, async context =>
    {
        _hangs = true;
        await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return true;
    }
    ));

    /// <summary>The next such request is carried out, and gets no answer until its sender gives up.</summary>
    public void HangAfter(string match) => _scripted.Enqueue((match, async context =>
    {
        await RouteAsync(context, discard: true);
        _hangs = true;
        await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return true;
    }
    ));

    /// <summary>The next such request first runs <paramref name="action"/>, then is carried out as usual.</summary>
    public void Before(string match, Action action) => _scripted.Enqueue((match, _ =>
    {
        action();
        return Task.FromResult(false);
    }
    ));

    /// <summary>The next such request is carried out, and its answer is lost: the connection breaks.</summary>
    public void LoseAnswer(string match) => _scripted.Enqueue((match, async context =>
    {
        await RouteAsync(context, discard: true);
        context.Abort();
        return true;
    }
    ));

    public void PushEvent(string type, string data) => _events.Writer.TryWrite((type, data));

    public SimulatedCvm Add(string name, string compose = "services: {}")
    {
        var cvm = new SimulatedCvm(name, SimulatedCvm.AppIdOf(name), compose, Clock.GetUtcNow());
        Cvms[name] = cvm;
        return cvm;
    }

    public int Count(string request) => Requests.Count(each => each.StartsWith(request, StringComparison.Ordinal));

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext context)
    {
        string path = context.Request.Path.Value!;
        if (path.StartsWith("/gateway/", StringComparison.Ordinal))
        {
            if (!path.EndsWith("/v1/evidence", StringComparison.Ordinal))
                Interlocked.Increment(ref _probes);
            SimulatedCvm? behind = Cvms.Values.FirstOrDefault(cvm => path.StartsWith($"/gateway/{cvm.AppId}", StringComparison.Ordinal));
            bool up = behind is not null && Clock.GetUtcNow() - behind.Started >= AppTime;
            context.Response.StatusCode = up ? 200 : 502;
            if (up && path.EndsWith("/v1/evidence", StringComparison.Ordinal) && Evidence is not null)
                await context.Response.WriteAsync(Evidence(behind!, context.Request.Query["nonce"]!));
            return;
        }

        string request = $"{context.Request.Method} {path.Replace("/api/v1/", "", StringComparison.Ordinal)}";
        Requests.Enqueue(request);
        if (_scripted.TryPeek(out var scripted) && request.Contains(scripted.Match, StringComparison.Ordinal) && _scripted.TryDequeue(out scripted)
            && await scripted.Answer(context))
        {
            return;
        }

        if (path.StartsWith("/logs/", StringComparison.Ordinal))
            await context.Response.WriteAsync(Log(context));
        else if (context.Request.Headers["X-API-Key"] != Key)
            await Refuse(context, 401, """{"detail":"Invalid API key"}""");
        else
            await RouteAsync(context, discard: false);
    }

    private static string Log(HttpContext context) => context.Request.Headers.ContainsKey("X-API-Key")
        ? "the key leaked\n"
        : """
          {"channel":"stdout","message":"cHVsbGluZyBpbWFnZQ=="}
          {"channel":"stdout","message":"plain"}
          raw line

          """;

    private async Task RouteAsync(HttpContext context, bool discard)
    {
        string[] parts = context.Request.Path.Value!.Split('/', StringSplitOptions.RemoveEmptyEntries)[2..];
        using var reader = new StreamReader(context.Request.Body);
        string text = await reader.ReadToEndAsync(context.RequestAborted);
        JsonObject body = text.Length == 0 ? [] : JsonNode.Parse(text)!.AsObject();
        (int status, string answer) = (context.Request.Method, parts) switch
        {
            ("GET", ["cvms"]) => (200, $"[{string.Join(',', Cvms.Values.Select(Describe))}]"),
            ("POST", ["cvms", "provision"]) => Provision(body),
            ("POST", ["cvms"]) => Commit(body),
            (_, ["cvms", var id, .. var rest]) => Find(id) is { } cvm
                ? await CvmAsync(context, cvm, rest, body)
                : (404, """{"detail":"CVM not found"}"""),
            ("GET", ["kms", var kms, "pubkey", var app]) => KmsKey?.Invoke(kms, app) is { } key ? (200, key) : (404, """{"detail":"no such app"}"""),
            _ => (404, """{"detail":"Not Found"}"""),
        };
        if (discard || status == 0)
            return;
        await Refuse(context, status, answer);
    }

    /// <summary>Answers for the environment key of an app.</summary>
    public Func<string, string, string?>? KmsKey { get; set; }

    /// <summary>What the platform adds to a compose before it measures it.</summary>
    public string EnvironmentPublicKey { get; set; } = new('a', 64);

    private (int, string) Provision(JsonObject body)
    {
        string name = (string?)body["name"] ?? "";
        if (name.Length < 5)
            return (422, """{"detail":[{"loc":["body","name"],"msg":"String should have at least 5 characters","type":"string_too_short"}]}""");
        if (Cvms.ContainsKey(name))
            return (409, """{"detail":{"error_code":"ERR-01-004","message":"CVM name already exists","details":[{"field":"name","value":"x","message":"taken"}],"suggestions":["Choose another name"]}}""");
        string compose = (string)body["compose_file"]!["docker_compose_file"]!;
        Prepared[SimulatedCvm.AppIdOf(name)] = (name, compose, Names(body["compose_file"]!));
        return (200, $$"""{"app_id":"{{SimulatedCvm.AppIdOf(name)}}","compose_hash":"{{SimulatedCvm.HashOf(compose)}}","app_env_encrypt_pubkey":"{{EnvironmentPublicKey}}","fmspc":"b0c06f000000","kms_id":"kms_1","kms_info":{"id":"kms_1","slug":"phala-prod"} }""");
    }

    /// <summary>Names that were provisioned and not yet committed, by app id: the server keeps them, as the real one does.</summary>
    public ConcurrentDictionary<string, (string Name, string Compose, string[] AllowedEnvs)> Prepared { get; } = new(StringComparer.Ordinal);

    private (int, string) Commit(JsonObject body)
    {
        string app = (string)body["app_id"]!;
        if (Cvms.Values.Any(cvm => cvm.AppId == app))
            return (409, """{"error_code":"ERR-03-007","message":"app_id conflict"}""");
        (string name, string compose, string[] allowed) = Prepared[app];
        var cvm = Add(name, compose);
        cvm.AllowedEnvs = allowed;
        cvm.EncryptedEnvironment = (string?)body["encrypted_env"];
        return (200, Describe(cvm));
    }

    private static string[] Names(JsonNode compose) => [.. compose["allowed_envs"]!.AsArray().Select(each => (string)each!)];

    private async Task<(int, string)> CvmAsync(HttpContext context, SimulatedCvm cvm, string[] rest, JsonObject body)
    {
        switch (context.Request.Method, rest)
        {
            case ("GET", []):
                return (200, Describe(cvm));
            case ("DELETE", []):
                Cvms.TryRemove(cvm.Name, out _);
                return (204, "");
            case ("GET", ["state"]) when context.Request.Headers.Accept == "text/event-stream":
                await StreamAsync(context);
                return (0, "");
            case ("GET", ["state"]):
                return (200, State(cvm));
            case ("GET", ["network"]):
                return (200, $$"""{"is_online":true,"public_urls":[{"app":"{{new Uri(Address, $"gateway/{cvm.AppId}")}}","instance":null}]}""");
            case ("GET", ["composition"]):
                return (200, $$"""{"containers":[{"names":["/app"],"log_endpoint":"{{new Uri(Address, "logs/secret-token")}}"}]}""");
            case ("GET", ["attestation"]):
                return (200, new JsonObject { ["is_online"] = true, ["tcb_info"] = new JsonObject { ["app_compose"] = System.Text.Encoding.UTF8.GetString(SimulatedCvm.EnvelopeOf(cvm.Compose)) } }.ToJsonString());
            case ("GET", ["compose_file"]):
                return (200, new JsonObject { ["name"] = "", ["docker_compose_file"] = cvm.Compose, ["allowed_envs"] = new JsonArray([.. cvm.AllowedEnvs.Select(each => (JsonNode)each!)]), ["public_logs"] = false, ["public_sysinfo"] = false, ["gateway_enabled"] = true, ["kms_enabled"] = true }.ToJsonString());
            case ("POST", ["compose_file", "provision"]):
                cvm.Proposed = (string)body["docker_compose_file"]!;
                cvm.ProposedEnvs = Names(body);
                return (200, $$"""{"app_id":"{{cvm.AppId}}","compose_hash":"{{SimulatedCvm.HashOf(cvm.Proposed)}}","app_env_encrypt_pubkey":"{{EnvironmentPublicKey}}","kms_id":"kms_1"}""");
            case ("PATCH", ["compose_file"]):
                if (cvm.Proposed is null || SimulatedCvm.HashOf(cvm.Proposed) != (string?)body["compose_hash"])
                    return (466, """{"detail":"prepared change expired"}""");
                cvm.Compose = cvm.Proposed;
                cvm.AllowedEnvs = cvm.ProposedEnvs;
                cvm.EncryptedEnvironment = (string?)body["encrypted_env"] ?? cvm.EncryptedEnvironment;
                cvm.Started = Clock.GetUtcNow();
                return (202, "{}");
            case ("POST", ["restart"]):
                cvm.Started = Clock.GetUtcNow();
                return (200, "{}");
            default:
                return (404, """{"detail":"Not Found"}""");
        }
    }

    private async Task StreamAsync(HttpContext context)
    {
        if (!OffersEvents)
        {
            await Refuse(context, 429, """{"detail":"Too many streams"}""");
            return;
        }

        Events++;
        context.Response.ContentType = "text/event-stream";
        await context.Response.Body.FlushAsync(context.RequestAborted);
        try
        {
            await foreach ((string type, string data) in _events.Reader.ReadAllAsync(context.RequestAborted))
            {
                if (type == "close")
                    return;
                await context.Response.WriteAsync($"event: {type}\ndata: {data}\n\n", context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
            }
        }
        catch (OperationCanceledException)
        {
            // The watcher has gone.
        }
    }

    private SimulatedCvm? Find(string id) => Cvms.Values.FirstOrDefault(cvm => id == cvm.Name || id == cvm.VmUuid || id == "app_" + cvm.AppId);

    private string State(SimulatedCvm cvm)
    {
        bool up = Clock.GetUtcNow() - cvm.Started >= BootTime;
        return up && BootError is not null
            ? JsonSerializer.Serialize(new { name = cvm.Name, status = "stopped", boot_error = BootError })
            : JsonSerializer.Serialize(new { name = cvm.Name, status = up ? "running" : "starting", boot_progress = up ? "" : "loading image", boot_error = "" });
    }

    private string Describe(SimulatedCvm cvm) =>
        $$"""{"id":17,"vm_uuid":"{{cvm.VmUuid}}","name":"{{cvm.Name}}","app_id":"{{cvm.AppId}}","compose_hash":"{{SimulatedCvm.HashOf(cvm.Compose)}}","status":"{{(Clock.GetUtcNow() - cvm.Started >= BootTime ? "running" : "starting")}}","instance_type":"tdx.small","endpoints":[{"app":"{{new Uri(Address, $"gateway/{cvm.AppId}")}}","instance":null}]}""";

    private static async Task Refuse(HttpContext context, int status, string body)
    {
        context.Response.StatusCode = status;
        if (body.Length > 0)
        {
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(body);
        }
    }
}
