namespace Witan.Coordinator.Records;

/// <summary>Lets one at a time do something; the others wait in line.</summary>
internal sealed class Turns : IDisposable
{
    private readonly SemaphoreSlim _one = new(1);

    /// <summary>Waits for the turn, which ends when it is disposed.</summary>
    public async Task<IDisposable> TakeAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        return new Turn(_one);
    }

    /// <inheritdoc />
    public void Dispose() => _one.Dispose();

    private sealed class Turn(SemaphoreSlim one) : IDisposable
    {
        public void Dispose() => one.Release();
    }
}
