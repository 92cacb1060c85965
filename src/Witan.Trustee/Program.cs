using Witan.Agent;
using Witan.Dstack;
using Witan.Trustee;

// The container's entry point: settings come from the environment, names as in the deployment documents.
ParentGuard.Arm();
using ProgramSignals signals = new();
try
{
    await TrusteeHost.RunAsync(
        new AgentOptions
        {
            Name = Environment.GetEnvironmentVariable("WITAN_NAME") ?? "trustee",
            Coordinator = new Uri(Environment.GetEnvironmentVariable("WITAN_COORDINATOR") ?? throw new SettingException("WITAN_COORDINATOR names no coordinator")),
            State = Environment.GetEnvironmentVariable("WITAN_STATE") ?? "/var/lib/witan",
            LocalMode = Environment.GetEnvironmentVariable("LOCAL_MODE"),
            Collateral = Environment.GetEnvironmentVariable("WITAN_COLLATERAL"),
            DevelopmentRoot = Environment.GetEnvironmentVariable("WITAN_DEVELOPMENT_ROOT"),
        },
        Console.Error,
        TimeProvider.System,
        signals.Token);
    return 0;
}
catch (Exception e) when (e is SettingException or DstackException or FormatException or IOException)
{
    await Console.Error.WriteLineAsync($"trustee: error: {e.Message}");
    return 2;
}
