using Npgsql;
using Witan.Voting;

namespace Witan.Coordinator.Stores.Postgres;

/// <summary>A turn at a record: a session's advisory lock, on a connection that nobody else uses meanwhile.</summary>
internal sealed class PostgresTurn(
    PostgresAppends appends, Digest proposal, NpgsqlConnection connection, long key, IReadOnlyList<RecordEvent> news, Action ended) : IRecordTurn
{
    private bool _isOver;

    /// <summary>The connection that has the lock.</summary>
    public NpgsqlConnection Connection => connection;

    /// <inheritdoc />
    public IReadOnlyList<RecordEvent> News => news;

    /// <inheritdoc />
    public async Task<AppendOutcome> AppendAsync(long expectedSize, IReadOnlyList<RecordEvent> events, long? fencingToken, CancellationToken cancellationToken)
    {
        try
        {
            return await appends.RunAsync(proposal, expectedSize, events, fencingToken, _isOver ? null : this, cancellationToken);
        }
        catch
        {
            // Whether the end of the turn was sent is not known: it is said again.
            _isOver = false;
            throw;
        }
    }

    /// <summary>The statement that ends the turn. Whoever runs it sends it behind what the turn is for.</summary>
    public NpgsqlBatchCommand End()
    {
        _isOver = true;
        return new NpgsqlBatchCommand("select pg_advisory_unlock($1)") { Parameters = { new NpgsqlParameter<long> { TypedValue = key } } };
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        try
        {
            if (!_isOver)
            {
                await using var batch = new NpgsqlBatch(connection) { BatchCommands = { End() } };
                await batch.ExecuteNonQueryAsync(CancellationToken.None);
            }
        }
        catch (Exception e) when (PostgresConnector.IsMedium(e) || e is InvalidOperationException)
        {
            // The connection is broken, and the server frees the lock with it.
        }
        finally
        {
            ended();
            await connection.DisposeAsync();
        }
    }
}
