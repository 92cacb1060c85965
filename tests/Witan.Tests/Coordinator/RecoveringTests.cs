using System.Net;
using System.Text.Json;
using Witan.Tests.Failures;
using Witan.Voting;
using Xunit;

namespace Witan.Tests.Coordinator;

/// <summary>A record that was found at start, and of which no trustee has shown yet what it saw last.</summary>
public sealed class RecoveringTests
{
    [Fact]
    public async Task It_is_not_cancelled()
    {
        await using HandVote vote = await HandVote.OpenAsync(workers: 1);
        await vote.Coordinator.StopAsync();
        // Where its trustee does not find it.
        await using RunningCoordinator other = await RunningCoordinator.StartAsync(vote.Coordinator.Options.State);
        RequesterOrder order = RequesterOrder.Create("cancel", vote.Id, TimeProvider.System.GetUtcNow(), TestProposals.Requester);
        (HttpStatusCode status, string body, HttpResponseMessage message) = await other.SendAsync(
            HttpMethod.Post, $"/v1/proposals/{vote.Id}/cancel", JsonSerializer.Serialize(order, WireJson.Default.RequesterOrder));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("RECOVERING", body, StringComparison.Ordinal);
        Assert.NotNull(message.Headers.RetryAfter);
        ProposalSummary now = (await other.Client.GetAsync($"v1/proposals/{vote.Id}", WireJson.Default.ProposalSummary, TestContext.Current.CancellationToken))!;
        Assert.Equal(ProposalState.Voting, now.State);
    }
}
