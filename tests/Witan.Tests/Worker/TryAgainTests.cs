using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Witan.Agent;
using Witan.Tests.Coordinator;
using Witan.Trustee;
using Witan.Voting;
using Witan.Worker;
using Witan.Worker.Deliberation;
using Witan.Worker.Memory;
using Xunit;

namespace Witan.Tests.Worker;

/// <summary>A worker whose way to the coordinator fails for a while: it does not wait for the lease of its task.</summary>
public sealed class TryAgainTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-again").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Questions_that_fail_for_a_while_cost_a_while_and_not_a_lease(bool answered)
    {
        await using RunningCoordinator coordinator = await RunningCoordinator.StartAsync(change: options => options with { Lease = TimeSpan.FromMinutes(10) });
        int failures = 0;
        await using WebApplication way = await WayAsync(coordinator, path => path.EndsWith("/events", StringComparison.Ordinal) && Interlocked.Increment(ref failures) <= 3, answered);
        using var stop = new CancellationTokenSource();
        Task[] running =
        [
            WorkerHost.RunAsync(
                Options("worker", new Uri(way.Urls.First())), new WorkerOptions { Port = RunningCoordinator.FreePort(), CastWindow = TimeSpan.Zero }, new Yes(), TextWriter.Null,
                TimeProvider.System, stop.Token),
            TrusteeHost.RunAsync(Options("trustee", coordinator.Http.BaseAddress!), TextWriter.Null, TimeProvider.System, stop.Token),
        ];
        ProposalSummary proposal = await coordinator.ProposeAsync(TestProposals.Body("again"));
        ProposalSummary end = await coordinator.UntilAsync(proposal.Id, now => now.State == ProposalState.Settled);
        Assert.Equal((Decision.Approved, 1), (end.Decision!.Value, end.Ballots));
        Assert.True(failures > 3, "nothing failed");
        await stop.CancelAsync();
        await Task.WhenAll(running);
    }

    // A gateway between the two that fails where it is told to: with an answer, or by cutting the connection.
    private static async Task<WebApplication> WayAsync(RunningCoordinator coordinator, Func<string, bool> fails, bool answered)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        WebApplication app = builder.Build();
        app.Run(async context =>
        {
            HttpRequest asked = context.Request;
            if (fails(asked.Path))
            {
                if (answered)
                    context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
                else
                    context.Abort();
                return;
            }

            using var request = new HttpRequestMessage(new HttpMethod(asked.Method), asked.Path + asked.QueryString.Value);
            if (asked.ContentLength is not null)
            {
                request.Content = new StreamContent(asked.Body);
                request.Content.Headers.TryAddWithoutValidation("Content-Type", asked.ContentType);
            }

            foreach ((string name, Microsoft.Extensions.Primitives.StringValues value) in asked.Headers.Where(header => header.Key.StartsWith("Witan-", StringComparison.OrdinalIgnoreCase)))
                request.Headers.TryAddWithoutValidation(name, value.ToString());
            using HttpResponseMessage answer = await coordinator.Http.SendAsync(request, context.RequestAborted);
            context.Response.StatusCode = (int)answer.StatusCode;
            context.Response.ContentType = answer.Content.Headers.ContentType?.ToString();
            await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    private AgentOptions Options(string name, Uri coordinator) => new() { Name = name, Coordinator = coordinator, State = Path.Combine(_folder, name), LocalMode = "true", Policy = TestPolicies.Few(_folder) };

    private sealed class Yes : IDeliberator
    {
        public string Description => "always yes";

        public Task<Opinion> DeliberateAsync(ProposalBody proposal, IReadOnlyList<Recollection> memory, HeardArguments? heard, CancellationToken cancellationToken) =>
            Task.FromResult(new Opinion(0, "yes"));
    }
}
