using Witan.Dstack;

namespace Witan.Agent;

/// <summary>
/// What the entry points of the containers do alike: settings come from the environment, the guest agent is awaited, a signal ends the program, and what
/// an operator can mend is said in one line.
/// </summary>
public static class ContainerProgram
{
    private static readonly (string Variable, string Setting)[] s_settings =
    [
        ("WITAN_COORDINATOR", nameof(Agent.AgentOptions.Coordinator)),
        ("WITAN_COORDINATOR", nameof(Agent.AgentOptions.OtherCoordinators)),
        ("WITAN_COORDINATOR_CA", nameof(Agent.AgentOptions.CoordinatorAuthority)),
        ("WITAN_POLICY", nameof(Agent.AgentOptions.Policy)),
        ("WITAN_STATE", nameof(Agent.AgentOptions.State)),
        ("LOCAL_MODE", nameof(Agent.AgentOptions.LocalMode)),
        ("WITAN_COLLATERAL", nameof(Agent.AgentOptions.Collateral)),
        ("WITAN_DEVELOPMENT_ROOT", nameof(Agent.AgentOptions.DevelopmentRoot)),
    ];

    /// <summary>Runs until told to stop; gives the exit code. <paramref name="name"/> stands before what goes wrong.</summary>
    public static async Task<int> RunAsync(string name, Func<CancellationToken, Task> run)
    {
        ParentGuard.Arm();
        using ProgramSignals signals = new();
        try
        {
            await GuestAgentWait.RunAsync(Environment.GetEnvironmentVariable, DstackEndpoint.Paths, Console.Error, TimeProvider.System, signals.Token);
            await run(signals.Token);
            return 0;
        }
        catch (OperationCanceledException) when (signals.Token.IsCancellationRequested)
        {
            return 0; // told to stop before it had begun
        }
        catch (Exception e) when (ProgramFailure.IsExpected(e))
        {
            await ProgramFailure.WriteAsync(name, e, Console.Error);
            return ProgramFailure.ExitCode;
        }
    }

    /// <summary>
    /// How a worker or trustee runs, by the variables of <c>docs/manual/agents.md</c>. <paramref name="nameVariable"/> gives its name for people, which
    /// is <paramref name="role"/> where it is not set; <paramref name="more"/> are variables of the role, for the
    /// origins. Throws <see cref="SettingException"/> for an address that is none.
    /// </summary>
    public static AgentOptions AgentOptions(string nameVariable, string role, params IEnumerable<(string Variable, string Setting)> more)
    {
        IReadOnlyList<Uri> coordinators = CoordinatorList.Parse(Environment.GetEnvironmentVariable("WITAN_COORDINATOR"));
        return new AgentOptions
        {
            Name = Environment.GetEnvironmentVariable(nameVariable) ?? role,
            Coordinator = coordinators[0],
            OtherCoordinators = [.. coordinators.Skip(1)],
            CoordinatorAuthority = Environment.GetEnvironmentVariable("WITAN_COORDINATOR_CA"),
            Policy = Environment.GetEnvironmentVariable("WITAN_POLICY") ?? "phala",
            State = Environment.GetEnvironmentVariable("WITAN_STATE") ?? "/var/lib/witan",
            LocalMode = Environment.GetEnvironmentVariable("LOCAL_MODE"),
            Collateral = Environment.GetEnvironmentVariable("WITAN_COLLATERAL"),
            DevelopmentRoot = Environment.GetEnvironmentVariable("WITAN_DEVELOPMENT_ROOT"),
            Origins = SettingOrigins.OfEnvironment([.. s_settings, (nameVariable, nameof(Agent.AgentOptions.Name)), .. more], Environment.GetEnvironmentVariable),
        };
    }
}
