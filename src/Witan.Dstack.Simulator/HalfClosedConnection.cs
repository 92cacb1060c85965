using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace Witan.Dstack.Simulator;

/// <summary>
/// Lets clients close their half of a connection once they have asked, and read the answer to its end. Kestrel takes the end of a
/// client's half for a client that is gone, and drops the answer.
/// </summary>
internal static class HalfClosedConnection
{
    public static void Allow(ConnectionContext connection)
    {
        connection.ConnectionClosed = CancellationToken.None;
        connection.Transport = new Duplex(new UntilReadReader(connection.Transport.Input), connection.Transport.Output);
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>
    /// Tells that nothing more comes only once everything that came was taken, or looked at and found to be too little. Until then a request
    /// that is wholly there is like any other.
    /// </summary>
    private sealed class UntilReadReader(PipeReader inner) : PipeReader
    {
        private SequencePosition _end;
        private bool _isHidden;
        private bool _isTooLittle;

        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => Hide(await inner.ReadAsync(cancellationToken));

        public override bool TryRead(out ReadResult result)
        {
            bool read = inner.TryRead(out result);
            if (read)
                result = Hide(result);
            return read;
        }

        public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            _isTooLittle = _isHidden && examined.Equals(_end) && !consumed.Equals(_end);
            inner.AdvanceTo(consumed, examined);
        }

        public override void CancelPendingRead() => inner.CancelPendingRead();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        private ReadResult Hide(ReadResult result)
        {
            _end = result.Buffer.End;
            _isHidden = result.IsCompleted && !result.Buffer.IsEmpty && !_isTooLittle;
            return _isHidden ? new ReadResult(result.Buffer, result.IsCanceled, isCompleted: false) : result;
        }
    }
}
