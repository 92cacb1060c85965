using Witan.Dstack;
using Witan.Faults.Processes;

namespace Witan.Faults.Containers;

/// <summary>A simulator outside of all containers, with one guest agent's socket for each of them.</summary>
public sealed class SimulatedGuests : IDisposable
{
    private readonly string _folder;
    private readonly AgentProcess _simulator;

    private SimulatedGuests(string folder, AgentProcess simulator) => (_folder, _simulator) = (folder, simulator);

    /// <summary>The file with the development root, PEM.</summary>
    public string RootFile => Path.Combine(_folder, "root.pem");

    /// <summary>Collateral under the development root, JSON.</summary>
    public string Collateral => File.ReadAllText(Path.Combine(_folder, "collateral.json"));

    /// <summary>The socket of a machine.</summary>
    public string Socket(string name) => Path.Combine(_folder, $"{name}.sock");

    /// <summary>Starts it for machines of the form ROLE-NUMBER; machines of one role are instances of one app.</summary>
    public static async Task<SimulatedGuests> StartAsync(string folder, IReadOnlyList<string> machines, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        string[] sockets = [.. machines.SelectMany(name => new[] { "--socket", $"{name.Split('-')[0]}/{name}={Path.Combine(folder, $"{name}.sock")}" })];
        var simulator = new AgentProcess("simulator", _ => AgentProcess.Witan([], ["simulator", "--state", folder, .. sockets]));
        simulator.Start();
        var guests = new SimulatedGuests(folder, simulator);
        await CouncilUnderTest.UntilAsync(() => machines.All(name => File.Exists(guests.Socket(name))), "the simulator serves", simulator, cancellationToken);
        // As in a guest, where whoever is given the socket may use it.
        foreach (string name in machines)
            File.SetUnixFileMode(guests.Socket(name), (UnixFileMode)0b110_110_110);
        return guests;
    }

    /// <summary>What the guest of a machine says of itself: its compose hash and its OS image among it.</summary>
    public async Task<InfoResponse> InfoAsync(string name, CancellationToken cancellationToken)
    {
        using var agent = new DstackClient(Socket(name));
        return await agent.InfoAsync(cancellationToken);
    }

    /// <summary>Leaves the socket of a machine to root alone.</summary>
    public void Close(string name) => File.SetUnixFileMode(Socket(name), UnixFileMode.UserRead | UnixFileMode.UserWrite);

    /// <inheritdoc />
    public void Dispose() => _simulator.Dispose();
}
