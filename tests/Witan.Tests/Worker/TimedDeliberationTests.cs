using Witan.Tests.Coordinator;
using Witan.Voting;
using Witan.Worker;
using Witan.Worker.Deliberation;
using Witan.Worker.Memory;
using Xunit;

namespace Witan.Tests.Worker;

/// <summary>Whatever becomes of a mind, an opinion comes of it before the deadline.</summary>
public sealed class TimedDeliberationTests
{
    private static readonly ProposalBody Body = TestProposals.Body("timed");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_worker_that_is_stopped_has_no_opinion()
    {
        using var stop = new CancellationTokenSource();
        Task<Opinion> waiting = Timed(async token =>
        {
            await Task.Delay(Timeout.Infinite, token);
            return new Opinion(0, "");
        }).OpinionAsync(Body, [], null, Soon(60), stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task A_few_deliberate_at_once_and_the_others_wait_for_their_turn_inside_their_time()
    {
        int now = 0, most = 0;
        TimedDeliberation timed = Timed(async token =>
        {
            most = Math.Max(most, Interlocked.Increment(ref now));
            await Task.Delay(50, token);
            Interlocked.Decrement(ref now);
            return new Opinion(0, "yes");
        });
        Opinion[] opinions = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => timed.OpinionAsync(Body, [], null, Soon(60), Cancel)));
        Assert.All(opinions, opinion => Assert.Equal(0, opinion.Option));
        Assert.InRange(most, 1, 4);

        TimedDeliberation full = Timed(async token =>
        {
            await Task.Delay(Timeout.Infinite, token);
            return new Opinion(0, "never");
        });
        opinions = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => full.OpinionAsync(Body, [], null, Soon(1), Cancel)));
        Assert.All(opinions, opinion => Assert.StartsWith("Abstained: OutOfTime.", opinion.Reasoning, StringComparison.Ordinal));
    }

    private static DateTimeOffset Soon(double seconds) => TimeProvider.System.GetUtcNow().AddSeconds(seconds);

    private static TimedDeliberation Timed(Func<CancellationToken, Task<Opinion>> think) => new(new Mind(think), TimeSpan.Zero, TimeProvider.System);

    private sealed class Mind(Func<CancellationToken, Task<Opinion>> think) : IDeliberator
    {
        public string Description => "a test's";

        public int AtOnce => 4;

        public Task<Opinion> DeliberateAsync(ProposalBody proposal, IReadOnlyList<Recollection> memory, HeardArguments? heard, CancellationToken cancellationToken) => think(cancellationToken);
    }
}
