namespace Witan.Coordinator.Records;

/// <summary>
/// A question that many ask at once. Whoever asks gets an answer that was fetched after the asking; all who ask while one is on its
/// way share the next.
/// </summary>
internal sealed class JoinedQuestion<T>(Func<Task<T>> ask)
{
    private readonly Lock _gate = new();
    private Task<T>? _running;
    private Task<T>? _next;

    public Task<T> AskAsync()
    {
        lock (_gate)
        {
            if (_next is { } next)
                return next;
            if (_running is not { IsCompleted: false } running)
                return _running = Task.Run(ask);
            return _next = AfterAsync(running);
        }
    }

    private async Task<T> AfterAsync(Task<T> running)
    {
        await ((Task)running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        lock (_gate)
            (_running, _next) = (_next, null);
        return await ask();
    }
}
