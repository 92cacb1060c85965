using System.Text.Json;
using Witan.Cli.CommandLine;
using Witan.Cli.Commands.Audit;
using Witan.Tests.Cloud;
using Witan.Voting;
using Xunit;

namespace Witan.Tests.CommandLine;

/// <summary><c>witan audit</c> shows by which policy and whose key a record was made, and compares them where it is told what to expect.</summary>
public sealed class AuditCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-audit-").FullName;
    private readonly Witan.Tests.Voting.Council _council = new(3);

    public AuditCommandTests()
    {
        RecordState state = _council.Decide(0, 1, 0);
        File.WriteAllBytes(Record, DecisionFile.Of(state, _council.Events).ToBytes());
    }

    private string Record => Path.Combine(_folder, "decision.json");

    private ProposalOpened Opening => (ProposalOpened)_council.Events[0].Payload;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Policy_and_key_are_shown_in_text_and_in_json()
    {
        CommandRun text = await CommandRun.RunAsync(["audit", Record]);
        Assert.True(text.Code == ExitCode.Good, text.Output);
        Assert.Contains($"  policy       {Opening.PolicyName} {Opening.Policy}\n  coordinator  {Opening.Coordinator}\n", text.Output, StringComparison.Ordinal);

        using JsonDocument json = JsonDocument.Parse((await CommandRun.RunAsync(["audit", Record, "--json"])).Output);
        Assert.Equal(
            ("witan.audit/1", Opening.PolicyName, Opening.Policy.ToString(), Opening.Coordinator.ToString()),
            (Member(json, "schema"), Member(json, "policy"), Member(json, "policyHash"), Member(json, "coordinator")));
    }

    [Fact]
    public async Task Another_policy_or_another_key_than_expected_is_rejected()
    {
        string file = Path.Combine(_folder, "policy.json");
        await File.WriteAllTextAsync(file, """{"schema":"witan.council-policy/1","name":"another"}""", TestContext.Current.CancellationToken);
        CommandRun other = await CommandRun.RunAsync(["audit", Record, "--policy", file]);
        Assert.Equal(ExitCode.Rejected, other.Code);
        Assert.Contains($"the record was made under policy {Opening.Policy}; {new CouncilPolicy { Name = "another" }.Hash()} is expected", other.Output, StringComparison.Ordinal);

        Assert.Equal(ExitCode.Good, (await CommandRun.RunAsync(["audit", Record, "--coordinator", Opening.Coordinator.ToString()])).Code);
        CommandRun key = await CommandRun.RunAsync(["audit", Record, "--coordinator", new string('a', 64)]);
        Assert.Equal(ExitCode.Rejected, key.Code);
        Assert.Contains($"the record is signed by coordinator {Opening.Coordinator}; {new string('a', 64)} is expected", key.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_policy_of_the_record_is_taken_as_a_file_and_by_its_name()
    {
        var policy = new CouncilPolicy { Name = "phala" };
        var council = new Witan.Tests.Voting.Council(3) { Policy = policy.Hash() };
        await File.WriteAllBytesAsync(Record, DecisionFile.Of(council.Decide(0, 1, 0), council.Events).ToBytes(), TestContext.Current.CancellationToken);
        string file = Path.Combine(_folder, "policy.json");
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(policy, PolicyJson.Default.CouncilPolicy), TestContext.Current.CancellationToken);
        foreach (string same in (string[])["phala", file])
            Assert.Equal(ExitCode.Good, (await CommandRun.RunAsync(["audit", Record, "--policy", same])).Code);
        Assert.Equal(ExitCode.Rejected, (await CommandRun.RunAsync(["audit", Record, "--policy", "strict"])).Code);
    }

    [Fact]
    public void An_audit_that_takes_long_says_so_and_a_quick_one_says_nothing()
    {
        using var said = new ManualResetEventSlim();
        var error = new Said(said);
        var terminal = new Terminal(TextWriter.Null, error, colour: false, interactive: false);
        Assert.Equal(1, SlowAudit.Run(terminal, TimeSpan.FromHours(1), "auditing", () => 1));
        Assert.Empty(error.ToString());
        Assert.True(SlowAudit.Run(terminal, TimeSpan.FromMilliseconds(1), "auditing", () => said.Wait(TimeSpan.FromSeconds(30))));
        Assert.Equal("auditing\n", error.ToString());
    }

    [Theory]
    [InlineData("there is no policy /nowhere.json", "--policy", "/nowhere.json")]
    [InlineData("there is no policy phalla", "--policy", "phalla")]
    [InlineData("--coordinator is no key", "--coordinator", "abc")]
    [InlineData("--coordinator is no key", "--coordinator", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public async Task What_is_mistyped_is_wrong_usage(string message, params string[] arguments)
    {
        CommandRun run = await CommandRun.RunAsync(["audit", Record, .. arguments]);
        Assert.Equal(ExitCode.Usage, run.Code);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    private sealed class Said(ManualResetEventSlim said) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            said.Set();
        }
    }

    private static string? Member(JsonDocument json, string name) => json.RootElement.GetProperty(name).GetString();
}
