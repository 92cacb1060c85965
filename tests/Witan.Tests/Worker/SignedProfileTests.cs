using Witan.Agent;
using Witan.Cli.CommandLine;
using Witan.Crypto;
using Witan.Tests.Cloud;
using Witan.Tests.Harness;
using Witan.Voting;
using Witan.Worker;
using Witan.Worker.Deliberation;
using Xunit;

namespace Witan.Tests.Worker;

/// <summary>H3: a worker with an owner runs with no profile that the owner did not sign, and says which it runs with.</summary>
public sealed class SignedProfileTests : IDisposable
{
    private const string Json = """{"schema":"witan.profile/1","name":"n","values":"v","criteria":[],"redLines":[]}""";
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-profile-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Profile => Path.Combine(_folder, "profile.json");

    private string Key => Path.Combine(_folder, "owner.key");

    private static Digest Owner => new(Ed25519.PublicKey(Convert.FromHexString(new string('1', 64))));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Only_what_the_owner_signed_is_run_and_its_hash_is_logged()
    {
        await File.WriteAllTextAsync(Profile, Json, Cancel);
        await File.WriteAllTextAsync(Key, new string('1', 64), Cancel);
        Assert.Contains("is not signed by this worker's owner", await RunAsync(Owner), StringComparison.Ordinal);

        CommandRun signed = await CommandRun.RunAsync(["worker", "profile", "sign", Profile, "--owner-key", Key]);
        Assert.True(signed.Code == ExitCode.Good, signed.Error);
        string hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(Json)));
        Assert.Contains($"setting Profile = SHA-256 {hash}, signed by the owner", await RunAsync(Owner), StringComparison.Ordinal);
        Assert.Contains("is not signed by this worker's owner", await RunAsync(new Digest(new byte[32])), StringComparison.Ordinal);

        await File.WriteAllTextAsync(Profile, Json.Replace("\"v\"", "\"w\"", StringComparison.Ordinal), Cancel);
        Assert.Contains("is not signed by this worker's owner", await RunAsync(Owner), StringComparison.Ordinal);
        await File.WriteAllTextAsync(Profile + ".sig", "damaged", Cancel);
        Assert.Contains("holds no signature of 128 hexadecimal digits", await RunAsync(Owner), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_an_owner_it_is_logged_and_whose_it_is_is_not_asked()
    {
        await File.WriteAllTextAsync(Profile, Json, Cancel);
        Assert.Contains(", no owner is set", await RunAsync(null), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_profile_is_not_signed()
    {
        await File.WriteAllTextAsync(Profile, "{}", Cancel);
        await File.WriteAllTextAsync(Key, new string('1', 64), Cancel);
        Assert.Equal(ExitCode.Usage, (await CommandRun.RunAsync(["worker", "profile", "sign", Profile, "--owner-key", Key])).Code);
        Assert.False(File.Exists(Profile + ".sig"));
    }

    // What it logs, or why it does not start.
    private async Task<string> RunAsync(Digest? owner)
    {
        Assert.SkipWhen(File.Exists("/var/run/dstack.sock"), "there is a guest agent on this machine");
        var log = new TestLog();
        var agent = new AgentOptions { Name = "w", Coordinator = new Uri("http://127.0.0.1:1"), State = Path.Combine(_folder, $"{owner?.Short()}"), LocalMode = "true" };
        using var stop = new CancellationTokenSource();
        try
        {
            SignedProfile profile = SignedProfile.Of(await File.ReadAllBytesAsync(Profile, Cancel), TextOrFile.Of(Profile));
            Task run = WorkerHost.RunAsync(agent, new WorkerOptions { Owner = owner, Port = 0 }, new RuleDeliberator(profile.Profile), log, TimeProvider.System, stop.Token, profile);
            while (!run.IsCompleted && !log.ToString().Contains("setting CastWindow", StringComparison.Ordinal))
                await Task.Delay(10, Cancel);
            await stop.CancelAsync();
            await run;
        }
        catch (SettingException e)
        {
            return e.Message;
        }

        return log.ToString();
    }
}
