using Npgsql;
using Witan.Voting;

namespace Witan.Coordinator.Stores.Postgres;

/// <summary>
/// Appends events, in a turn or without one: one call of a function of the database, so that one statement is one transaction and one flush. What
/// was run twice because the answer to the first was lost is found by its bytes.
/// </summary>
internal sealed class PostgresAppends(PostgresConnector server)
{
    /// <summary>Appends as <see cref="IRecordStore.AppendAsync"/> does. The first attempt is made in the turn, and ends it.</summary>
    public Task<AppendOutcome> RunAsync(
        Digest proposal, long expectedSize, IReadOnlyList<RecordEvent> events, long? fencingToken, PostgresTurn? turn, CancellationToken cancellationToken)
    {
        byte[][] bodies = [.. events.Select(StoredForm.Of)];
        return server.WriteAsync(
            async (connection, uncertain) =>
            {
                // Each command is a transaction of its own: a turn that ended before the append is committed would be none.
                await using var batch = new NpgsqlBatch(connection) { EnableErrorBarriers = true };
                batch.BatchCommands.Add(new NpgsqlBatchCommand("select witan.append($1, $2, $3, $4, $5)")
                {
                    Parameters =
                    {
                        new NpgsqlParameter<string> { TypedValue = proposal.ToString() },
                        new NpgsqlParameter<long> { TypedValue = expectedSize },
                        new NpgsqlParameter<byte[][]> { TypedValue = bodies },
                        new NpgsqlParameter<string> { TypedValue = IRecordStore.LeaseName(proposal) },
                        new NpgsqlParameter<long?> { TypedValue = fencingToken },
                    },
                });
                if (connection == turn?.Connection)
                    batch.BatchCommands.Add(turn.End());
                var outcome = (AppendOutcome)(int)(await batch.ExecuteScalarAsync(CancellationToken.None))!;
                // The attempt before this one may have been done; its events are then exactly these.
                return outcome == AppendOutcome.Appended || !uncertain || !await HoldsAsync(connection, proposal, expectedSize, bodies)
                    ? outcome
                    : AppendOutcome.Appended;
            },
            turn?.Connection,
            cancellationToken);
    }

    private static async Task<bool> HoldsAsync(NpgsqlConnection connection, Digest proposal, long from, byte[][] bodies)
    {
        await using var command = new NpgsqlCommand("select body from witan.event where proposal = $1 and sequence >= $2 and sequence < $3 order by sequence", connection)
        {
            Parameters =
            {
                new NpgsqlParameter<string> { TypedValue = proposal.ToString() },
                new NpgsqlParameter<long> { TypedValue = from },
                new NpgsqlParameter<long> { TypedValue = from + bodies.Length },
            },
        };
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(CancellationToken.None);
        int count = 0;
        while (await reader.ReadAsync(CancellationToken.None))
        {
            if (!reader.GetFieldValue<byte[]>(0).AsSpan().SequenceEqual(bodies[count++]))
                return false;
        }

        return count == bodies.Length;
    }
}
