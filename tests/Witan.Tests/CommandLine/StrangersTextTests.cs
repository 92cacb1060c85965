using System.Text;
using Witan.Cli.CommandLine;
using Witan.Tests.Cloud;
using Witan.Voting;
using Xunit;

namespace Witan.Tests.CommandLine;

/// <summary>What a file or a coordinator says is shown as text: it moves no cursor and begins no line of its own.</summary>
public sealed class StrangersTextTests : IDisposable
{
    private const string Hostile = "\e[2J\r\nwitan: error: forged\u202E";

    private readonly string _folder = Directory.CreateTempSubdirectory("witan-strangers-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_members_name_in_a_file_that_is_no_record()
    {
        CommandRun run = await AuditAsync(Encoding.UTF8.GetBytes("""{"\u001b[2J\r\nwitan: error: forged":1}"""));
        Assert.Equal(ExitCode.Rejected, run.Code);
        Assert.Contains("forged", run.Output, StringComparison.Ordinal);
        Harmless(run);
    }

    [Fact]
    public async Task The_explanation_of_an_end_in_a_record_that_holds()
    {
        var council = new Witan.Tests.Voting.Council(3);
        council.OpenVoting();
        council.Append(new Ended(EndReason.Cancelled, Hostile));
        CommandRun run = await AuditAsync(DecisionFile.Of(council.State, council.Events).ToBytes());
        Assert.True(run.Code == ExitCode.Good, run.Output);
        Assert.Contains("  decision     none (Cancelled: \uFFFD[2J\uFFFD\uFFFDwitan: error: forged\uFFFD)\n", run.Output, StringComparison.Ordinal);
        Harmless(run);
    }

    [Fact]
    public async Task Title_and_options_that_turn_the_reading_direction()
    {
        var council = new Witan.Tests.Voting.Council(3, change: body => body with { Title = "\u202Eyarbil", Options = ["\u202Eseye", "Reject", "Abstain"] });
        CommandRun run = await AuditAsync(DecisionFile.Of(council.Decide(0, 0, 1), council.Events).ToBytes());
        Assert.True(run.Code == ExitCode.Good, run.Output);
        Harmless(run);
    }

    [Fact]
    public async Task All_that_a_coordinator_says_of_its_proposals()
    {
        var council = new Witan.Tests.Voting.Council(3);
        council.OpenVoting();
        ProposalSummary said = FakeCoordinator.Summary(council.State) with { Title = Hostile, Waiting = Hostile, Mark = Hostile };
        string path = $"/v1/proposals/{said.Id}";
        await using FakeCoordinator coordinator = (await FakeCoordinator.StartAsync())
            .Answers("/v1/proposals", [said], WireJson.Default.IReadOnlyListProposalSummary)
            .Answers(path, said, WireJson.Default.ProposalSummary)
            .Answers($"{path}/cancel", said, WireJson.Default.ProposalSummary)
            .Answers($"{path}/decision", DecisionFile.Of(council.State, council.Events).ToBytes());
        CommandRun list = await coordinator.RunAsync("proposals");
        Assert.Equal(ExitCode.Good, list.Code);
        Assert.Equal(4, list.Output.Count(letter => letter == '\n'));
        Harmless(list);
        CommandRun decision = await coordinator.RunAsync("decision", said.Id.ToString());
        Assert.Equal(ExitCode.Undecided, decision.Code);
        Harmless(decision);
        CommandRun cancelled = await coordinator.RunAsync("proposals", "cancel", said.Id.ToString());
        Assert.Equal(ExitCode.Good, cancelled.Code);
        Assert.Single(cancelled.Output.TrimEnd('\n').Split('\n'));
        Harmless(cancelled);
    }

    private async Task<CommandRun> AuditAsync(byte[] file)
    {
        string path = Path.Combine(_folder, "decision.json");
        await File.WriteAllBytesAsync(path, file, TestContext.Current.CancellationToken);
        return await CommandRun.RunAsync(["audit", path]);
    }

    private static void Harmless(CommandRun run)
    {
        string all = run.Output + run.Error;
        Assert.DoesNotContain('\e', all);
        Assert.DoesNotContain('\r', all);
        Assert.DoesNotContain('\u202E', all);
        Assert.DoesNotContain(all.Split('\n'), line => line.StartsWith("witan: error: forged", StringComparison.Ordinal));
    }
}
