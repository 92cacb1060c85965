using System.Text;
using System.Text.Json;
using Witan.Agent;
using Witan.Cli.CommandLine;
using Witan.Crypto;
using Witan.Dstack.AppEnvironment;
using Witan.Dstack.Simulator.Pki;
using Witan.Voting;
using Xunit;
using SimulatedMachine = Witan.Dstack.Simulator.SimulatedCvm;

namespace Witan.Tests.Cloud;

/// <summary>
/// From a compose file to a verified endpoint through the command line: a real signature of a key service, a real encryption, real
/// quotes and event logs under a development root.
/// </summary>
public sealed class DeployCommandTests : IAsyncLifetime
{
    private const string Secret = "Fei6ohphiephooV3";

    private static readonly byte[] Seed = [.. Enumerable.Repeat((byte)7, 32)];
    private static readonly byte[] KmsKey = [.. Enumerable.Repeat((byte)0x11, 32)];

    private const string Compose = """
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

    private readonly string _folder = Directory.CreateTempSubdirectory("witan-e2e").FullName;
    private readonly byte[] _environmentKey = X25519.NewPrivateKey();
    private readonly DevelopmentPki _pki = new(Seed);
    private PhalaCloudServer _server = null!;
    private TdQuoteAuthor _author = null!;
    private AgentKeys _keys = null!;

    public async ValueTask InitializeAsync()
    {
        _author = new TdQuoteAuthor(_pki, Seed);
        using AgentSecrets secrets = AgentSecrets.FromDirectory(Path.Combine(_folder, "app"));
        _keys = secrets.Keys;
        _server = await PhalaCloudServer.StartAsync();
        byte[] publicKey = X25519.PublicKey(_environmentKey);
        _server.EnvironmentPublicKey = Convert.ToHexStringLower(publicKey);
        _server.KmsKey = (_, app) =>
        {
            byte[] digest = Keccak.Hash256([.. "dstack-env-encrypt-pubkey:"u8, .. Convert.FromHexString(app), .. publicKey]);
            return $$"""{"public_key":"{{_server.EnvironmentPublicKey}}","signature":"{{Convert.ToHexStringLower(Secp256k1.SignRecoverable(KmsKey, digest))}}"}""";
        };
        _server.Evidence = (cvm, nonce) => Answer(Encoding.UTF8.GetString(SimulatedCvm.EnvelopeOf(cvm.Compose)), nonce);
        await Write("root.pem", _pki.RootPem);
        await File.WriteAllBytesAsync(Path.Combine(_folder, "collateral.json"), _pki.Collateral(TimeProvider.System.GetUtcNow()));
        await Write("compose.yml", Compose);
        await Write("app.env", $"TOKEN={Secret}\n");
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _author.Dispose();
        _pki.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_compose_file_becomes_an_endpoint_whose_evidence_verifies_and_a_second_run_changes_nothing()
    {
        CommandRun first = await Deploy();
        Assert.True(first.Code == ExitCode.Good, first.Output + first.Error);
        Assert.Contains("plan: create council-1 (tdx.small)", first.Output);
        Assert.Contains($"verifies at tier 1 for compose hash {SimulatedCvm.HashOf(Compose)}", first.Output);
        Assert.Contains("SIMULATED", first.Output);
        Assert.DoesNotContain(Secret, first.Output + first.Error);
        byte[] blob = Convert.FromHexString(_server.Cvms["council-1"].EncryptedEnvironment!);
        Assert.True(EncryptedEnvironment.TryDecrypt(_environmentKey, blob, out var environment));
        Assert.Equal(Secret, Assert.Single(environment).Value);

        CommandRun second = await Deploy();
        Assert.True(second.Code == ExitCode.Good, second.Output + second.Error);
        Assert.Contains("plan: nothing changed", second.Output);
        Assert.Contains("--update-env", second.Output);

        CommandRun watch = await Run("watch", "council-1");
        Assert.True(watch.Code == ExitCode.Good, watch.Output + watch.Error);
        Assert.DoesNotContain("no compose hash is known", watch.Error);
    }

    [Fact]
    public async Task Evidence_of_another_compose_is_waited_for_and_then_failed_with_exit_code_4()
    {
        _server.Evidence = (_, nonce) => Answer("""{"docker_compose_file":"services: {}"}""", nonce);
        CommandRun run = await Deploy("--polls", "3", "--log-lines", "1");
        Assert.Equal(ExitCode.NotProvisioned, run.Code);
        Assert.Contains("not ready after 3 polls", run.Output);
        Assert.Contains("waiting for " + SimulatedCvm.HashOf(Compose)[..16], run.Output);
        Assert.Contains("still costs money", run.Output);
        Assert.Contains($"CVM {_server.Cvms["council-1"].VmUuid}", run.Output);
        Assert.Contains("log: app | raw line", run.Output);
    }

    [Fact]
    public async Task An_old_answer_and_an_app_without_a_tee_are_rejected()
    {
        string replay = Answer(Encoding.UTF8.GetString(SimulatedCvm.EnvelopeOf(Compose)), new string('0', 64));
        _server.Evidence = (_, _) => replay;
        CommandRun old = await Deploy();
        Assert.Equal(ExitCode.Rejected, old.Code);
        Assert.Contains("the evidence is rejected", old.Output);
        _server.Evidence = (_, _) => JsonSerializer.Serialize(new CoordinatorEvidence(_keys, "", "", "", "local"), WireJson.Default.CoordinatorEvidence);
        Assert.Contains("runs without a TEE", (await Run("watch", "council-1")).Output);
    }

    [Fact]
    public async Task A_tier_that_is_not_reached_is_rejected()
    {
        CommandRun run = await Deploy("--policy", "phala", "--require", "tier<=1");
        Assert.Equal(ExitCode.Good, run.Code);
        Assert.Equal(ExitCode.Usage, (await Deploy("--require", "tier=1")).Code);
    }

    [Fact]
    public async Task A_plan_changes_nothing_and_an_untrusted_key_service_gets_nothing()
    {
        Assert.Equal(ExitCode.Good, (await Deploy("--plan")).Code);
        Assert.Empty(_server.Prepared);
        CommandRun run = await CommandRun.OfAsync(_server, _folder, [.. Arguments("deploy", Path.Combine(_folder, "compose.yml"), "--name", "council-1", "--env-file", Path.Combine(_folder, "app.env"))]);
        Assert.Equal(ExitCode.Rejected, run.Code);
        Assert.Contains("--kms-key 0x" + Convert.ToHexStringLower(Secp256k1.PublicKey(KmsKey)), run.Error);
        Assert.Empty(_server.Cvms);
    }

    [Fact]
    public async Task A_file_with_errors_or_a_placeholder_is_not_sent()
    {
        await Write("compose.yml", Compose.Replace("    restart: always\n", "", StringComparison.Ordinal));
        CommandRun run = await Deploy();
        Assert.Equal(ExitCode.Rejected, run.Code);
        Assert.Contains("COMPOSE_RESTART_MISSING", run.Error);
        await Write("compose.yml", Compose.Replace("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", new string('0', 64), StringComparison.Ordinal));
        Assert.Contains("eng/images.sh", (await Deploy()).Error);
        Assert.Empty(_server.Requests);
    }

    private string Answer(string envelope, string nonce)
    {
        var machine = new SimulatedMachine(Seed, _author, "coordinator", "one", envelope);
        var bound = new ReportData("evidence", Digest.Parse(nonce), Digest.Zero, AgentRole.Coordinator, _keys, machine.InstanceId, Digest.Zero);
        var evidence = new CoordinatorEvidence(_keys, machine.InstanceId, Convert.ToHexStringLower(machine.Quote(bound.ToBytes())), machine.Log.ToJson(), "simulated");
        return JsonSerializer.Serialize(evidence, WireJson.Default.CoordinatorEvidence);
    }

    private Task<CommandRun> Deploy(params string[] more) => Run([
        "deploy", Path.Combine(_folder, "compose.yml"), "--name", "council-1", "--env-file", Path.Combine(_folder, "app.env"),
        "--kms-key", Convert.ToHexStringLower(Secp256k1.PublicKey(KmsKey)), .. more]);

    private Task<CommandRun> Run(params string[] args) => CommandRun.OfAsync(_server, _folder, [.. Arguments(args)]);

    private string[] Arguments(params string[] args) => [
        .. args, "--state", Path.Combine(_folder, "state"), "--interval", "0.5", "--collateral", Path.Combine(_folder, "collateral.json"),
        "--development-root", Path.Combine(_folder, "root.pem")];

    private Task Write(string name, string text) => File.WriteAllTextAsync(Path.Combine(_folder, name), text);
}
