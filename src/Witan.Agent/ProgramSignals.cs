using System.Runtime.InteropServices;

namespace Witan.Agent;

/// <summary>SIGTERM and SIGINT as a cancellation, so that a program can finish what it holds.</summary>
public sealed class ProgramSignals : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;

    /// <summary>Begins to listen.</summary>
    public ProgramSignals() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop),
        PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop),
    ];

    /// <summary>Cancelled at the first signal.</summary>
    public CancellationToken Token => _source.Token;

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
            registration.Dispose();
        _source.Dispose();
    }

    private void Stop(PosixSignalContext context)
    {
        context.Cancel = true;
        ServiceNotifier.Stopping();
        try
        {
            _source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The program has ended already: the signal came while its handler was taken away.
        }
    }
}
