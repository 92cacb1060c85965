using Witan.Agent;
using Witan.Dstack;
using Witan.Worker;
using Witan.Worker.Deliberation;

// The container's entry point: settings come from the environment, names as in the deployment documents.
ParentGuard.Arm();
using ProgramSignals signals = new();
try
{
    string profile = Environment.GetEnvironmentVariable("WITAN_PROFILE") ?? throw new SettingException("WITAN_PROFILE names no profile");
    using var http = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
    await WorkerHost.RunAsync(
        new AgentOptions
        {
            Name = Environment.GetEnvironmentVariable("WORKER_DISPLAY_NAME") ?? "worker",
            Coordinator = new Uri(Environment.GetEnvironmentVariable("WITAN_COORDINATOR") ?? throw new SettingException("WITAN_COORDINATOR names no coordinator")),
            State = Environment.GetEnvironmentVariable("WITAN_STATE") ?? "/var/lib/witan",
            LocalMode = Environment.GetEnvironmentVariable("LOCAL_MODE"),
            Collateral = Environment.GetEnvironmentVariable("WITAN_COLLATERAL"),
            DevelopmentRoot = Environment.GetEnvironmentVariable("WITAN_DEVELOPMENT_ROOT"),
        },
        int.Parse(Environment.GetEnvironmentVariable("PORT") ?? "3001"),
        Deliberators.Create(WorkerProfile.Parse(await File.ReadAllBytesAsync(profile)), http, TimeProvider.System),
        Console.Error,
        TimeProvider.System,
        signals.Token);
    return 0;
}
catch (Exception e) when (e is SettingException or DstackException or FormatException or IOException)
{
    await Console.Error.WriteLineAsync($"worker: error: {e.Message}");
    return 2;
}
