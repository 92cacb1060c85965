using Npgsql;
using Witan.Voting;

namespace Witan.Coordinator.Stores.Postgres;

/// <summary>
/// Watches which records grow. The server's notification only wakes: what grew is asked, once a second in any case, so that a
/// notification that is lost, or a pooler that passes none, costs a second and nothing else.
/// </summary>
internal sealed class PostgresWatch(PostgresConnector server, NpgsqlConnection connection, TimeProvider clock) : IAsyncDisposable
{
    private const int PollMilliseconds = 1000;

    // Looked back further than any append takes, because a record's time of change is older than its commit.
    private const string Changed = "select proposal, size from witan.record where changed > clock_timestamp() - interval '15 seconds'";
    private readonly Dictionary<Digest, long> _sizes = [];

    // What grows again and again is looked at ever less often; the first that grows after a pause at once.
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(25), Longest = TimeSpan.FromMilliseconds(200);
    private TimeSpan _betweenLooks = Shortest;

    // 0 is never.
    private long _lookedAt;

    /// <summary>Begins to watch. Throws <see cref="StoreException"/>.</summary>
    public static async Task<PostgresWatch> OpenAsync(PostgresConnector server, TimeProvider clock, CancellationToken cancellationToken)
    {
        NpgsqlConnection connection = await server.OpenAsync(cancellationToken);
        var watch = new PostgresWatch(server, connection, clock);
        try
        {
            await using var listen = new NpgsqlCommand("listen witan_record", connection);
            await listen.ExecuteNonQueryAsync(cancellationToken);
            return watch;
        }
        catch (Exception e)
        {
            await connection.DisposeAsync();
            if (PostgresConnector.IsMedium(e))
                throw server.Failure(e);
            throw;
        }
    }

    /// <summary>
    /// Records that grew since the last call; none after a second in which nothing did. The first call gives those of the last
    /// moments. Throws <see cref="StoreException"/>.
    /// </summary>
    public async Task<IReadOnlyList<StoredRecord>> NextAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (_lookedAt != 0)
                await connection.WaitAsync(PollMilliseconds, cancellationToken);
            TimeSpan early = _betweenLooks - clock.GetElapsedTime(_lookedAt);
            if (_lookedAt == 0 || early <= TimeSpan.Zero)
            {
                _betweenLooks = Shortest;
            }
            else
            {
                await Task.Delay(early, clock, cancellationToken);
                _betweenLooks = _betweenLooks * 2 < Longest ? _betweenLooks * 2 : Longest;
            }

            _lookedAt = clock.GetTimestamp();
            return await LookAsync(cancellationToken);
        }
        catch (Exception e) when (PostgresConnector.IsMedium(e))
        {
            throw server.Failure(e);
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        try
        {
            await using var command = new NpgsqlCommand("unlisten *", connection);
            await command.ExecuteNonQueryAsync(CancellationToken.None);
        }
        catch (Exception e) when (PostgresConnector.IsMedium(e) || e is InvalidOperationException)
        {
            // The connection is gone, or was in the middle of waiting: it does not come back into use.
        }
        finally
        {
            await connection.DisposeAsync();
        }
    }

    private async Task<IReadOnlyList<StoredRecord>> LookAsync(CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Changed, connection);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        var grown = new List<StoredRecord>();
        var seen = new Dictionary<Digest, long>();
        while (await reader.ReadAsync(cancellationToken))
        {
            Digest proposal = StoredForm.Proposal(reader.GetString(0));
            seen[proposal] = reader.GetInt64(1);
            if (_sizes.GetValueOrDefault(proposal) != seen[proposal])
                grown.Add(new StoredRecord(proposal, seen[proposal]));
        }

        _sizes.Clear();
        foreach ((Digest proposal, long size) in seen)
            _sizes[proposal] = size;
        return grown;
    }
}
