using System.Text;
using System.Text.Json;
using Witan.Cli.CommandLine;
using Witan.Crypto;
using Witan.Dstack.AppEnvironment;
using Witan.Fuzz.Pki;
using Witan.Voting;
using Xunit;

namespace Witan.Tests.Cloud;

/// <summary>
/// From a compose file to a verified endpoint through the command line: a real signature of a key service, a real encryption, real
/// quotes and event logs under a development root.
/// </summary>
public sealed class DeployCommandTests : IAsyncLifetime
{
    private const string Secret = AttestedCloud.Secret;
    private const string Compose = AttestedCloud.Compose;

    private AttestedCloud _cloud = null!;

    private PhalaCloudServer Server => _cloud.Server;

    public async ValueTask InitializeAsync() => _cloud = await AttestedCloud.StartAsync();

    public ValueTask DisposeAsync() => _cloud.DisposeAsync();

    [Fact]
    public async Task A_compose_file_becomes_an_endpoint_whose_evidence_verifies_and_a_second_run_changes_nothing()
    {
        CommandRun first = await Deploy();
        Assert.True(first.Code == ExitCode.Good, first.Output + first.Error);
        Assert.Contains("plan: create council-1 (tdx.small)", first.Output);
        Assert.Contains($"verifies at tier 1 for compose hash {SimulatedCvm.HashOf(Compose)}", first.Output);
        Assert.Contains("SIMULATED", first.Output);
        Assert.Contains("platform family (FMSPC) B0C06F000000", first.Error);
        Assert.DoesNotContain(Secret, first.Output + first.Error);
        byte[] blob = Convert.FromHexString(Server.Cvms["council-1"].EncryptedEnvironment!);
        Assert.True(EncryptedEnvironment.TryDecrypt(_cloud.EnvironmentKey, blob, out var environment));
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
        Server.Evidence = (_, nonce) => _cloud.Answer("""{"docker_compose_file":"services: {}"}""", nonce);
        CommandRun run = await Deploy("--polls", "2", "--log-lines", "1");
        Assert.Equal(ExitCode.NotProvisioned, run.Code);
        Assert.Contains("not ready after 2 polls", run.Output);
        Assert.Contains("waiting for " + SimulatedCvm.HashOf(Compose)[..16], run.Output);
        Assert.Contains("still costs money", run.Output);
        Assert.Contains($"CVM {Server.Cvms["council-1"].VmUuid}", run.Output);
        Assert.Contains("log: app | raw line", run.Output);
    }

    [Fact]
    public async Task An_old_answer_and_an_app_without_a_tee_are_rejected()
    {
        string replay = _cloud.Answer(Encoding.UTF8.GetString(SimulatedCvm.EnvelopeOf(Compose)), new string('0', 64));
        Server.Evidence = (_, _) => replay;
        CommandRun old = await Deploy();
        Assert.Equal(ExitCode.Rejected, old.Code);
        Assert.Contains("the evidence is rejected", old.Output);
        Server.Evidence = (_, _) => JsonSerializer.Serialize(new CoordinatorEvidence(_cloud.Keys, AgentEvidence.None, "local"), WireJson.Default.CoordinatorEvidence);
        Assert.Contains("runs without a TEE", (await Run("watch", "council-1")).Output);
    }

    [Fact]
    public async Task An_enclave_that_sends_the_compose_hash_in_a_log_that_nothing_measured_is_rejected()
    {
        Assert.Equal(ExitCode.Good, (await Deploy()).Code);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        var enclave = new TestAuthority(tdx: false)
        {
            TcbInfo = TestDocuments.TcbInfo(false, now.AddDays(-4), now.AddDays(26)),
            QeIdentity = TestDocuments.QeIdentity(false, now.AddDays(-4), now.AddDays(26)),
        };
        foreach (TestCrl list in new[] { enclave.RootCrl, enclave.PckCrl })
            (list.ThisUpdate, list.NextUpdate) = (now.AddDays(-4), now.AddDays(26));
        await _cloud.WriteAsync("root.pem", enclave.Root.Pem());
        await File.WriteAllBytesAsync(Path.Combine(_cloud.Folder, "collateral.json"), enclave.CollateralBytes(), TestContext.Current.CancellationToken);
        Server.Evidence = (_, nonce) =>
        {
            CoordinatorEvidence.ReportData(Digest.Parse(nonce), _cloud.Keys, new string('a', 40)).ToBytes().CopyTo(enclave.Quote.Body, 320);
            string log = $$"""[{"imr":3,"event_type":134217729,"digest":"","event":"compose-hash","event_payload":"{{SimulatedCvm.HashOf(Compose)}}"}]""";
            return JsonSerializer.Serialize(new CoordinatorEvidence(_cloud.Keys, new AgentEvidence(new string('a', 40), Convert.ToHexStringLower(enclave.QuoteBytes()), log, ""), "production"), WireJson.Default.CoordinatorEvidence);
        };
        CommandRun watch = await Run("watch", "council-1", "--polls", "2");
        Assert.True(watch.Code == ExitCode.Rejected, watch.Output + watch.Error);
        Assert.Contains("measures no compose hash", watch.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tier_that_is_not_reached_is_rejected()
    {
        CommandRun run = await Deploy("--policy", "phala", "--require", "tier<=1");
        Assert.Equal(ExitCode.Good, run.Code);
    }

    [Fact]
    public async Task A_tier_that_is_not_understood_is_said_before_anything_is_sent()
    {
        CommandRun run = await Deploy("--require", "tier=1");
        Assert.Equal(ExitCode.Usage, run.Code);
        Assert.Contains("--require \"tier=1\" is not understood", run.Error, StringComparison.Ordinal);
        Assert.Empty(Server.Requests);
    }

    [Fact]
    public async Task A_plan_changes_nothing_and_an_untrusted_key_service_gets_nothing()
    {
        Assert.Equal(ExitCode.Good, (await Deploy("--plan")).Code);
        Assert.Empty(Server.Prepared);
        CommandRun run = await CommandRun.OfAsync(Server, _cloud.Folder, [.. _cloud.Arguments("deploy", Path.Combine(_cloud.Folder, "compose.yml"), "--name", "council-1", "--env-file", Path.Combine(_cloud.Folder, "app.env"))]);
        Assert.Equal(ExitCode.Rejected, run.Code);
        Assert.Contains("--kms-key 0x" + Convert.ToHexStringLower(Secp256k1.PublicKey(AttestedCloud.KmsKey)), run.Error);
        Assert.Empty(Server.Cvms);
    }

    [Fact]
    public async Task Json_is_the_only_thing_on_the_output()
    {
        JsonElement plan = JsonDocument.Parse((await Deploy("--json", "--plan")).Output).RootElement;
        Assert.Equal(("witan/deploy/1", "create", false), (plan.GetProperty("schema").GetString(), plan.GetProperty("action").GetString(), plan.GetProperty("done").GetBoolean()));
        Assert.Equal("witan/watch/1", JsonDocument.Parse((await Deploy("--json")).Output).RootElement.GetProperty("schema").GetString());
        CommandRun again = await Deploy("--json", "--no-watch", "--instance-type", "tdx.large", "--disk", "80");
        JsonElement done = JsonDocument.Parse(again.Output).RootElement;
        Assert.Equal(("nothing", true, SimulatedCvm.HashOf(Compose)), (done.GetProperty("action").GetString(), done.GetProperty("done").GetBoolean(), done.GetProperty("composeHash").GetString()));
        Assert.Contains("keeps what it has: --instance-type, --disk are for new CVMs", again.Error);
        Assert.DoesNotContain("keeps what it has", (await Deploy("--no-watch", "--instance-type", "tdx.small")).Error);
    }

    [Fact]
    public async Task A_file_with_errors_or_a_placeholder_is_not_sent()
    {
        await _cloud.WriteAsync("compose.yml", Compose.Replace("    restart: always\n", "", StringComparison.Ordinal));
        CommandRun run = await Deploy();
        Assert.Equal(ExitCode.Rejected, run.Code);
        Assert.Contains("COMPOSE_RESTART_MISSING", run.Error);
        Assert.Contains($"compose check {Path.Combine(_cloud.Folder, "compose.yml")} --env-file {Path.Combine(_cloud.Folder, "app.env")} --fix", run.Error, StringComparison.Ordinal);
        await _cloud.WriteAsync("compose.yml", Compose.Replace("    ports: [\"3000:3000\"]\n", "", StringComparison.Ordinal));
        run = await Deploy();
        Assert.Equal(ExitCode.Rejected, run.Code);
        Assert.Contains("COMPOSE_NO_PORTS", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("--fix", run.Error, StringComparison.Ordinal);
        await _cloud.WriteAsync("compose.yml", Compose.Replace("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", new string('0', 64), StringComparison.Ordinal));
        Assert.Contains("eng/images.sh", (await Deploy()).Error);
        Assert.Empty(Server.Requests);
    }

    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000", "the policy in WITAN_POLICY has zeros where hashes belong", "docs/deploy.md, section 6")]
    [InlineData("ABCDEF0000000000000000000000000000000000000000000000000000000000", "the policy in WITAN_POLICY is none: osImageHashes: lower-case", "witan policy check")]
    public async Task A_policy_that_is_not_finished_or_not_good_is_not_sent(string hash, string message, string remedy)
    {
        string policy = $$"""{"schema":"witan.council-policy/1","name":"ours","osImageHashes":["{{hash}}"]}""";
        string text = Compose.Replace("environment: {", $"environment: {{WITAN_POLICY: '{policy}', ", StringComparison.Ordinal);
        await _cloud.WriteAsync("compose.yml", text);
        CommandRun run = await Deploy();
        Assert.Equal(ExitCode.Rejected, run.Code);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
        Assert.Contains(remedy, run.Error, StringComparison.Ordinal);
        Assert.Empty(Server.Requests);

        await _cloud.WriteAsync("compose.yml", text.Replace(hash, new string('a', 64), StringComparison.Ordinal));
        Assert.Equal(ExitCode.Good, (await Deploy("--plan")).Code);
    }

    private Task<CommandRun> Deploy(params string[] more) => CommandRun.OfAsync(Server, _cloud.Folder, [.. _cloud.Deploy, .. more]);

    private Task<CommandRun> Run(params string[] args) => CommandRun.OfAsync(Server, _cloud.Folder, _cloud.Arguments(args));
}
