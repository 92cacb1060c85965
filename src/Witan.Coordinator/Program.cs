using Witan.Agent;
using Witan.Coordinator;
using Witan.Coordinator.Stores;
using Witan.Dstack;

// The container's entry point: settings come from the environment, names as in the deployment documents.
ParentGuard.Arm();
using ProgramSignals signals = new();
try
{
    await CoordinatorHost.RunAsync(
        new CoordinatorOptions
        {
            Listen = Environment.GetEnvironmentVariable("WITAN_LISTEN") ?? "0.0.0.0",
            Port = int.Parse(Environment.GetEnvironmentVariable("PORT") ?? "3000"),
            State = Environment.GetEnvironmentVariable("WITAN_STATE") ?? "/var/lib/witan",
            LocalMode = Environment.GetEnvironmentVariable("LOCAL_MODE"),
            Collateral = Environment.GetEnvironmentVariable("WITAN_COLLATERAL"),
            DevelopmentRoot = Environment.GetEnvironmentVariable("WITAN_DEVELOPMENT_ROOT"),
            MinimumWorkers = Number("MIN_WORKERS"),
            MaximumWorkers = Number("MAX_WORKERS"),
            Policy = Environment.GetEnvironmentVariable("WITAN_POLICY") ?? "phala",
            Requesters = (Environment.GetEnvironmentVariable("WITAN_REQUESTERS") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries),
        },
        Console.Error,
        TimeProvider.System,
        signals.Token);
    return 0;
}
catch (Exception e) when (e is SettingException or StoreException or DstackException or FormatException)
{
    await Console.Error.WriteLineAsync($"coordinator: error: {e.Message}");
    return 2;
}

static int? Number(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text
    ? int.TryParse(text, out int value) && value > 0 ? value : throw new SettingException($"{variable} is {text}, no number above 0")
    : null;
