using System.Text.Json;
using System.Text.Json.Serialization;
using Witan.Cli.CommandLine;
using Witan.Dstack;
using Witan.Dstack.Simulator;

namespace Witan.Cli.Commands.Simulator;

/// <summary>Says where the simulator serves: lines that a shell takes as they are, or JSON.</summary>
internal static class SimulatorAnnouncement
{
    public static void Write(Terminal terminal, SimulatorOptions options, SimulatorServer server, bool json)
    {
        string root = Path.Combine(options.State, "root.pem"), collateral = Path.Combine(options.State, "collateral.json");
        SimulatedCvm first = server.Machines[0];
        string? Endpoint(SimulatorService service) =>
            options.Sockets.FirstOrDefault(socket => socket.Service == service || socket.Service == SimulatorService.GuestAndTappd)?.Path ?? server.Address?.ToString().TrimEnd('/');
        if (json)
        {
            var line = new SimulatorJson(
                "witan.simulator/1",
                options.Profile == SimulatorProfile.Consistent ? "consistent" : "upstream-fixture",
                options.Version.ToString(3),
                Endpoint(SimulatorService.Guest),
                Endpoint(SimulatorService.Tappd),
                server.Address?.ToString().TrimEnd('/'),
                root,
                collateral,
                [.. server.Machines.Select(machine => new SimulatedMachineJson(machine.AppName, machine.Name, machine.AppId, machine.InstanceId, machine.ComposeHash))],
                "simulated");
            terminal.Out.WriteLine(JsonSerializer.Serialize(line, SimulatorJsonContext.Default.SimulatorJson));
        }
        else
        {
            if (Endpoint(SimulatorService.Guest) is { } guest)
                terminal.Out.WriteLine($"export {DstackEndpoint.Variable}={guest}");
            if (Endpoint(SimulatorService.Tappd) is { } tappd)
                terminal.Out.WriteLine($"export {DstackEndpoint.TappdVariable}={tappd}");
        }

        terminal.Out.Flush();
        terminal.Error.WriteLine($"simulator: {server.Machines.Count} machine(s) under a development root; evidence says: simulated");
        terminal.Error.WriteLine($"simulator: app {first.AppId}, compose hash {first.ComposeHash}");
        terminal.Error.WriteLine($"simulator: verify with --simulated --trust-root {root} --collateral {collateral}");
        if (options is { Profile: SimulatorProfile.UpstreamFixture, AppCompose: null })
            terminal.Error.WriteLine("simulator: as upstream's, this profile's compose hash is not that of its compose file; evidence does not verify against the file");
    }
}

internal sealed record SimulatedMachineJson(string App, string Instance, string AppId, string InstanceId, string ComposeHash);

internal sealed record SimulatorJson(
    string Schema,
    string Profile,
    string AgentVersion,
    string? Endpoint,
    string? TappdEndpoint,
    string? Address,
    string TrustRoot,
    string Collateral,
    IReadOnlyList<SimulatedMachineJson> Machines,
    string Mark);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SimulatorJson))]
internal sealed partial class SimulatorJsonContext : JsonSerializerContext;
