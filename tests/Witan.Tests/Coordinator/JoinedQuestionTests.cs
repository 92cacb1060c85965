using Witan.Coordinator.Records;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.Tests.Coordinator;

/// <summary>A question that many ask at once.</summary>
public sealed class JoinedQuestionTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_answer_was_fetched_after_its_asking_and_those_who_wait_share_one()
    {
        int truth = 0, fetched = 0;
        var first = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var question = new JoinedQuestion<int>(async () =>
        {
            int answer = Volatile.Read(ref truth);
            if (Interlocked.Increment(ref fetched) == 1)
            {
                begun.SetResult();
                await first.Task;
            }

            return answer;
        }, TimeSpan.Zero, TimeProvider.System);
        Task<int> early = question.AskAsync();
        await begun.Task.WaitAsync(Cancel);
        Volatile.Write(ref truth, 1);
        Task<int>[] late = [.. Enumerable.Range(0, 50).Select(_ => question.AskAsync())];
        first.SetResult();
        Assert.Equal(0, await early);
        Assert.All(await Task.WhenAll(late), answer => Assert.Equal(1, answer));
        Assert.Equal(2, fetched);
    }

    [Fact]
    public async Task A_failure_is_of_those_who_asked_and_the_next_asks_again()
    {
        int asked = 0;
        var question = new JoinedQuestion<int>(() => ++asked == 1 ? throw new IOException("away") : Task.FromResult(asked), TimeSpan.Zero, TimeProvider.System);
        await Assert.ThrowsAsync<IOException>(question.AskAsync);
        Assert.Equal(2, await question.AskAsync());
    }

    [Fact]
    public async Task Between_two_questions_there_is_a_pause_and_all_who_ask_in_it_share_one()
    {
        var clock = new ManualTimeProvider(DateTimeOffset.UnixEpoch);
        int fetched = 0;
        var question = new JoinedQuestion<int>(() => Task.FromResult(Interlocked.Increment(ref fetched)), TimeSpan.FromMilliseconds(10), clock);
        Assert.Equal(1, await question.AskAsync());
        clock.Advance(TimeSpan.FromMilliseconds(4));
        Task<int>[] early = [.. Enumerable.Range(0, 20).Select(_ => question.AskAsync())];
        while (clock.Waiting == 0)
            await Task.Yield();
        clock.Advance(TimeSpan.FromMilliseconds(5));
        Assert.DoesNotContain(early, task => task.IsCompleted);
        clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.All(await Task.WhenAll(early).WaitAsync(Cancel), answer => Assert.Equal(2, answer));
        clock.Advance(TimeSpan.FromMilliseconds(10));
        Assert.Equal(3, await question.AskAsync());
    }
}
