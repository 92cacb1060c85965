using Microsoft.Extensions.Hosting;

namespace Witan.Agent;

/// <summary>
/// A web host's lifetime that follows its caller: the process has one place that turns signals into cancellation
/// (<see cref="ProgramSignals"/>), and the host must not have its own idea.
/// </summary>
public sealed class CallerLifetime : IHostLifetime
{
    /// <inheritdoc />
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
