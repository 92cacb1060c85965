using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Data.Sqlite;
using Witan.Voting;

namespace Witan.Coordinator.Stores.Sqlite;

/// <summary>
/// The default store: one file, one coordinator. WAL with full synchronisation, so what was acknowledged survives a crash. A lock
/// file refuses a second coordinator and names the first.
/// </summary>
public sealed class SqliteStore : IRecordStore
{
    private readonly StateLock _lock;
    private readonly SqliteWriter _writer;
    private readonly string _path;
    private readonly TimeProvider _clock;
    private readonly Lock _gate = new();
    private readonly List<Channel<Digest>> _subscribers = [];

    private SqliteStore(StateLock stateLock, SqliteWriter writer, string path, TimeProvider clock) =>
        (_lock, _writer, _path, _clock) = (stateLock, writer, path, clock);

    /// <summary>Opens or creates the store in a directory.</summary>
    public static SqliteStore Open(string directory, TimeProvider clock)
    {
        string path = Path.Combine(directory, "coordinator.db");
        StateLock? stateLock = null;
        try
        {
            Directory.CreateDirectory(directory);
            stateLock = StateLock.Take(directory);
            SqliteConnection connection = SqliteSchema.Open(path);
            SqliteSchema.Ensure(connection);
            return new SqliteStore(stateLock, new SqliteWriter(connection), path, clock);
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            stateLock?.Dispose();
            throw e as StoreException ?? new StoreException($"the store {path} cannot be opened: {e.Message}", e);
        }
    }

    /// <inheritdoc />
    public async Task<AppendOutcome> AppendAsync(
        Digest proposal, long expectedSize, IReadOnlyList<RecordEvent> events, long? fencingToken, CancellationToken cancellationToken)
    {
        string id = proposal.ToString();
        byte[][] bodies = [.. events.Select(next => JsonSerializer.SerializeToUtf8Bytes(next, RecordJson.Default.RecordEvent))];
        AppendOutcome outcome = await _writer.RunAsync(
            connection =>
            {
                if (fencingToken is { } token && Number(connection, "select token from lease where resource = $r", ("$r", IRecordStore.LeaseName(proposal))) > token)
                    return AppendOutcome.Fenced;
                if (Number(connection, "select size from record where proposal = $p", ("$p", id)) != expectedSize)
                    return AppendOutcome.WrongSize;
                Insert(connection, id, expectedSize, bodies);
                return AppendOutcome.Appended;
            },
            cancellationToken);
        if (outcome == AppendOutcome.Appended)
            Publish(proposal);
        return outcome;
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<RecordEvent>> ReadAsync(Digest proposal, long from, int limit, CancellationToken cancellationToken) => Query(
        "select sequence, body from event where proposal = $p and sequence >= $f order by sequence limit $l",
        reader =>
        {
            long sequence = reader.GetInt64(0);
            return StrictJson.TryRead(reader.GetFieldValue<byte[]>(1), RecordJson.Default.RecordEvent, out RecordEvent? next, out string? problem)
                && next.Sequence == sequence
                ? next
                : throw new StoreException($"event {sequence} of proposal {proposal.Short()} is damaged on the disk: {problem ?? "it says another number"}");
        },
        ("$p", proposal.ToString()),
        ("$f", from),
        ("$l", limit));

    /// <inheritdoc />
    public Task<IReadOnlyList<StoredRecord>> ListAsync(CancellationToken cancellationToken) => Query(
        "select proposal, size from record order by position",
        reader => Digest.TryParse(reader.GetString(0), out Digest proposal)
            ? new StoredRecord(proposal, reader.GetInt64(1))
            : throw new StoreException("a record has no proper id"));

    /// <inheritdoc />
    public async IAsyncEnumerable<Digest> SubscribeAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var channel = Channel.CreateUnbounded<Digest>(new UnboundedChannelOptions { SingleReader = true });
        lock (_gate)
            _subscribers.Add(channel);
        try
        {
            await foreach (Digest proposal in channel.Reader.ReadAllAsync(cancellationToken))
                yield return proposal;
        }
        finally
        {
            lock (_gate)
                _subscribers.Remove(channel);
        }
    }

    /// <inheritdoc />
    public Task<Lease?> TryLeaseAsync(string resource, string holder, TimeSpan duration, CancellationToken cancellationToken) => _writer.RunAsync(
        connection =>
        {
            long now = _clock.GetUtcNow().ToUnixTimeMilliseconds(), expires = now + (long)duration.TotalMilliseconds;
            long token = Number(
                connection,
                """
                insert into lease(resource, holder, token, expires) values($r, $h, 1, $e)
                on conflict(resource) do update set
                    token = case when holder = $h and expires > $n then token else token + 1 end, holder = $h, expires = $e
                    where holder = $h or expires <= $n
                returning token
                """,
                ("$r", resource),
                ("$h", holder),
                ("$e", expires),
                ("$n", now));
            return token > 0 ? new Lease(resource, holder, token, DateTimeOffset.FromUnixTimeMilliseconds(expires)) : null;
        },
        cancellationToken);

    /// <inheritdoc />
    public Task ReleaseAsync(Lease lease, CancellationToken cancellationToken) => _writer.RunAsync(
        connection => Execute(connection, "update lease set expires = 0 where resource = $r and token = $t", ("$r", lease.Resource), ("$t", lease.Token)),
        cancellationToken);

    /// <inheritdoc />
    public Task<bool> UseNonceAsync(Digest nonce, DateTimeOffset expiresAt, CancellationToken cancellationToken) => _writer.RunAsync(
        connection =>
        {
            Execute(connection, "delete from nonce where expires <= $n", ("$n", _clock.GetUtcNow().ToUnixTimeMilliseconds()));
            return Execute(
                connection,
                "insert into nonce(nonce, expires) values($v, $e) on conflict do nothing",
                ("$v", nonce.ToString()),
                ("$e", expiresAt.ToUnixTimeMilliseconds())) == 1;
        },
        cancellationToken);

    /// <inheritdoc />
    public Task EnrolAsync(Enrolment enrolment, CancellationToken cancellationToken) => _writer.RunAsync(
        connection => Execute(
            connection,
            """
            insert into agent(id, role, name, instance, entry, callback, admitted, expires, revoked) values($i, $r, $n, $s, $e, $c, $a, $x, $v)
            on conflict(id) do update set
                role = $r, name = $n, instance = $s, entry = $e, callback = $c, admitted = $a, expires = $x, revoked = $v
            """,
            ("$i", enrolment.Entry.Keys.AgentId.ToString()),
            ("$r", enrolment.Role.ToString()),
            ("$n", enrolment.Name),
            ("$s", enrolment.Instance),
            ("$e", JsonSerializer.SerializeToUtf8Bytes(enrolment.Entry, WireJson.Default.RosterEntry)),
            ("$c", enrolment.Callback),
            ("$a", enrolment.AdmittedAt.ToUnixTimeMilliseconds()),
            ("$x", enrolment.ExpiresAt.ToUnixTimeMilliseconds()),
            ("$v", enrolment.IsRevoked ? 1 : 0)),
        cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyList<Enrolment>> EnrolmentsAsync(CancellationToken cancellationToken) => Query(
        "select role, name, instance, entry, callback, admitted, expires, revoked from agent order by id",
        reader => Enum.TryParse(reader.GetString(0), out AgentRole role)
            && StrictJson.TryRead(reader.GetFieldValue<byte[]>(3), WireJson.Default.RosterEntry, out RosterEntry? entry, out _)
            ? new Enrolment(
                role,
                reader.GetString(1),
                reader.GetString(2),
                entry,
                reader.GetString(4),
                DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(5)),
                DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(6)),
                reader.GetInt64(7) != 0)
            : throw new StoreException("the entry of an agent is damaged on the disk"));

    /// <inheritdoc />
    public Task KeepSharesAsync(Digest proposal, IReadOnlyList<SealedShare> shares, CancellationToken cancellationToken) => _writer.RunAsync(
        connection =>
        {
            foreach (SealedShare share in shares)
            {
                Execute(
                    connection,
                    "insert into share(proposal, sender, receiver, sealed, signature) values($p, $f, $t, $s, $g) on conflict do nothing",
                    ("$p", proposal.ToString()),
                    ("$f", share.From),
                    ("$t", share.To),
                    ("$s", share.Sealed),
                    ("$g", share.Signature));
            }

            return shares.Count;
        },
        cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyList<SealedShare>> SharesAsync(Digest proposal, int to, CancellationToken cancellationToken) => Query(
        "select sender, sealed, signature from share where proposal = $p and receiver = $t order by sender",
        reader => new SealedShare(reader.GetInt32(0), to, reader.GetFieldValue<byte[]>(1), reader.GetFieldValue<byte[]>(2)),
        ("$p", proposal.ToString()),
        ("$t", to));

    /// <inheritdoc />
    public Task ProbeAsync(CancellationToken cancellationToken) => _writer.RunAsync(
        connection => Execute(
            connection, "insert into probe(one, at) values(1, $a) on conflict(one) do update set at = $a", ("$a", _clock.GetUtcNow().ToUnixTimeMilliseconds())),
        cancellationToken);

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _writer.DisposeAsync();
        _lock.Dispose();
    }

    private static void Insert(SqliteConnection connection, string proposal, long expectedSize, byte[][] bodies)
    {
        using SqliteCommand insert = Command(connection, "insert into event(proposal, sequence, body) values($p, $s, $b)", ("$p", proposal));
        SqliteParameter sequence = insert.Parameters.Add("$s", SqliteType.Integer), body = insert.Parameters.Add("$b", SqliteType.Blob);
        for (int i = 0; i < bodies.Length; i++)
        {
            (sequence.Value, body.Value) = (expectedSize + i, bodies[i]);
            insert.ExecuteNonQuery();
        }

        Execute(
            connection,
            "insert into record(proposal, size) values($p, $s) on conflict(proposal) do update set size = $s",
            ("$p", proposal),
            ("$s", expectedSize + bodies.Length));
    }

    // The one number of a query; 0 where it gives no row.
    private static long Number(SqliteConnection connection, string text, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using SqliteCommand command = Command(connection, text, parameters);
        return command.ExecuteScalar() is long number ? number : 0;
    }

    private static int Execute(SqliteConnection connection, string text, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using SqliteCommand command = Command(connection, text, parameters);
        return command.ExecuteNonQuery();
    }

    private static SqliteCommand Command(SqliteConnection connection, string text, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        SqliteCommand command = connection.CreateCommand();
        command.CommandText = text;
        foreach ((string name, object value) in parameters)
            command.Parameters.AddWithValue(name, value);
        return command;
    }

    // Readers have connections of their own: under WAL they never wait for the writer.
    private Task<IReadOnlyList<T>> Query<T>(string text, Func<SqliteDataReader, T> read, params (string Name, object Value)[] parameters) =>
        Task.Run<IReadOnlyList<T>>(() =>
        {
            try
            {
                using SqliteConnection connection = SqliteSchema.Open(_path);
                using SqliteCommand command = Command(connection, text, parameters);
                using SqliteDataReader reader = command.ExecuteReader();
                var rows = new List<T>();
                while (reader.Read())
                    rows.Add(read(reader));
                return rows;
            }
            catch (Exception e) when (e is SqliteException or InvalidCastException)
            {
                throw new StoreException($"the store {_path} cannot be read: {e.Message}", e);
            }
        });

    private void Publish(Digest proposal)
    {
        lock (_gate)
        {
            foreach (Channel<Digest> subscriber in _subscribers)
                subscriber.Writer.TryWrite(proposal);
        }
    }
}
