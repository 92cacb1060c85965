using Witan.Agent;
using Witan.Cli.CommandLine;
using Witan.Tests.Cloud;
using Witan.Voting;
using Xunit;

namespace Witan.Tests.CommandLine;

/// <summary>What answers in a coordinator's place and not as one is no answer: it could not be decided, and the program has no fault.</summary>
public sealed class NoAnswerTests
{
    [Theory]
    [InlineData("/v1/agents", "[]", "workers")]
    [InlineData("/v1/proposals", "[]", "proposals")]
    [InlineData("/v1/revocations", "[]", "policy", "revocations")]
    [InlineData("/v1/policy", """{"schema":"witan.council-policy/1"}""", "policy")]
    public async Task An_error_status_is_one_whatever_its_body_says(string path, string body, params string[] arguments)
    {
        await using FakeCoordinator coordinator = (await FakeCoordinator.StartAsync()).Answers(path, body, 500);
        CommandRun run = await coordinator.RunAsync(arguments);
        Assert.Equal(ExitCode.Undecided, run.Code);
        Assert.Contains("the coordinator answered 500", run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    [Theory]
    [InlineData("/v1/policy", "{}", "policy")]
    [InlineData("/v1/policy", "[]", "policy")]
    [InlineData("/v1/policy", """{"schema":"witan.council-policy/1","turnoutPercent":0}""", "policy")]
    [InlineData("/v1/agents", "[null]", "workers")]
    [InlineData("/v1/agents", """{"\u001b[2J":1}""", "workers")]
    [InlineData("/v1/proposals", "[null]", "proposals")]
    [InlineData("/v1/revocations", "[null]", "policy", "revocations")]
    [InlineData("/v1/agents", "<html>", "workers")]
    public async Task Garbage_is_no_answer(string path, string body, params string[] arguments)
    {
        await using FakeCoordinator coordinator = (await FakeCoordinator.StartAsync()).Answers(path, body);
        CommandRun run = await coordinator.RunAsync(arguments);
        Assert.True(run.Code == ExitCode.Undecided, $"{run.Code} {run.Error}");
        string[] lines = run.Error.TrimEnd('\n').Split('\n');
        Assert.Equal(2, lines.Length);
        Assert.Contains("answers, and not as a coordinator does", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("witan: hint: ", lines[1], StringComparison.Ordinal);
        Assert.DoesNotContain('\e', run.Error);
        Assert.Empty(run.Output);
    }

    // The loop of an agent goes on after such an exception, and would end at the null.
    [Fact]
    public async Task A_trustees_list_of_nothing_is_refused_before_it_is_looked_at()
    {
        await using FakeCoordinator coordinator = (await FakeCoordinator.StartAsync()).Answers("/v1/trustees/tasks", """{"version":1,"tasks":[null]}""");
        using var http = new HttpClient { BaseAddress = coordinator.Address };
        var client = new CoordinatorClient(http, null, TimeProvider.System);
        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(
            () => client.GetAsync("v1/trustees/tasks", WireJson.Default.TrusteeTaskPage, TestContext.Current.CancellationToken));
        Assert.Equal(HttpRequestError.InvalidResponse, e.HttpRequestError);
    }
}
