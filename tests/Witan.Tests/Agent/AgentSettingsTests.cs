using Witan.Agent;
using Witan.Trustee;
using Witan.Worker;
using Witan.Worker.Deliberation;
using Xunit;

namespace Witan.Tests.Agent;

/// <summary>What workers and trustees say of their settings at start.</summary>
public sealed class AgentSettingsTests : IDisposable
{
    private const string Canary = "canary7d2e81";
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-settings-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Each_is_named_with_its_origin_and_no_secret_is_shown()
    {
        string text = string.Join('\n', AgentSettings.Of(
            Options() with { Origins = new Dictionary<string, string> { ["Coordinator"] = "environment", ["State"] = "option" } },
            [("CastWindow", "5 s")],
            [("WITAN_MODEL_ENDPOINT", false), ("WITAN_MODEL_API_KEY", true)],
            name => name switch { "WITAN_MODEL_ENDPOINT" => $"https://model.example:8443/{Canary}", "WITAN_MODEL_API_KEY" => Canary, _ => null }));
        Assert.DoesNotContain(Canary, text, StringComparison.Ordinal);
        Assert.All(
            typeof(AgentOptions).GetProperties().Where(property => property.Name != nameof(AgentOptions.Origins)),
            property => Assert.Contains($"setting {property.Name} = ", text, StringComparison.Ordinal));
        Assert.Contains("setting Coordinator = http://127.0.0.1:1/*** (environment)", text, StringComparison.Ordinal);
        Assert.Contains("setting OtherCoordinators = https://b.example (default)", text, StringComparison.Ordinal);
        Assert.Contains($"setting State = {_folder} (option)", text, StringComparison.Ordinal);
        Assert.Contains("setting CastWindow = 5 s (default)", text, StringComparison.Ordinal);
        Assert.Contains("setting WITAN_MODEL_ENDPOINT = https://model.example:8443/*** (environment)", text, StringComparison.Ordinal);
        Assert.Contains("setting WITAN_MODEL_API_KEY = *** (environment)", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Worker_and_trustee_print_them_before_anything_else()
    {
        Assert.SkipWhen(File.Exists("/var/run/dstack.sock"), "there is a guest agent on this machine");
        AgentOptions options = Options() with { OtherCoordinators = [], LocalMode = "true" };
        foreach (string role in new[] { "worker", "trustee" })
        {
            var log = new StringWriter();
            AgentOptions own = options with { State = Path.Combine(_folder, role) };
            using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
            try
            {
                await (role == "worker"
                    ? WorkerHost.RunAsync(own, new WorkerOptions { Port = 0 }, new RuleDeliberator(new WorkerProfile("witan.profile/1", "n", "v", [], [])), log, TimeProvider.System, stop.Token)
                    : TrusteeHost.RunAsync(own, log, TimeProvider.System, stop.Token));
            }
            catch (OperationCanceledException)
            {
                // It was still beginning to listen; what it prints comes before that.
            }

            string text = log.ToString();
            Assert.Contains("council-1: setting Coordinator = http://127.0.0.1:1/*** (default)", text, StringComparison.Ordinal);
            Assert.Equal(role == "worker", text.Contains("council-1: setting CastWindow = 5 s (default)", StringComparison.Ordinal));
            Assert.DoesNotContain(Canary, text, StringComparison.Ordinal);
        }
    }

    private AgentOptions Options() => new()
    {
        Name = "council-1",
        Coordinator = new Uri($"http://user:{Canary}@127.0.0.1:1/"),
        OtherCoordinators = [new Uri("https://b.example")],
        State = _folder,
    };
}
