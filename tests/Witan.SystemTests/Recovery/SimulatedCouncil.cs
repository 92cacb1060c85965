using System.Globalization;
using System.Security.Cryptography;
using Witan.Crypto;
using Witan.Faults.Containers;
using Witan.Faults.Processes;

namespace Witan.SystemTests.Recovery;

/// <summary>A council of real processes on the attested path, with a simulator beside it: each agent's keys come from its guest agent.</summary>
internal sealed class SimulatedCouncil : IAsyncDisposable
{
    private static readonly string[] s_names = ["coordinator-1", "worker-1", "worker-2", "worker-3", "trustee-1", "trustee-2", "trustee-3"];
    private readonly string _folder;
    private readonly SimulatedGuests _guests;

    private SimulatedCouncil(string folder, SimulatedGuests guests, string settlement)
    {
        (_folder, _guests) = (folder, guests);
        byte[] requester = RandomNumberGenerator.GetBytes(32);
        int port = FreePorts.Next();
        string[] evidence = ["--development-root", Path.Combine(folder, "guests", "root.pem"), "--collateral", Path.Combine(folder, "guests", "collateral.json")];
        Council = new CouncilUnderTest(folder, requester, port, name =>
        {
            string role = name.Split('-')[0];
            string[] special = role switch
            {
                "coordinator" => [
                    "--port", port.ToString(CultureInfo.InvariantCulture), "--requester", Convert.ToHexStringLower(Ed25519.PublicKey(requester)),
                    "--instances-per-platform", "0", "--settlement", settlement],
                "worker" => ["--coordinator", $"http://127.0.0.1:{port}", "--name", name, "--cast-window", "0.3", "--profile", Profile(name)],
                _ => ["--coordinator", $"http://127.0.0.1:{port}", "--name", name],
            };
            string[] arguments = [role, "--state", Path.Combine(folder, name), "--socket", guests.Socket(name), .. evidence, .. special];
            return new AgentProcess(name, _ => AgentProcess.Witan([], arguments));
        });
    }

    public CouncilUnderTest Council { get; }

    public AgentProcess Coordinator => Council.Coordinators[0];

    /// <summary>Prepares it: the simulator runs, the agents do not.</summary>
    public static async Task<SimulatedCouncil> PrepareAsync(CancellationToken cancellationToken, string settlement = "local-record")
    {
        string folder = Directory.CreateTempSubdirectory("witan-recovery-").FullName;
        return new SimulatedCouncil(folder, await SimulatedGuests.StartAsync(Path.Combine(folder, "guests"), s_names, cancellationToken), settlement);
    }

    public async ValueTask DisposeAsync()
    {
        await Council.DisposeAsync();
        _guests.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private string Profile(string name)
    {
        string path = Path.Combine(_folder, $"{name}.json");
        File.WriteAllText(path, CouncilUnderTest.ProfileOf(name));
        return path;
    }
}
