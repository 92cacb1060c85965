namespace Witan.Dstack.Cloud;

/// <summary>
/// Moments at a fixed distance from a start, by the monotonic clock: setting the wall clock changes nothing. Where the process
/// was held up past whole intervals, the rest of the schedule moves by those: polls never come in bursts, and none is lost.
/// </summary>
internal sealed class PollSchedule(TimeSpan interval, TimeProvider clock)
{
    private readonly long _start = clock.GetTimestamp();
    private TimeSpan _next;

    public TimeSpan Elapsed => clock.GetElapsedTime(_start);

    /// <summary>Waits for the next moment. The first is the start itself.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        TimeSpan wait = _next - Elapsed;
        if (wait > TimeSpan.Zero)
            await Task.Delay(wait, clock, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        TimeSpan late = Elapsed - _next;
        if (late >= interval)
            _next += TimeSpan.FromTicks(late.Ticks / interval.Ticks * interval.Ticks);
        _next += interval;
    }
}
