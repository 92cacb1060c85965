namespace Witan.Coordinator.Records;

/// <summary>
/// A question that many ask at once. Whoever asks gets an answer that was fetched after the asking; all who ask while one is on its
/// way, or before <paramref name="apart"/> has passed since the last was asked, share the next.
/// </summary>
internal sealed class JoinedQuestion<T>(Func<Task<T>> ask, TimeSpan apart, TimeProvider clock)
{
    private readonly Lock _gate = new();
    private Task<T>? _running;
    private Task<T>? _next;
    private long _askedAt;

    public Task<T> AskAsync()
    {
        lock (_gate)
        {
            if (_next is { } next)
                return next;
            if (_running is { } last && (!last.IsCompleted || clock.GetElapsedTime(_askedAt) < apart))
                return _next = AfterAsync(last);
            _askedAt = clock.GetTimestamp();
            return _running = Task.Run(ask);
        }
    }

    private async Task<T> AfterAsync(Task<T> last)
    {
        await ((Task)last).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        TimeSpan early = apart - clock.GetElapsedTime(Volatile.Read(ref _askedAt));
        if (early > TimeSpan.Zero)
            await Task.Delay(early, clock);
        lock (_gate)
            (_running, _next, _askedAt) = (_next, null, clock.GetTimestamp());
        return await ask();
    }
}
