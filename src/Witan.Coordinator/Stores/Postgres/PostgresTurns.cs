using System.Buffers.Binary;
using Npgsql;
using Witan.Voting;

namespace Witan.Coordinator.Stores.Postgres;

/// <summary>
/// Turns at records: an advisory lock of the server on a connection of its own, which the server frees when the connection ends, however it ends. One that
/// hangs with its turn costs the others one wait, and then none for a while: they race, as they may. Where many records want a turn at once
/// most race as well: whoever has a turn may need a second connection.
/// </summary>
internal sealed class PostgresTurns(PostgresConnector server, PostgresAppends appends, TimeProvider clock)
{
    // PostgreSQL's lock_timeout: many appends long, and short beside a caller's patience.
    private const string Patience = "500ms";
    private static readonly TimeSpan RaceFor = TimeSpan.FromSeconds(10);
    private readonly int _most = Math.Max(1, server.PoolSize / 4);
    private int _held;

    // 0 is never.
    private long _racingSince;

    /// <summary>Waits for a turn; null where none was to be had. Does not throw for faults of the medium: the append that follows says what they are.</summary>
    public async Task<IRecordTurn?> TakeAsync(Digest proposal, long from, CancellationToken cancellationToken)
    {
        long since = Volatile.Read(ref _racingSince);
        if (!server.HasSessions || (since != 0 && clock.GetElapsedTime(since) < RaceFor))
            return null;
        if (Interlocked.Increment(ref _held) > _most)
        {
            Interlocked.Decrement(ref _held);
            return null;
        }

        NpgsqlConnection? connection = null;
        try
        {
            connection = await server.OpenAsync(cancellationToken);
            long key = BinaryPrimitives.ReadInt64BigEndian(proposal.Bytes);
            return new PostgresTurn(appends, proposal, connection, key, await LockAsync(connection, key, proposal, from), () => Interlocked.Decrement(ref _held));
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

    // One round trip. The limit holds for this one transaction, the lock for the session; the events are read when the lock is held.
    private static async Task<IReadOnlyList<RecordEvent>> LockAsync(NpgsqlConnection connection, long key, Digest proposal, long from)
    {
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new NpgsqlBatchCommand($"select set_config('lock_timeout', '{Patience}', true)"),
                new NpgsqlBatchCommand("select pg_advisory_lock($1)") { Parameters = { new NpgsqlParameter<long> { TypedValue = key } } },
                new NpgsqlBatchCommand("select sequence, body from witan.event where proposal = $1 and sequence >= $2 order by sequence")
                {
                    Parameters = { new NpgsqlParameter<string> { TypedValue = proposal.ToString() }, new NpgsqlParameter<long> { TypedValue = from } },
                },
            },
        };
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(CancellationToken.None);
        await reader.NextResultAsync(CancellationToken.None);
        await reader.NextResultAsync(CancellationToken.None);
        var news = new List<RecordEvent>();
        while (await reader.ReadAsync(CancellationToken.None))
            news.Add(StoredForm.Event(proposal, reader.GetInt64(0), reader.GetFieldValue<byte[]>(1)));
        return news;
    }
}
