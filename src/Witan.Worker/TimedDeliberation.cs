using System.Security.Cryptography;
using System.Threading.Channels;
using Witan.Voting;
using Witan.Worker.Deliberation;
using Witan.Worker.Memory;
using Witan.Worker.Models;

namespace Witan.Worker;

/// <summary>A mind with a clock: it is made up before a deadline, and what it came to is said at a moment that says nothing about it.</summary>
internal sealed class TimedDeliberation(IDeliberator deliberator, TimeSpan window, TimeProvider clock)
{
    // Who deliberates has one in it.
    private readonly Channel<bool> _turns = Channel.CreateBounded<bool>(deliberator.AtOnce);

    /// <summary>What kind of mind it is, for people.</summary>
    public string Description => deliberator.Description;

    /// <summary>
    /// Deliberates. Deadlines nest: the mind has to be made up before <paramref name="until"/>, with time left to speak. Out of time is an
    /// abstention, as any failure is.
    /// </summary>
    public async Task<Opinion> OpinionAsync(
        ProposalBody body, IReadOnlyList<Recollection> memory, HeardArguments? heard, DateTimeOffset until, CancellationToken cancellationToken)
    {
        TimeSpan left = until - clock.GetUtcNow();
        long toThink = left.Ticks - TimeToSpeak(left).Ticks;
        var most = TimeSpan.FromTicks(Math.Clamp(toThink, 1, TimeSpan.TicksPerDay));
        using var deadline = new CancellationTokenSource(most, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        // A mind that has its answer and waits for what belongs to it is told a little earlier, and still heard.
        using var warning = new CancellationTokenSource(most * 0.95, clock);
        using var told = CancellationTokenSource.CreateLinkedTokenSource(warning.Token, either.Token);
        try
        {
            await _turns.Writer.WriteAsync(true, told.Token);
            try
            {
                return await deliberator.DeliberateAsync(body, memory, heard, told.Token).WaitAsync(either.Token);
            }
            finally
            {
                _turns.Reader.TryRead(out _);
            }
        }
        // Two timers: on a busy machine the later one may be heard first.
        catch (OperationCanceledException) when ((warning.IsCancellationRequested || deadline.IsCancellationRequested) && !cancellationToken.IsCancellationRequested)
        {
            return new Opinion(body.AbstainOption, $"Abstained: {AbstentionReason.OutOfTime}. The deliberation did not end before the close.");
        }
    }

    // A tenth, but where that is very short five seconds, or a third: a ballot has to be proven, sent and written on machines that are busy.
    private static TimeSpan TimeToSpeak(TimeSpan left) =>
        TimeSpan.FromTicks(Math.Max(left.Ticks / 10, Math.Min(5 * TimeSpan.TicksPerSecond, left.Ticks / 3)));

    /// <summary>
    /// Waits for the moment to speak. What was stored before a restart waits like what is fresh: its time says nothing either. Half of the
    /// time to speak is never waited away, so that who thought to the last is still heard.
    /// </summary>
    public async Task AwaitTurnAsync(DateTimeOffset started, DateTimeOffset until, CancellationToken cancellationToken)
    {
        DateTimeOffset now = clock.GetUtcNow();
        double fraction = RandomNumberGenerator.GetInt32(1 << 30) / (double)(1 << 30);
        DateTimeOffset latest = until - (TimeToSpeak(until - started) / 2);
        TimeSpan wait = CastSchedule.CastAt(started, now, latest, window, fraction) - now;
        if (wait > TimeSpan.Zero)
            await Task.Delay(wait, clock, cancellationToken);
    }
}
