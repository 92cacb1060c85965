using System.Text;
using System.Text.Json;
using Witan.Cli.CommandLine;
using Witan.Tests.Cloud;
using Witan.Tests.Harness;
using Witan.Voting;
using Xunit;

namespace Witan.Tests.CommandLine;

/// <summary>A coordinator that answers with another proposal than the one asked for, whose record holds, is believed nothing.</summary>
public sealed class OtherProposalTests : IAsyncLifetime
{
    private readonly RecordState _other;
    private readonly byte[] _record;
    private FakeCoordinator _coordinator = null!;

    public OtherProposalTests()
    {
        var council = new Witan.Tests.Voting.Council(3);
        _other = council.Decide(0, 0, 1);
        _record = DecisionFile.Of(_other, council.Events).ToBytes();
    }

    private static string Asked => new('a', 64);

    public async ValueTask InitializeAsync() => _coordinator = (await FakeCoordinator.StartAsync())
        .Answers($"/v1/proposals/{_other.ProposalId}", FakeCoordinator.Summary(_other), WireJson.Default.ProposalSummary)
        .Answers($"/v1/proposals/{_other.ProposalId}/decision", _record);

    public ValueTask DisposeAsync() => _coordinator.DisposeAsync();

    [Fact]
    public async Task The_one_asked_for_is_shown_with_its_id()
    {
        CommandRun run = await _coordinator.RunAsync("decision", _other.ProposalId.ToString());
        Assert.True(run.Code == ExitCode.Good, run.Error);
        Assert.Contains($"  proposal {_other.ProposalId}\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Its_decision_is_not_shown_as_that_of_the_one_asked_for()
    {
        _coordinator.Answers($"/v1/proposals/{Asked}", FakeCoordinator.Summary(_other), WireJson.Default.ProposalSummary);
        Refused(await _coordinator.RunAsync("decision", Asked));
        Refused(await _coordinator.RunAsync("decision", Asked, "--json"));
    }

    [Fact]
    public async Task Nor_is_its_record_where_the_summary_names_the_one_asked_for()
    {
        _coordinator
            .Answers($"/v1/proposals/{Asked}", FakeCoordinator.Summary(_other) with { Id = Digest.Parse(Asked) }, WireJson.Default.ProposalSummary)
            .Answers($"/v1/proposals/{Asked}/decision", _record);
        CommandRun run = await _coordinator.RunAsync("decision", Asked);
        Assert.Equal(ExitCode.Rejected, run.Code);
        Assert.Contains("of another proposal than expected", run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);

        CommandRun asJson = await _coordinator.RunAsync("decision", Asked, "--json");
        Assert.Equal((ExitCode.Rejected, run.Error), (asJson.Code, asJson.Error));
        using JsonDocument report = JsonDocument.Parse(asJson.Output);
        Assert.Equal("witan.audit/1", report.RootElement.GetProperty("schema").GetString());
        Assert.False(report.RootElement.GetProperty("valid").GetBoolean());
        Assert.Equal(JsonValueKind.Null, report.RootElement.GetProperty("decision").ValueKind);
    }

    [Fact]
    public async Task Nor_is_it_taken_while_the_one_asked_for_is_waited_for()
    {
        int asked = 0;
        ProposalSummary waiting = FakeCoordinator.Summary(_other) with { Id = Digest.Parse(Asked), State = ProposalState.Voting };
        _coordinator.Answers($"/v1/proposals/{Asked}", context =>
        {
            context.Response.ContentType = "application/json";
            ProposalSummary answer = Interlocked.Increment(ref asked) == 1 ? waiting : FakeCoordinator.Summary(_other);
            return context.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(answer, WireJson.Default.ProposalSummary)).AsTask();
        });
        Refused(await _coordinator.RunAsync("decision", Asked, "--wait"));
        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task Nor_is_it_taken_for_what_was_proposed()
    {
        string file = Path.Combine(SharedData.Repository, "examples", "treasury-grant.md");
        _coordinator
            .Answers("/v1/policy", Encoding.UTF8.GetString(JsonSerializer.SerializeToUtf8Bytes(new CouncilPolicy(), PolicyJson.Default.CouncilPolicy)))
            .Answers("/v1/proposals", FakeCoordinator.Summary(_other), WireJson.Default.ProposalSummary);
        Refused(await _coordinator.RunAsync("propose", file));
    }

    private void Refused(CommandRun run)
    {
        Assert.Equal(ExitCode.Rejected, run.Code);
        Assert.Contains($"the coordinator answers about proposal {_other.ProposalId}", run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }
}
