using System.Text;
using System.Text.Json;
using Witan.Agent;
using Witan.Crypto;
using Witan.Dstack.Simulator.Pki;
using Witan.Voting;
using SimulatedMachine = Witan.Dstack.Simulator.SimulatedCvm;

namespace Witan.Tests.Cloud;

/// <summary>
/// The test's Phala Cloud with everything real behind it: a key service that signs, an environment key that decrypts, and an app behind
/// the gateway that gives quotes and event logs under a development root. In <see cref="Folder"/> is what a user has.
/// </summary>
internal sealed class AttestedCloud : IAsyncDisposable
{
    public const string Secret = "Fei6ohphiephooV3";

    public const string Compose = """
        services:
          coordinator:
            image: example/coordinator@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
            platform: linux/amd64
            restart: always
            ports: ["3000:3000"]
            environment: {TOKEN: "${TOKEN}"}
            volumes: ["/var/run/dstack.sock:/var/run/dstack.sock", "state:/var/lib/witan"]
        volumes: {state: }

        """;

    private static readonly byte[] s_seed = [.. Enumerable.Repeat((byte)7, 32)];
    private readonly DevelopmentPki _pki = new(s_seed);
    private readonly TdQuoteAuthor _author;

    private AttestedCloud(PhalaCloudServer server)
    {
        Server = server;
        _author = new TdQuoteAuthor(_pki, s_seed);
        using AgentSecrets secrets = AgentSecrets.FromDirectory(Path.Combine(Folder, "app"));
        Keys = secrets.Keys;
    }

    /// <summary>The key service's signing key.</summary>
    public static byte[] KmsKey { get; } = [.. Enumerable.Repeat((byte)0x11, 32)];

    public PhalaCloudServer Server { get; }

    public string Folder { get; } = Directory.CreateTempSubdirectory("witan-e2e").FullName;

    /// <summary>Seconds from poll to poll, as they are given to the command.</summary>
    public string Interval { get; set; } = "3";

    /// <summary>The app's keys.</summary>
    public AgentKeys Keys { get; }

    /// <summary>What decrypts the environment.</summary>
    public byte[] EnvironmentKey { get; } = X25519.NewPrivateKey();

    /// <summary>The command line of a deployment, without the address and the key of the API.</summary>
    public string[] Deploy => Arguments(
        "deploy", Path.Combine(Folder, "compose.yml"), "--name", "council-1", "--env-file", Path.Combine(Folder, "app.env"),
        "--kms-key", Convert.ToHexStringLower(Secp256k1.PublicKey(KmsKey)));

    public static async Task<AttestedCloud> StartAsync()
    {
        var cloud = new AttestedCloud(await PhalaCloudServer.StartAsync());
        byte[] publicKey = X25519.PublicKey(cloud.EnvironmentKey);
        cloud.Server.EnvironmentPublicKey = Convert.ToHexStringLower(publicKey);
        cloud.Server.KmsKey = (_, app) =>
        {
            byte[] digest = Keccak.Hash256([.. "dstack-env-encrypt-pubkey:"u8, .. Convert.FromHexString(app), .. publicKey]);
            return $$"""{"public_key":"{{cloud.Server.EnvironmentPublicKey}}","signature":"{{Convert.ToHexStringLower(Secp256k1.SignRecoverable(KmsKey, digest))}}"}""";
        };
        cloud.Server.Evidence = (cvm, nonce) => cloud.Answer(Encoding.UTF8.GetString(SimulatedCvm.EnvelopeOf(cvm.Compose)), nonce);
        await cloud.WriteAsync("root.pem", cloud._pki.RootPem);
        await File.WriteAllBytesAsync(Path.Combine(cloud.Folder, "collateral.json"), cloud._pki.Collateral(TimeProvider.System.GetUtcNow()));
        await cloud.WriteAsync("compose.yml", Compose);
        await cloud.WriteAsync("app.env", $"TOKEN={Secret}\n");
        return cloud;
    }

    /// <summary>The app's answer to a question for evidence, measured with an envelope.</summary>
    public string Answer(string envelope, string nonce)
    {
        using var machine = new SimulatedMachine(s_seed, _author, "coordinator", "one", envelope);
        ReportData bound = CoordinatorEvidence.ReportData(Digest.Parse(nonce), Keys, machine.InstanceId);
        var evidence = new CoordinatorEvidence(
            Keys, new AgentEvidence(machine.InstanceId, Convert.ToHexStringLower(machine.Quote(bound.ToBytes())), machine.Log.ToJson(), ""), "simulated");
        return JsonSerializer.Serialize(evidence, WireJson.Default.CoordinatorEvidence);
    }

    /// <summary>A command with the files of <see cref="Folder"/>.</summary>
    public string[] Arguments(params string[] args) => [
        .. args, "--state", Path.Combine(Folder, "state"), "--interval", Interval, "--collateral", Path.Combine(Folder, "collateral.json"),
        "--development-root", Path.Combine(Folder, "root.pem")];

    public Task WriteAsync(string name, string text) => File.WriteAllTextAsync(Path.Combine(Folder, name), text);

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _author.Dispose();
        _pki.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
