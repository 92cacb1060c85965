using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
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

/// <summary>What a deliberation came to, between the mind and the disk: stored as one thing, paid for once.</summary>
public sealed class StoredOnceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-stored").FullName;
    private Action _whenAsked = () => { };
    private int _asked;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string State => Path.Combine(_folder, "worker");

    [Theory]
    [InlineData("reasons.sealed", 0)]
    [InlineData("json", 0)]
    [InlineData("opinion.sealed", 1)]
    public async Task A_file_that_cannot_be_written_costs_another_attempt_and_not_another_deliberation(string file, int rounds)
    {
        ProposalBody body = TestProposals.Body("stored", seconds: 90) with { Rounds = rounds };
        string path = Path.Combine(State, "ballots", $"{body.Id()}.{file}");
        // A directory that is not empty stands where the file belongs.
        Directory.CreateDirectory(Path.Combine(path, "in the way"));
        using var log = new TestLog();
        ProposalSummary end = await DecideAsync(body, log, async running =>
        {
            for (int i = 0; log.ToString().Split(path).Length - 1 < 2; i++)
            {
                // One that has ended meets nothing, and says why.
                foreach (Task run in running.Where(run => run.IsCompleted))
                    await run;
                Assert.True(i < 1200, log.ToString());
                await Task.Delay(50, TestContext.Current.CancellationToken);
            }

            Assert.Equal(1, _asked);
            Directory.Delete(path, recursive: true);
        });
        Assert.Equal((Decision.Approved, 1, 1 + rounds), (end.Decision!.Value, end.Ballots, _asked));
    }

    [Fact]
    public async Task A_memory_that_cannot_be_written_does_not_cost_the_vote()
    {
        string turn = Path.Combine(State, "memory.sealed.lock");
        _whenAsked = () =>
        {
            // Nobody can lock a directory.
            File.Delete(turn);
            Directory.CreateDirectory(turn);
        };
        using var log = new TestLog();
        ProposalSummary end = await DecideAsync(TestProposals.Body("forgotten"), log, _ => Task.CompletedTask);
        Assert.Equal((Decision.Approved, 1, 1), (end.Decision!.Value, end.Ballots, _asked));
        Assert.Contains("could not be remembered; the vote is cast all the same", log.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_hash_in_the_ballot_is_that_of_the_file_that_is_kept()
    {
        ProposalBody body = TestProposals.Body("shown");
        using var log = new TestLog();
        await DecideAsync(body, log, _ => Task.CompletedTask);
        string ballots = Path.Combine(State, "ballots");
        using JsonDocument ballot = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(ballots, $"{body.Id()}.json"), TestContext.Current.CancellationToken));
        // As docs/reference/record.md says it, without a line of ours.
        byte[] tag = Encoding.ASCII.GetBytes("witan/deliberation/v1");
        byte[] file = SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(ballots, $"{body.Id()}.reasons.sealed"), TestContext.Current.CancellationToken));
        byte[] hash = SHA256.HashData([0, 0, 0, 21, .. tag, 0, 0, 0, 32, .. Convert.FromHexString(body.Id().ToString()), 0, 0, 0, 32, .. file]);
        Assert.Equal(Convert.ToHexStringLower(hash), ballot.RootElement.GetProperty("deliberation").GetString());
    }

    private async Task<ProposalSummary> DecideAsync(ProposalBody body, TestLog log, Func<Task[], Task> meanwhile)
    {
        await using RunningCoordinator coordinator = await RunningCoordinator.StartAsync(change: options => options with { Lease = TimeSpan.FromSeconds(1) });
        using var stop = new CancellationTokenSource();
        AgentOptions Options(string name) => new() { Name = name, Coordinator = coordinator.Http.BaseAddress!, State = Path.Combine(_folder, name), LocalMode = "true", Policy = TestPolicies.Few(_folder) };
        Task[] running =
        [
            WorkerHost.RunAsync(
                Options("worker"), new WorkerOptions { Port = RunningCoordinator.FreePort(), CastWindow = TimeSpan.Zero }, new Counting(() =>
                {
                    Interlocked.Increment(ref _asked);
                    _whenAsked();
                }),
                log, TimeProvider.System, stop.Token),
            TrusteeHost.RunAsync(Options("trustee"), TextWriter.Null, TimeProvider.System, stop.Token),
        ];
        ProposalSummary proposal = await coordinator.ProposeAsync(body);
        await meanwhile(running);
        ProposalSummary end = await coordinator.UntilAsync(proposal.Id, now => now.State == ProposalState.Settled, seconds: 90);
        await stop.CancelAsync();
        await Task.WhenAll(running);
        return end;
    }

    private sealed class Counting(Action asked) : IDeliberator
    {
        public string Description => "always yes";

        public Task<Opinion> DeliberateAsync(ProposalBody proposal, IReadOnlyList<Recollection> memory, HeardArguments? heard, CancellationToken cancellationToken)
        {
            asked();
            return Task.FromResult(new Opinion(0, "yes"));
        }
    }
}
