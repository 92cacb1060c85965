using FsCheck;
using FsCheck.Fluent;
using Witan.Voting;
using Witan.Worker;
using Witan.Worker.Deliberation;
using Witan.Worker.Memory;
using Xunit;

namespace Witan.Tests.Worker;

/// <summary>The time of casting follows from the window and from chance, not from how long a mind took.</summary>
public sealed class CastScheduleTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 25, 9, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Whatever_is_decided_inside_one_window_is_cast_at_the_same_moments_of_the_next()
    {
        TimeSpan window = TimeSpan.FromSeconds(5);
        DateTimeOffset close = Start.AddMinutes(10);
        foreach (double fraction in new[] { 0, 0.25, 0.999 })
        {
            DateTimeOffset quick = CastSchedule.CastAt(Start, Start.AddMilliseconds(3), close, window, fraction);
            DateTimeOffset slow = CastSchedule.CastAt(Start, Start.AddMilliseconds(4_900), close, window, fraction);
            Assert.Equal(quick, slow);
            Assert.InRange(quick, Start + window, Start + (2 * window));
        }
    }

    [Theory]
    [InlineData(5)]
    [InlineData(60)]
    public void A_model_that_fails_at_once_is_cast_as_one_that_votes_or_takes_all_of_its_time(int minutes)
    {
        var mind = new Mind(TimeSpan.FromSeconds(120));
        TimeSpan window = new WorkerOptions().CastWindowOf(mind);
        DateTimeOffset[] at = [.. new[] { 0.01, 30, 90, 120.5 }.Select(seconds => CastSchedule.CastAt(Start, Start.AddSeconds(seconds), Start.AddMinutes(minutes), window, 0.5))];
        Assert.Single(at.Distinct());
        Assert.True(at[0] > Start.AddSeconds(120.5) && at[0] < Start.AddMinutes(minutes));
        Assert.Equal(TimeSpan.FromSeconds(0.3), new WorkerOptions { CastWindow = WorkerOptions.ParseCastWindow("0.3") }.CastWindowOf(mind));
        Assert.Equal(TimeSpan.FromSeconds(5), new WorkerOptions { CastWindow = WorkerOptions.ParseCastWindow("") }.CastWindowOf(new Mind(TimeSpan.Zero)));
    }

    private sealed class Mind(TimeSpan longest) : IDeliberator
    {
        public string Description => "a test's";

        public TimeSpan Longest => longest;

        public Task<Opinion> DeliberateAsync(ProposalBody proposal, IReadOnlyList<Recollection> memory, HeardArguments? heard, CancellationToken cancellationToken) =>
            Task.FromResult(new Opinion(0, ""));
    }

    [Fact]
    public void It_is_never_before_the_decision_and_never_after_the_close()
    {
        Gen<(int, int, int, int)> gen = Gen.Choose(0, 700_000).SelectMany(
            decided => Gen.Choose(1, 600_000).SelectMany(close => Gen.Choose(0, 120_000).SelectMany(window => Gen.Choose(0, 999).Select(fraction => (decided, close, window, fraction)))));
        Prop.ForAll(gen.ToArbitrary(), sample =>
        {
            (int decidedMs, int closeMs, int windowMs, int fraction) = sample;
            DateTimeOffset decided = Start.AddMilliseconds(decidedMs), close = Start.AddMilliseconds(closeMs);
            DateTimeOffset at = CastSchedule.CastAt(Start, decided, close, TimeSpan.FromMilliseconds(windowMs), fraction / 1000.0);
            return at >= decided && (at < close || at == decided);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));
    }
}
