using System.Threading.Channels;
using Microsoft.Data.Sqlite;

namespace Witan.Coordinator.Stores.Sqlite;

/// <summary>
/// The one writer: takes what has gathered, runs it in one transaction and flushes once, so that many small writes share a
/// flush. Each operation has a savepoint of its own; nobody hears of success before the flush.
/// </summary>
internal sealed class SqliteWriter : IAsyncDisposable
{
    private const int MaximumBatch = 512;
    private readonly Channel<Operation> _queue = Channel.CreateBounded<Operation>(4096);
    private readonly SqliteConnection _connection;
    private readonly Task _loop;

    public SqliteWriter(SqliteConnection connection)
    {
        _connection = connection;
        _loop = Task.Factory.StartNew(RunAsync, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
    }

    /// <summary>Runs an operation. Once queued it runs to its end, whatever becomes of the caller.</summary>
    public async Task<T> RunAsync<T>(Func<SqliteConnection, T> work, CancellationToken cancellationToken)
    {
        var operation = new Operation<T>(work);
        await _queue.Writer.WriteAsync(operation, cancellationToken);
        return await operation.Done.Task;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _loop;
        await _connection.DisposeAsync();
    }

    private async Task RunAsync()
    {
        var batch = new List<Operation>();
        while (await _queue.Reader.WaitToReadAsync())
        {
            batch.Clear();
            while (batch.Count < MaximumBatch && _queue.Reader.TryRead(out Operation? operation))
                batch.Add(operation);
            RunBatch(batch);
        }
    }

    private void RunBatch(List<Operation> batch)
    {
        try
        {
            using SqliteTransaction transaction = _connection.BeginTransaction(deferred: false);
            foreach (Operation operation in batch)
            {
                transaction.Save("operation");
                if (!operation.TryRun(_connection))
                    transaction.Rollback("operation");
                transaction.Release("operation");
            }

            transaction.Commit();
        }
        catch (Exception e)
        {
            // Whatever was not flushed was not done, for all of them; and a fault must not end the one writer.
            var failure = new StoreException($"the database cannot be written: {e.Message}", e);
            foreach (Operation operation in batch)
                operation.Fail(failure);
            return;
        }

        foreach (Operation operation in batch)
            operation.Complete();
    }

    private abstract class Operation
    {
        /// <summary>Runs; false where it failed by itself and must leave no trace.</summary>
        public abstract bool TryRun(SqliteConnection connection);

        public abstract void Complete();

        public abstract void Fail(Exception exception);
    }

    private sealed class Operation<T>(Func<SqliteConnection, T> work) : Operation
    {
        private T _result = default!;
        private Exception? _failure;

        public TaskCompletionSource<T> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override bool TryRun(SqliteConnection connection)
        {
            try
            {
                _result = work(connection);
                return true;
            }
            catch (StoreException e)
            {
                _failure = e;
                return false;
            }
        }

        public override void Complete()
        {
            if (_failure is null)
                Done.SetResult(_result);
            else
                Done.SetException(_failure);
        }

        public override void Fail(Exception exception) => Done.SetException(exception);
    }
}
