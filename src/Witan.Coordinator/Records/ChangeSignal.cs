namespace Witan.Coordinator.Records;

/// <summary>Wakes everybody who waits. Whoever takes the task before looking misses no change.</summary>
internal sealed class ChangeSignal
{
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes with the next change.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    /// <summary>Something changed.</summary>
    public void Raise() =>
        Interlocked.Exchange(ref _next, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();

    /// <summary>
    /// Waits for a change, at most so long and not beyond <paramref name="draining"/>. Returns in each case; throws only where it is cancelled.
    /// </summary>
    public static async Task WaitAsync(Task next, TimeSpan most, TimeProvider clock, CancellationToken draining, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(draining, cancellationToken);
        try
        {
            await next.WaitAsync(most, clock, either.Token);
        }
        catch (OperationCanceledException) when (draining.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // The coordinator ends: the caller answers what there is.
        }
        catch (TimeoutException)
        {
            // Nothing changed: the caller looks again.
        }
    }
}
