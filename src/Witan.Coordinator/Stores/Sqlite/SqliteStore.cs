using System.Text.Json;
using Microsoft.Data.Sqlite;
using Witan.Voting;

namespace Witan.Coordinator.Stores.Sqlite;

/// <summary>
/// The default store: one file, one coordinator. WAL with full synchronisation, so what was acknowledged survives a crash. A lock
/// file refuses a second coordinator and names the first.
/// </summary>
public sealed class SqliteStore : IRecordStore
{
    private readonly SqliteConnection _connection;
    private readonly FileStream _lock;
    private readonly SemaphoreSlim _gate = new(1, 1);

    private SqliteStore(SqliteConnection connection, FileStream file) => (_connection, _lock) = (connection, file);

    /// <summary>Opens or creates the store in a directory.</summary>
    public static async Task<SqliteStore> OpenAsync(string directory, CancellationToken cancellationToken)
    {
        string path = Path.Combine(directory, "coordinator.db");
        FileStream? file = null;
        try
        {
            Directory.CreateDirectory(directory);
            file = Lock(Path.Combine(directory, "coordinator.lock"));
            var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
            await connection.OpenAsync(cancellationToken);
            var store = new SqliteStore(connection, file);
            await store.MigrateAsync(cancellationToken);
            return store;
        }
        catch (Exception e) when (e is SqliteException or IOException and not StoreException or UnauthorizedAccessException)
        {
            file?.Dispose();
            throw new StoreException($"the store {path} cannot be opened: {e.Message}", e);
        }
    }

    /// <inheritdoc />
    public Task<bool> AppendAsync(Digest proposal, RecordEvent next, CancellationToken cancellationToken) => RunAsync(async () =>
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(next, WireJson.Default.RecordEvent);
        // The guard makes a gap impossible; the primary key makes a second event at one position impossible.
        using SqliteCommand command = Command(
            "insert into event (proposal, sequence, body) select $p, $s, $b where (select count(*) from event where proposal = $p) = $s on conflict do nothing",
            ("$p", proposal.ToString()), ("$s", next.Sequence), ("$b", body));
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }, cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyList<RecordEvent>> ReadAsync(Digest proposal, long from, CancellationToken cancellationToken) => RunAsync(async () =>
    {
        using SqliteCommand command = Command(
            "select body from event where proposal = $p and sequence >= $f order by sequence", ("$p", proposal.ToString()), ("$f", from));
        using SqliteDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        var events = new List<RecordEvent>();
        while (await reader.ReadAsync(cancellationToken))
        {
            try
            {
                events.Add(JsonSerializer.Deserialize((byte[])reader[0], WireJson.Default.RecordEvent)!);
            }
            catch (JsonException e)
            {
                throw new StoreException($"event {from + events.Count} of proposal {proposal.Short()} is damaged on the disk", e);
            }
        }

        return (IReadOnlyList<RecordEvent>)events;
    }, cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyList<Digest>> ListAsync(CancellationToken cancellationToken) => RunAsync(async () =>
    {
        using SqliteCommand command = Command("select proposal from event where sequence = 0 order by rowid");
        using SqliteDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        var ids = new List<Digest>();
        while (await reader.ReadAsync(cancellationToken))
            ids.Add(Digest.Parse(reader.GetString(0)));
        return (IReadOnlyList<Digest>)ids;
    }, cancellationToken);

    /// <inheritdoc />
    public Task<bool> UseNonceAsync(Digest nonce, DateTimeOffset expiresAt, CancellationToken cancellationToken) => RunAsync(async () =>
    {
        using SqliteCommand command = Command(
            "insert into nonce (nonce, expires) values ($n, $e) on conflict do nothing",
            ("$n", nonce.ToString()), ("$e", expiresAt.ToUnixTimeMilliseconds()));
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }, cancellationToken);

    /// <inheritdoc />
    public Task EnrolAsync(Enrolment enrolment, CancellationToken cancellationToken) => RunAsync(async () =>
    {
        using SqliteCommand command = Command(
            "insert into agent (id, role, name, entry, callback, expires) values ($i, $r, $n, $e, $c, $x) "
            + "on conflict (id) do update set role = $r, name = $n, entry = $e, callback = $c, expires = $x",
            ("$i", enrolment.Entry.Keys.AgentId.ToString()),
            ("$r", enrolment.Role.ToString()),
            ("$n", enrolment.Name),
            ("$e", JsonSerializer.SerializeToUtf8Bytes(enrolment.Entry, WireJson.Default.RosterEntry)),
            ("$c", enrolment.Callback),
            ("$x", enrolment.ExpiresAt.ToUnixTimeMilliseconds()));
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }, cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyList<Enrolment>> EnrolmentsAsync(CancellationToken cancellationToken) => RunAsync(async () =>
    {
        using SqliteCommand command = Command("select role, name, entry, callback, expires from agent order by rowid");
        using SqliteDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        var agents = new List<Enrolment>();
        while (await reader.ReadAsync(cancellationToken))
        {
            agents.Add(new Enrolment(
                Enum.Parse<AgentRole>(reader.GetString(0)),
                reader.GetString(1),
                JsonSerializer.Deserialize((byte[])reader[2], WireJson.Default.RosterEntry)!,
                reader.GetString(3),
                DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(4))));
        }

        return (IReadOnlyList<Enrolment>)agents;
    }, cancellationToken);

    /// <inheritdoc />
    public Task KeepShareAsync(Digest proposal, SealedShare share, CancellationToken cancellationToken) => RunAsync(async () =>
    {
        using SqliteCommand command = Command(
            "insert into share (proposal, sender, receiver, sealed, signature) values ($p, $f, $t, $s, $g) on conflict do nothing",
            ("$p", proposal.ToString()), ("$f", share.From), ("$t", share.To), ("$s", share.Sealed), ("$g", share.Signature));
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }, cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyList<SealedShare>> SharesAsync(Digest proposal, int to, CancellationToken cancellationToken) => RunAsync(async () =>
    {
        using SqliteCommand command = Command(
            "select sender, sealed, signature from share where proposal = $p and receiver = $t order by sender", ("$p", proposal.ToString()), ("$t", to));
        using SqliteDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        var shares = new List<SealedShare>();
        while (await reader.ReadAsync(cancellationToken))
            shares.Add(new SealedShare(reader.GetInt32(0), to, (byte[])reader[1], (byte[])reader[2]));
        return (IReadOnlyList<SealedShare>)shares;
    }, cancellationToken);

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        _gate.Dispose();
        await _lock.DisposeAsync();
    }

    private static FileStream Lock(string path)
    {
        try
        {
            var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
            file.SetLength(0);
            file.Write(System.Text.Encoding.ASCII.GetBytes($"{Environment.ProcessId}\n"));
            file.Flush();
            return file;
        }
        catch (IOException e)
        {
            string first = "another process";
            try
            {
                using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
                first = $"process {reader.ReadLine()}";
            }
            catch (IOException)
            {
                // The name is a help, not a need.
            }

            throw new StoreException($"a coordinator is already running on this store ({first})", e);
        }
    }

    private async Task MigrateAsync(CancellationToken cancellationToken)
    {
        using SqliteCommand command = Command(
            """
            pragma journal_mode = wal;
            pragma synchronous = full;
            create table if not exists event (proposal text not null, sequence integer not null, body blob not null, primary key (proposal, sequence)) strict;
            create table if not exists nonce (nonce text primary key, expires integer not null) strict;
            create table if not exists agent (id text primary key, role text not null, name text not null, entry blob not null, callback text not null, expires integer not null) strict;
            create table if not exists share (proposal text not null, sender integer not null, receiver integer not null, sealed blob not null, signature blob not null, primary key (proposal, sender, receiver)) strict;
            """);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private SqliteCommand Command(string text, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        SqliteCommand command = _connection.CreateCommand();
        command.CommandText = text;
        foreach ((string name, object value) in parameters)
            command.Parameters.AddWithValue(name, value);
        return command;
    }

    // One connection, one writer: SQLite serialises writers anyway, and a connection is not for several threads.
    private async Task<T> RunAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            return await work();
        }
        catch (SqliteException e)
        {
            throw new StoreException($"the store failed: {e.Message}", e);
        }
        finally
        {
            _gate.Release();
        }
    }
}
