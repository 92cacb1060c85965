using System.Net;

namespace Witan.Dstack.Simulator;

/// <summary>Which service a socket serves.</summary>
public enum SimulatorService
{
    /// <summary>The guest agent's: dstack.sock.</summary>
    Guest,

    /// <summary>The legacy one: tappd.sock.</summary>
    Tappd,

    /// <summary>Both on one socket, which no real guest has: the agent's at <c>/</c>, the legacy one at <c>/prpc/</c>.</summary>
    GuestAndTappd,
}

/// <summary>Whose keys and identity values simulated machines have.</summary>
public enum SimulatorProfile
{
    /// <summary>Everything follows from the seed and the compose file, and all of it verifies together.</summary>
    Consistent,

    /// <summary>
    /// The published development keys and identity values of the simulator that dstack ships, for tests that expect them. As there, the
    /// compose hash is not that of the compose file, unless one is given.
    /// </summary>
    UpstreamFixture,
}

/// <summary>One socket of a simulator: where it listens, which machine answers, and with which service.</summary>
/// <param name="App">The app; instances of one app share their keys.</param>
/// <param name="Instance">The instance.</param>
/// <param name="Path">Path of the unix socket, at most 107 bytes.</param>
/// <param name="Service">The service.</param>
public sealed record SimulatorSocket(string App, string Instance, string Path, SimulatorService Service = SimulatorService.Guest);

/// <summary>What a simulator is to be.</summary>
public sealed record SimulatorOptions
{
    /// <summary>At least 16 bytes. The same seed is the same root, the same keys and the same identities.</summary>
    public required byte[] Seed { get; init; }

    /// <summary>Directory for <c>root.pem</c> and <c>collateral.json</c>: what a verifier needs.</summary>
    public required string State { get; init; }

    /// <summary>The unix sockets.</summary>
    public IReadOnlyList<SimulatorSocket> Sockets { get; init; } = [];

    /// <summary>A loopback address that serves the machine of the first socket, all services: the guest agent's at <c>/</c>, the others at <c>/prpc/</c>.</summary>
    public IPEndPoint? Listen { get; init; }

    /// <summary>Whose keys and identities.</summary>
    public SimulatorProfile Profile { get; init; }

    /// <summary>Text of the app-compose file of every machine; null gives each app one of its own.</summary>
    public string? AppCompose { get; init; }

    /// <summary>The version of the guest OS whose agent is simulated: its methods, and no others.</summary>
    public Version Version { get; init; } = new(0, 6, 0);

    /// <summary>The time.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
