namespace Witan.Coordinator.Proposals;

/// <summary>Wakes those who wait for something to change. A missed beat costs time, nothing else.</summary>
internal sealed class Pulse
{
    private TaskCompletionSource _next = New();

    public Task NextAsync() => _next.Task;

    public void Beat() => Interlocked.Exchange(ref _next, New()).TrySetResult();

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
