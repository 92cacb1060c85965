using Witan.Agent;
using Witan.Tests.Coordinator;
using Witan.Tests.Harness;
using Witan.Trustee;
using Witan.Voting;
using Witan.Worker;
using Witan.Worker.Deliberation;
using Witan.Worker.Memory;
using Xunit;

namespace Witan.Tests.Worker;

/// <summary>A worker does not vote where its own policy forbids it, whatever the coordinator's allows.</summary>
public sealed class LooserProposalTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-looser").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_vote_of_one_is_not_cast_under_a_policy_of_three()
    {
        await using RunningCoordinator coordinator = await RunningCoordinator.StartAsync();
        using var stop = new CancellationTokenSource();
        var log = new TestLog();
        AgentOptions Options(string name, string policy) =>
            new() { Name = name, Coordinator = coordinator.Http.BaseAddress!, State = Path.Combine(_folder, name), LocalMode = "true", Policy = policy };
        Task[] running =
        [
            WorkerHost.RunAsync(
                Options("worker", "phala"), new WorkerOptions { Port = RunningCoordinator.FreePort(), CastWindow = TimeSpan.Zero }, new Never(), log, TimeProvider.System, stop.Token),
            TrusteeHost.RunAsync(Options("trustee", TestPolicies.Few(_folder)), TextWriter.Null, TimeProvider.System, stop.Token),
        ];
        ProposalSummary proposal = await coordinator.ProposeAsync(TestProposals.Body("of one"));
        await coordinator.UntilAsync(proposal.Id, now => now.State == ProposalState.Voting);
        for (int i = 0; i < 600 && !log.ToString().Contains("looser than its policy: roster", StringComparison.Ordinal); i++)
            await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.Contains("takes no part in a proposal that is looser than its policy: roster", log.ToString(), StringComparison.Ordinal);
        await stop.CancelAsync();
        await Task.WhenAll(running);
    }

    private sealed class Never : IDeliberator
    {
        public string Description => "is not asked";

        public Task<Opinion> DeliberateAsync(ProposalBody proposal, IReadOnlyList<Recollection> memory, HeardArguments? heard, CancellationToken cancellationToken) =>
            throw new InvalidOperationException("it was asked");
    }
}
