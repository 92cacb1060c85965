using Witan.Attestation;
using Witan.Dstack.Evidence;
using Witan.Dstack.Simulator;
using Xunit;

namespace Witan.Tests.Simulator;

/// <summary>A simulator in the test's own process with both sockets and an address, and the collateral that verifies it.</summary>
internal sealed class SimulatedAgent : IAsyncDisposable
{
    private readonly string _folder;
    private readonly SimulatorServer _server;

    private SimulatedAgent(string folder, SimulatorServer server) => (_folder, _server) = (folder, server);

    public string Guest => Path.Combine(_folder, "d.sock");

    public string Tappd => Path.Combine(_folder, "t.sock");

    public Uri Address => _server.Address!;

    public SimulatedCvm Machine => _server.Machines[0];

    public static async Task<SimulatedAgent> StartAsync(SimulatorOptions? options = null)
    {
        string folder = Directory.CreateTempSubdirectory("witan-sim-").FullName;
        options ??= new SimulatorOptions { Seed = new byte[32], State = folder };
        options = options with
        {
            State = folder,
            Sockets = [new SimulatorSocket("app", "a", Path.Combine(folder, "d.sock")), new SimulatorSocket("app", "a", Path.Combine(folder, "t.sock"), SimulatorService.Tappd)],
            Listen = new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0),
        };
        return new SimulatedAgent(folder, await SimulatorServer.StartAsync(options, CancellationToken.None));
    }

    public static SimulatorOptions With(string? appCompose = null, string version = "0.6.0", SimulatorProfile profile = SimulatorProfile.Consistent) =>
        new() { Seed = new byte[32], State = "", AppCompose = appCompose, Version = Version.Parse(version), Profile = profile };

    public TrustedCollateral Collateral(DateTimeOffset at)
    {
        Assert.True(TrustRoot.TryCreate(File.ReadAllBytes(Path.Combine(_folder, "root.pem")), true, out TrustRoot? root, out _));
        Assert.True(Witan.Attestation.Collateral.TryParse(File.ReadAllBytes(Path.Combine(_folder, "collateral.json")), out Witan.Attestation.Collateral? collateral, out _));
        return CollateralVerifier.Verify(collateral, root, at).Trusted!;
    }

    /// <summary>Evidence in any published form, judged as a verifier would that trusts the development root.</summary>
    public DstackFacts Verify(byte[] evidence, EvidenceExpectations? expectations = null)
    {
        Assert.True(DstackEvidence.TryParse(evidence, out DstackEvidence? parsed, out Finding? refusal), refusal?.ToString());
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        return DstackEvidence.Verify(parsed, Collateral(now), expectations ?? EvidenceExpectations.None, now);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
