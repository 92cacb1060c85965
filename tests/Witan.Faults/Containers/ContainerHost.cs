using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Witan.Crypto;
using Witan.Faults.Processes;
using Witan.Voting;

namespace Witan.Faults.Containers;

/// <summary>
/// Runs the three built images as <c>deploy/*.yml</c> says, with simulated guest agents outside. What differs from the files is
/// said here and nowhere else: a free port, the development root, and a policy that lets voters share this one machine.
/// </summary>
public sealed class ContainerHost : IDisposable
{
    private readonly string _repository;
    private readonly string _folder;
    private readonly SimulatedGuests _guests;
    private readonly byte[] _requester;

    private ContainerHost(string repository, string folder, SimulatedGuests guests, IReadOnlyDictionary<string, ContainerImage> images, byte[] requester) =>
        (_repository, _folder, _guests, Images, _requester) = (repository, folder, guests, images, requester);

    /// <summary>The images by role.</summary>
    public IReadOnlyDictionary<string, ContainerImage> Images { get; }

    /// <summary>Unpacks the images and starts the guest agents of <paramref name="machines"/>, each named ROLE-NUMBER.</summary>
    public static async Task<ContainerHost> StartAsync(string repository, string folder, byte[] requester, IReadOnlyList<string> machines, CancellationToken cancellationToken)
    {
        var images = new Dictionary<string, ContainerImage>(StringComparer.Ordinal);
        foreach (string role in (string[])["coordinator", "worker", "trustee"])
            images[role] = await ContainerImage.UnpackAsync(repository, role, Path.Combine(folder, "images", role), cancellationToken);
        SimulatedGuests guests = await SimulatedGuests.StartAsync(Path.Combine(folder, "guests"), machines, cancellationToken);
        return new ContainerHost(repository, folder, guests, images, requester);
    }

    /// <summary>Leaves a machine's guest agent to root alone.</summary>
    public void CloseGuestAgent(string name) => _guests.Close(name);

    /// <summary>The state of a container: its named volume.</summary>
    public string StateOf(string name) => Path.Combine(_folder, name);

    /// <summary>
    /// The container of a machine. <paramref name="port"/> is where the coordinator listens. Without <paramref name="developmentRoot"/> it
    /// trusts what it trusts in production; <paramref name="environment"/> is added to the file's.
    /// </summary>
    public AgentProcess Container(string name, int port, bool developmentRoot = true, bool guestAgent = true, params (string Name, string Value)[] environment) =>
        new(name, _ => Command(name, port, developmentRoot, guestAgent, environment));

    /// <inheritdoc />
    public void Dispose() => _guests.Dispose();

    private ProcessStartInfo Command(string name, int port, bool developmentRoot, bool guestAgent, IEnumerable<(string Name, string Value)> more)
    {
        string role = name.Split('-')[0];
        ContainerImage image = Images[role];
        ComposeService service = ComposeService.Read(Path.Combine(_repository, "deploy", $"{role}.yml"), Variables(name, port));
        var environment = new Dictionary<string, string>(service.Environment, StringComparer.Ordinal);
        var configs = service.Configs.ToList();
        if (developmentRoot)
        {
            environment["WITAN_DEVELOPMENT_ROOT"] = "/run/witan/root.pem";
            configs.Add(("/run/witan/root.pem", _guests.Root));
        }

        if (role == "coordinator")
        {
            environment["PORT"] = port.ToString(CultureInfo.InvariantCulture);
            environment["WITAN_POLICY"] = "/run/witan/policy.json";
            configs.Add(("/run/witan/policy.json", OneMachinePolicy()));
        }

        foreach ((string variable, string value) in more)
            environment[variable] = value;
        service = service with
        {
            Environment = environment,
            Configs = configs,
            Volumes = [.. service.Volumes.Where(volume => guestAgent || !volume.Source.StartsWith('/'))],
        };
        if (service.Restart != "always")
            throw new InvalidDataException($"deploy/{role}.yml does not say restart: always");
        return ContainerCommand.Create(image, service, Path.Combine(_folder, "configs", name), source => source.StartsWith('/')
            ? _guests.Socket(name)
            : ContainerCommand.Volume(image, "/var/lib/witan", StateOf(name)));
    }

    private Dictionary<string, string> Variables(string name, int port) => new(StringComparer.Ordinal)
    {
        ["WITAN_REQUESTERS"] = Convert.ToHexStringLower(Ed25519.PublicKey(_requester)),
        ["WITAN_COORDINATOR"] = $"http://127.0.0.1:{port}",
        ["WITAN_COLLATERAL_JSON"] = _guests.Collateral,
        ["WITAN_PROFILE_JSON"] = CouncilUnderTest.ProfileOf(name),
    };

    private static string OneMachinePolicy() =>
        JsonSerializer.Serialize(new CouncilPolicy { Name = "one machine", InstancesPerPlatform = 0 }, PolicyJson.Default.CouncilPolicy);
}
