using System.Text.Json;
using Witan.Cli.CommandLine;
using Witan.Cli.Commands.Audit;
using Witan.Tests.Admission;
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
        var council = new Witan.Tests.Voting.Council(3, change: body => body with { MinimumTurnout = 2, MinimumAnonymity = 2 }) { Policy = policy.Hash() };
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

    [Fact]
    public async Task Invented_evidence_of_trustees_is_not_taken_for_production()
    {
        var council = new Witan.Tests.Voting.Council(3) { Mode = ExecutionMode.Production, Level = 1, Evidence = _ => new AgentEvidence("i", "00", "[]", "") };
        await File.WriteAllBytesAsync(Record, DecisionFile.Of(council.Decide(0, 1, 0), council.Events).ToBytes(), TestContext.Current.CancellationToken);
        CommandRun run = await CommandRun.RunAsync(["audit", Record]);
        Assert.Equal(ExitCode.Good, run.Code);
        Assert.Contains("evidence     of the trustees: not judged; --collateral FILE judges it", run.Output, StringComparison.Ordinal);

        run = await CommandRun.RunAsync(["audit", Record, "--production"]);
        Assert.Equal(ExitCode.Undecided, run.Code);
        Assert.Contains("? undecided  all but the trustees' evidence holds", run.Output, StringComparison.Ordinal);
        using JsonDocument json = JsonDocument.Parse((await CommandRun.RunAsync(["audit", Record, "--production", "--json"])).Output);
        Assert.Equal((false, "not judged"), (json.RootElement.GetProperty("valid").GetBoolean(), Member(json, "evidence")));

        await using var attesting = new Attesting();
        run = await CommandRun.RunAsync(["audit", Record, "--production", "--collateral", Path.Combine(attesting.Folder, "collateral.json")]);
        Assert.Equal(ExitCode.Rejected, run.Code);
        Assert.Contains("the evidence of trustee 1 is rejected", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Evidence_is_judged_for_the_record_that_holds_it()
    {
        await using var attesting = new Attesting();
        Witan.Tests.Voting.Council council = null!;
        int shift = 0;
        AgentEvidence Show(int index)
        {
            Witan.Dstack.Simulator.SimulatedCvm machine = attesting.Machine("trustee", $"t{index}");
            Witan.Voting.Trustee trustee = council.State.Trustees[(index - 1 + shift) % 3];
            return Attesting.Evidence(machine, ReportData.ForKeyGeneration(council.State, trustee, machine.InstanceId));
        }

        string[] judged = ["--collateral", Path.Combine(attesting.Folder, "collateral.json"), "--development-root", Path.Combine(attesting.Folder, "root.pem")];
        council = new Witan.Tests.Voting.Council(3) { Mode = ExecutionMode.Simulated, Level = 1, Evidence = Show };
        await File.WriteAllBytesAsync(Record, DecisionFile.Of(council.Decide(0, 1, 0), council.Events).ToBytes(), TestContext.Current.CancellationToken);
        CommandRun run = await CommandRun.RunAsync(["audit", Record, .. judged]);
        Assert.True(run.Code == ExitCode.Good, run.Output + run.Error);
        Assert.Contains("evidence     of the trustees: accepted", run.Output, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Undecided, (await CommandRun.RunAsync(["audit", Record, "--collateral", "/nowhere", .. judged[2..]])).Code);
        Assert.Equal(ExitCode.Usage, (await CommandRun.RunAsync(["audit", Record, "--production", .. judged])).Code);

        // Each shows what another one bound.
        shift = 1;
        council = new Witan.Tests.Voting.Council(3) { Mode = ExecutionMode.Simulated, Level = 1, Evidence = Show };
        await File.WriteAllBytesAsync(Record, DecisionFile.Of(council.Decide(0, 1, 0), council.Events).ToBytes(), TestContext.Current.CancellationToken);
        Assert.Equal(ExitCode.Rejected, (await CommandRun.RunAsync(["audit", Record, .. judged])).Code);
    }

    [Fact]
    public async Task A_receipt_is_held_against_the_record()
    {
        Ballot ballot = _council.State.Ballots.Values.First();
        string answer = Path.Combine(_folder, "answer.json");
        await File.WriteAllBytesAsync(
            answer, JsonSerializer.SerializeToUtf8Bytes(new CastAnswer(_council.Receipt(ballot), null, "", _council.Checkpoint()), WireJson.Default.CastAnswer), TestContext.Current.CancellationToken);
        Assert.Equal(ExitCode.Good, (await CommandRun.RunAsync(["audit", Record, "--receipt", answer])).Code);

        // The same coordinator's record of the same proposal without that ballot.
        Witan.Tests.Voting.Council fork = _council.Fork((int)_council.State.Positions[ballot.Nullifier].Sequence);
        fork.Now = fork.Body.CloseAt;
        fork.Advance();
        string other = Path.Combine(_folder, "other.json");
        await File.WriteAllBytesAsync(other, DecisionFile.Of(fork.State, fork.Events).ToBytes(), TestContext.Current.CancellationToken);
        Assert.Equal(ExitCode.Good, (await CommandRun.RunAsync(["audit", other])).Code);
        CommandRun run = await CommandRun.RunAsync(["audit", other, "--receipt", answer]);
        Assert.Equal(ExitCode.Rejected, run.Code);
        Assert.Contains("the coordinator gave a receipt for ballot", run.Output, StringComparison.Ordinal);

        var stranger = new Witan.Tests.Voting.Council(3);
        await File.WriteAllBytesAsync(other, DecisionFile.Of(stranger.Decide(0, 0, 0), stranger.Events).ToBytes(), TestContext.Current.CancellationToken);
        Assert.Equal(ExitCode.Rejected, (await CommandRun.RunAsync(["audit", other, "--receipt", answer])).Code);
        Assert.Equal(ExitCode.Usage, (await CommandRun.RunAsync(["audit", Record, "--receipt", Record])).Code);
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
