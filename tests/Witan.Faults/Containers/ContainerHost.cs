using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Witan.Crypto;
using Witan.Dstack;
using Witan.Faults.Processes;
using Witan.Voting;

namespace Witan.Faults.Containers;

/// <summary>
/// Runs the three built images as <c>deploy/*.yml</c> says, with simulated guest agents outside. What differs from the files is
/// said here and nowhere else: a free port, the development root, a policy of the coordinator that lets voters share this one machine, and
/// the hashes that an operator writes into the policies of workers and trustees.
/// </summary>
public sealed class ContainerHost : IDisposable
{
    private readonly string _repository;
    private readonly string _folder;
    private readonly SimulatedGuests _guests;
    private readonly byte[] _requester;
    private readonly IReadOnlyDictionary<string, string> _hashes;

    private ContainerHost(
        string repository, string folder, SimulatedGuests guests, IReadOnlyDictionary<string, ContainerImage> images, byte[] requester, IReadOnlyDictionary<string, string> hashes) =>
        (_repository, _folder, _guests, Images, _requester, _hashes) = (repository, folder, guests, images, requester, hashes);

    /// <summary>The images by role.</summary>
    public IReadOnlyDictionary<string, ContainerImage> Images { get; }

    /// <summary>Unpacks the images and starts the guest agents of <paramref name="machines"/>, each named ROLE-NUMBER.</summary>
    public static async Task<ContainerHost> StartAsync(string repository, string folder, byte[] requester, IReadOnlyList<string> machines, CancellationToken cancellationToken)
    {
        var images = new Dictionary<string, ContainerImage>(StringComparer.Ordinal);
        foreach (string role in (string[])["coordinator", "worker", "trustee"])
            images[role] = await ContainerImage.UnpackAsync(repository, role, Path.Combine(folder, "images", role), cancellationToken);
        SimulatedGuests guests = await SimulatedGuests.StartAsync(Path.Combine(folder, "guests"), machines, cancellationToken);
        InfoResponse coordinator = await guests.InfoAsync("coordinator-1", cancellationToken), trustee = await guests.InfoAsync("trustee-1", cancellationToken);
        var hashes = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["coordinatorComposeHashes"] = coordinator.ComposeHash,
            ["trusteeComposeHashes"] = trustee.ComposeHash,
            ["osImageHashes"] = coordinator.OsImageHash,
        };
        return new ContainerHost(repository, folder, guests, images, requester, hashes);
    }

    /// <summary>Leaves a machine's guest agent to root alone.</summary>
    public void CloseGuestAgent(string name) => _guests.Close(name);

    /// <summary>The state of a container: its named volume.</summary>
    public string StateOf(string name) => Path.Combine(_folder, name);

    /// <summary>
    /// The container of a machine. <paramref name="port"/> is where the coordinator listens. Without <paramref name="developmentRoot"/> it
    /// trusts what it trusts in production; without <paramref name="pinned"/> its policy has the zeros of the file;
    /// <paramref name="environment"/> is added to the file's.
    /// </summary>
    public AgentProcess Container(
        string name, int port, bool developmentRoot = true, bool guestAgent = true, bool pinned = true, params (string Name, string Value)[] environment) =>
        new(name, _ => Command(name, port, developmentRoot, guestAgent, pinned, environment));

    /// <inheritdoc />
    public void Dispose() => _guests.Dispose();

    private ProcessStartInfo Command(string name, int port, bool developmentRoot, bool guestAgent, bool pinned, IEnumerable<(string Name, string Value)> more)
    {
        string role = name.Split('-')[0];
        ContainerImage image = Images[role];
        ComposeService service = ComposeService.Read(Path.Combine(_repository, "deploy", $"{role}.yml"), Variables(name, port));
        var environment = new Dictionary<string, string>(service.Environment, StringComparer.Ordinal);
        List<(string Source, string Target)> volumes = [.. service.Volumes.Where(volume => guestAgent || !volume.Source.StartsWith('/'))];
        if (developmentRoot)
        {
            environment["WITAN_DEVELOPMENT_ROOT"] = "/run/witan/root.pem";
            volumes.Add((_guests.RootFile, "/run/witan/root.pem"));
        }

        if (role == "coordinator")
        {
            environment["PORT"] = port.ToString(CultureInfo.InvariantCulture);
            environment["WITAN_POLICY"] = OneMachinePolicy();
        }
        else if (pinned)
        {
            environment["WITAN_POLICY"] = Pinned(environment["WITAN_POLICY"]);
        }

        foreach ((string variable, string value) in more)
            environment[variable] = value;
        service = service with { Environment = environment, Volumes = volumes };
        if (service.Restart != "always")
            throw new InvalidDataException($"deploy/{role}.yml does not say restart: always");
        return ContainerCommand.Create(image, service, source => source == _guests.RootFile ? source
            : source.StartsWith('/') ? _guests.Socket(name)
            : ContainerCommand.Volume(image, "/var/lib/witan", StateOf(name)));
    }

    private Dictionary<string, string> Variables(string name, int port) => new(StringComparer.Ordinal)
    {
        ["WITAN_REQUESTERS"] = Convert.ToHexStringLower(Ed25519.PublicKey(_requester)),
        ["WITAN_COORDINATOR"] = $"http://127.0.0.1:{port}",
        ["WITAN_COLLATERAL_JSON"] = _guests.Collateral,
        ["WITAN_PROFILE_JSON"] = CouncilUnderTest.ProfileOf(name),
    };

    private string Pinned(string policy)
    {
        JsonObject file = JsonNode.Parse(policy)!.AsObject();
        foreach ((string list, string hash) in _hashes)
        {
            if (file.ContainsKey(list))
                file[list] = new JsonArray(hash);
        }

        return file.ToJsonString();
    }

    private static string OneMachinePolicy() =>
        JsonSerializer.Serialize(new CouncilPolicy { Name = "one machine", InstancesPerPlatform = 0 }, PolicyJson.Default.CouncilPolicy);
}
