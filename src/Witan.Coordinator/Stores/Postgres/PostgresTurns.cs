using System.Buffers.Binary;
using Npgsql;
using Witan.Voting;

namespace Witan.Coordinator.Stores.Postgres;

/// <summary>
/// Turns at records: an advisory lock of the server on a connection of its own, which the server frees when the connection ends, however it ends. One that
/// hangs with its turn costs the others one wait, and then none for a while: they race, as they may. Where many records want a turn at once
/// most race as well: whoever has a turn needs a second connection to append.
/// </summary>
internal sealed class PostgresTurns(PostgresConnector server, TimeProvider clock)
{
    // PostgreSQL's lock_timeout: many appends long, and short beside a caller's patience.
    private const string Patience = "500ms";
    private static readonly TimeSpan RaceFor = TimeSpan.FromSeconds(10);
    private readonly int _most = Math.Max(1, server.PoolSize / 4);
    private int _held;

    // 0 is never.
    private long _racingSince;

    /// <summary>Waits for a turn; null where none was to be had. Does not throw for faults of the medium: the append that follows says what they are.</summary>
    public async Task<IAsyncDisposable?> TakeAsync(Digest proposal, CancellationToken cancellationToken)
    {
        long since = Volatile.Read(ref _racingSince);
        if (since != 0 && clock.GetElapsedTime(since) < RaceFor)
            return null;
        if (Interlocked.Increment(ref _held) > _most)
        {
            Interlocked.Decrement(ref _held);
            return null;
        }

        long key = BinaryPrimitives.ReadInt64BigEndian(proposal.Bytes);
        NpgsqlConnection? connection = null;
        try
        {
            connection = await server.OpenAsync(cancellationToken);
            // The limit holds for this one transaction, the lock for the session.
            await using var batch = new NpgsqlBatch(connection)
            {
                BatchCommands = { new NpgsqlBatchCommand($"select set_config('lock_timeout', '{Patience}', true)"), Command("select pg_advisory_lock($1)", key) },
            };
            await batch.ExecuteNonQueryAsync(CancellationToken.None);
            return new Turn(this, connection, key);
        }
        catch (Exception e)
        {
            Interlocked.Decrement(ref _held);
            if (connection is not null)
                await connection.DisposeAsync();
            if (e is not StoreException && !PostgresConnector.IsMedium(e))
                throw;
            Volatile.Write(ref _racingSince, clock.GetTimestamp());
            return null;
        }
    }

    private static NpgsqlBatchCommand Command(string text, long key) => new(text) { Parameters = { new NpgsqlParameter<long> { TypedValue = key } } };

    private sealed class Turn(PostgresTurns turns, NpgsqlConnection connection, long key) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            try
            {
                await using var command = new NpgsqlCommand("select pg_advisory_unlock($1)", connection) { Parameters = { new NpgsqlParameter<long> { TypedValue = key } } };
                await command.ExecuteNonQueryAsync(CancellationToken.None);
            }
            catch (Exception e) when (PostgresConnector.IsMedium(e))
            {
                // The connection is broken, and the server frees the lock with it.
            }
            finally
            {
                Interlocked.Decrement(ref turns._held);
                await connection.DisposeAsync();
            }
        }
    }
}
