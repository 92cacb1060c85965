using Witan.Agent;
using Witan.Coordinator;

// The container's entry point: settings come from the environment, names as in docs/manual/agents.md.
return await ContainerProgram.RunAsync("coordinator", token => CoordinatorHost.RunAsync(
    new CoordinatorOptions
    {
        Listen = Environment.GetEnvironmentVariable("WITAN_LISTEN") ?? "0.0.0.0",
        Port = EnvironmentNumber.Port("PORT", 3000),
        State = Environment.GetEnvironmentVariable("WITAN_STATE") ?? "/var/lib/witan",
        Store = Environment.GetEnvironmentVariable("WITAN_STORE"),
        LocalMode = Environment.GetEnvironmentVariable("LOCAL_MODE"),
        Collateral = Environment.GetEnvironmentVariable("WITAN_COLLATERAL"),
        DevelopmentRoot = Environment.GetEnvironmentVariable("WITAN_DEVELOPMENT_ROOT"),
        MinimumWorkers = EnvironmentNumber.Of("MIN_WORKERS"),
        MaximumWorkers = EnvironmentNumber.Of("MAX_WORKERS"),
        Target = Environment.GetEnvironmentVariable("WITAN_SETTLEMENT") ?? "local-record",
        TlsCertificate = Environment.GetEnvironmentVariable("WITAN_TLS_CERTIFICATE"),
        TlsKey = Environment.GetEnvironmentVariable("WITAN_TLS_KEY"),
        Policy = Environment.GetEnvironmentVariable("WITAN_POLICY") ?? "phala",
        RequestsPerSecond = Environment.GetEnvironmentVariable("WITAN_REQUESTS_PER_SECOND") == "0" ? 0 : EnvironmentNumber.Of("WITAN_REQUESTS_PER_SECOND") ?? 1000,
        MaximumConnections = EnvironmentNumber.Of("WITAN_MAX_CONNECTIONS") ?? 20_000,
        Metrics = Environment.GetEnvironmentVariable("WITAN_METRICS") == "true",
        Origins = EnvironmentOrigins.Of(Environment.GetEnvironmentVariable),
        Requesters = (Environment.GetEnvironmentVariable("WITAN_REQUESTERS") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries),
    },
    Console.Error,
    TimeProvider.System,
    token));
