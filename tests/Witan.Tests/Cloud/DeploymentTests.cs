using Witan.Dstack.Cloud;
using Xunit;

namespace Witan.Tests.Cloud;

public sealed class DeploymentTests : IAsyncLifetime
{
    private const string Secret = "aeTh2ohv0eiJ1ohz";
    private readonly HttpClient _http = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-deploy").FullName;
    private readonly StandInCipher _cipher = new();
    private PhalaCloudServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await PhalaCloudServer.StartAsync();
        _server.KmsKey = (kms, _) => kms == "phala-prod" || kms == "kms_1" ? $$"""{"public_key":"{{_server.EnvironmentPublicKey}}","signature":"00"}""" : null;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _http.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_second_run_finds_nothing_to_do_and_a_changed_file_updates_the_same_cvm()
    {
        DeploymentResult first = await Deploy(Request());
        Assert.Equal(DeploymentAction.Create, first.Action);
        Assert.Equal(SimulatedCvm.HashOf(Request().DockerComposeFile), first.ComposeHash);
        Assert.NotNull(_server.Cvms["council-1"].EncryptedEnvironment);

        DeploymentResult second = await Deploy(Request());
        Assert.Equal((DeploymentAction.Nothing, first.CvmId, first.ComposeHash), (second.Action, second.CvmId, second.ComposeHash));

        DeploymentResult third = await Deploy(Request() with { DockerComposeFile = "services: {b: {}}" });
        Assert.Equal((DeploymentAction.Update, first.CvmId), (third.Action, third.CvmId));
        Assert.Equal("services: {b: {}}", Assert.Single(_server.Cvms.Values).Compose);
        Assert.Equal((1, 1), (_server.Count("POST cvms/provision"), _server.Requests.Count(each => each == "POST cvms")));
    }

    [Fact]
    public async Task Values_are_sent_again_only_when_asked_for_or_when_names_change()
    {
        await Deploy(Request());
        int sealedBefore = _cipher.Sealed;
        Assert.Equal(DeploymentAction.Update, (await Deploy(Request() with { DockerComposeFile = "services: {c: {}}" })).Action);
        Assert.Equal(sealedBefore, _cipher.Sealed);
        Assert.Equal(DeploymentAction.UpdateEnvironment, (await Deploy(Request() with { DockerComposeFile = "services: {c: {}}", UpdateEnvironment = true })).Action);
        Assert.Equal(sealedBefore + 1, _cipher.Sealed);
        var more = new Dictionary<string, string>(StringComparer.Ordinal) { ["TOKEN"] = Secret, ["OTHER"] = "x" };
        DeploymentPlan plan = await Deployment().PlanAsync(Request() with { DockerComposeFile = "services: {c: {}}", Environment = more }, Token);
        Assert.Equal(["variable OTHER is new"], plan.Reasons);
        Assert.True(plan.VariablesChange);
    }

    [Fact]
    public async Task An_update_that_does_not_name_the_key_service_again_goes_to_the_one_before()
    {
        await Deploy(Request());
        for (int i = 0; i < 2; i++)
        {
            _server.Next("compose_file/provision", 200, $$"""{"app_id":"{{_server.Cvms["council-1"].AppId}}","compose_hash":"{{SimulatedCvm.HashOf(Request().DockerComposeFile)}}"}""");
            _server.Next("PATCH", 202, "{}");
            Assert.Equal(DeploymentAction.UpdateEnvironment, (await Deploy(Request() with { UpdateEnvironment = true })).Action);
        }

        Assert.Equal(3, _server.Count("GET kms/phala-prod/pubkey"));
    }

    // The steps that reach the platform: look, provision, key, commit.
    [Theory]
    [InlineData("GET cvms/council-1")]
    [InlineData("POST cvms/provision")]
    [InlineData("GET kms")]
    [InlineData("POST cvms")]
    public async Task An_interruption_at_any_step_is_gone_on_from_and_makes_one_cvm(string at)
    {
        using var interrupted = new CancellationTokenSource();
        // "POST cvms" is the beginning of "POST cvms/provision" too: let that pass first.
        if (at == "POST cvms")
            _server.Before("POST cvms/provision", () => { });
        _server.Before(at, interrupted.Cancel);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Deploy(Request(), interrupted.Token));
        DeploymentResult result = await Deploy(Request());
        Assert.Single(_server.Cvms);
        Assert.Equal(0, _server.Count("PATCH"));
        Assert.Equal(_server.Cvms["council-1"].VmUuid, result.CvmId);
        Assert.Equal(SimulatedCvm.HashOf(Request().DockerComposeFile), result.ComposeHash);
    }

    [Fact]
    public async Task After_an_interruption_behind_provisioning_it_is_not_provisioned_again()
    {
        using var interrupted = new CancellationTokenSource();
        _server.Before("GET kms", interrupted.Cancel);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Deploy(Request(), interrupted.Token));
        Assert.Equal(DeploymentAction.Resume, (await Deploy(Request())).Action);
        Assert.Equal(1, _server.Count("POST cvms/provision"));
    }

    [Fact]
    public async Task A_start_whose_answer_is_lost_is_found_and_not_repeated()
    {
        _server.Before("POST cvms/provision", () => { });
        _server.LoseAnswer("POST cvms");
        DeploymentResult result = await Deploy(Request());
        Assert.Equal(_server.Cvms["council-1"].VmUuid, result.CvmId);
        Assert.Equal(1, _server.Requests.Count(each => each == "POST cvms"));
    }

    [Theory]
    [InlineData("POST cvms/provision", 503)]
    [InlineData("POST cvms/provision", 429)]
    [InlineData("POST cvms", 503)]
    public async Task What_changes_something_is_sent_once(string request, int status)
    {
        if (request == "POST cvms")
            _server.Before("POST cvms/provision", () => { });
        _server.Next(request, status);
        var error = await Assert.ThrowsAsync<CloudApiException>(() => Deploy(Request()));
        Assert.True(error.IsTransient);
        Assert.Equal(1, _server.Requests.Count(each => each == request));
    }

    [Fact]
    public async Task A_failed_look_is_repeated_and_never_taken_for_absence()
    {
        _server.Next("GET cvms/council-1", 503, "", "0");
        _server.Next("GET cvms/council-1", 429, "", "0");
        Assert.Equal(DeploymentAction.Create, (await Deployment().PlanAsync(Request(), Token)).Action);
        Assert.Equal(3, _server.Count("GET cvms/council-1"));
        _server.Next("GET cvms/council-1", 500);
        await Assert.ThrowsAsync<CloudApiException>(() => Deployment().PlanAsync(Request(), Token));
    }

    [Theory]
    [InlineData(null, "no key service is trusted yet")]
    [InlineData("03ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", "not by the trusted")]
    public async Task No_secret_leaves_before_the_signer_is_trusted(string? trusted, string message)
    {
        var error = await Assert.ThrowsAsync<DeploymentException>(() => Deploy(Request() with { TrustedKmsKey = trusted }));
        Assert.Contains(message, error.Message);
        Assert.Equal(0, _cipher.Sealed);
        Assert.Empty(_server.Cvms);
    }

    [Fact]
    public async Task A_key_without_a_valid_signature_or_another_than_offered_is_refused()
    {
        _cipher.Signer = null;
        Assert.Contains("no valid signature", (await Assert.ThrowsAsync<DeploymentException>(() => Deploy(Request()))).Message);
        _cipher.Signer = StandInCipher.Kms;
        _server.KmsKey = (_, _) => $$"""{"public_key":"{{new string('b', 64)}}"}""";
        Assert.Contains("another environment key", (await Assert.ThrowsAsync<DeploymentException>(() => Deploy(Request()))).Message);
        Assert.Equal(0, _cipher.Sealed);
    }

    [Fact]
    public async Task No_secret_is_in_the_state_file_or_in_a_message()
    {
        var said = new List<string>();
        DeploymentPlan plan = await Deployment().PlanAsync(Request(), Token);
        await Deployment().RunAsync(Request(), plan, new Progress<string>(said.Add), Token);
        string file = Assert.Single(Directory.GetFiles(_folder));
        string text = await File.ReadAllTextAsync(file, Token);
        Assert.DoesNotContain(Secret, text);
        Assert.DoesNotContain(PhalaCloudServer.Key, text);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.DoesNotContain(said, each => each.Contains(Secret, StringComparison.Ordinal));
        Assert.DoesNotContain(PhalaCloudServer.Key, new CloudApiKey(PhalaCloudServer.Key).ToString());
    }

    [Fact]
    public async Task A_broken_state_file_only_costs_a_step()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "council-1.json"), "{broken", Token);
        Assert.Equal(DeploymentAction.Create, (await Deploy(Request())).Action);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("1council")]
    [InlineData("council--x")]
    [InlineData("council-")]
    [InlineData("../council")]
    public async Task A_name_that_the_platform_does_not_take_is_refused_before_anything_is_sent(string name)
    {
        await Assert.ThrowsAsync<DeploymentException>(() => Deploy(Request() with { Name = name }));
        Assert.Empty(_server.Requests);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static DeploymentRequest Request() => new()
    {
        Name = "council-1",
        DockerComposeFile = "services: {a: {}}",
        Environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["TOKEN"] = Secret },
        TrustedKmsKey = "0x" + StandInCipher.Kms,
    };

    private Deployment Deployment() => new(_server.Client(_http), _cipher, new DeploymentStateStore(_folder), _server.Clock);

    private async Task<DeploymentResult> Deploy(DeploymentRequest request, CancellationToken? stop = null)
    {
        Deployment deployment = Deployment();
        return await deployment.RunAsync(request, await deployment.PlanAsync(request, stop ?? Token), null, stop ?? Token);
    }

    private sealed class StandInCipher : IEnvironmentCipher
    {
        public const string Kms = "034f355bdcb7cc0af728ef3cceb9615d90684bb5b2ca5f859ab0f0b704075871aa";

        public int Sealed { get; private set; }

        public string? Signer { get; set; } = Kms;

        public string? RecoverSigner(EnvironmentKey key, string appId, DateTimeOffset at) => Signer;

        public string Encrypt(string publicKey, IReadOnlyDictionary<string, string> environment)
        {
            Sealed++;
            return "00";
        }
    }
}
