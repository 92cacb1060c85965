using System.Runtime.CompilerServices;
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
    // SQLITE_CORRUPT and SQLITE_NOTADB.
    private const int Corrupt = 11, NoDatabase = 26;
    private readonly StateLock _lock;
    private readonly SqliteWriter _writer;
    private readonly string _path;
    private readonly TimeProvider _clock;
    private readonly Lock _gate = new();
    private readonly List<Channel<StoredRecord>> _subscribers = [];

    private readonly NoticeBoard _notices;

    private SqliteStore(StateLock stateLock, SqliteWriter writer, string path, TimeProvider clock) =>
        (_lock, _writer, _path, _clock, _notices) = (stateLock, writer, path, clock, new NoticeBoard(clock));

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
        byte[][] bodies = [.. events.Select(StoredForm.Of)];
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
            Publish(new StoredRecord(proposal, expectedSize + events.Count));
        return outcome;
    }

    /// <inheritdoc />
    public Task<IRecordTurn?> TakeTurnAsync(Digest proposal, long from, CancellationToken cancellationToken) => Task.FromResult<IRecordTurn?>(null);

    /// <inheritdoc />
    public Task EndAsync(Digest proposal, ProposalState state, CancellationToken cancellationToken) => _writer.RunAsync(
        connection => Execute(connection, "update record set ended = $e where proposal = $p", ("$e", state.ToString()), ("$p", proposal.ToString())),
        cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyList<RecordEvent>> ReadAsync(Digest proposal, long from, int limit, CancellationToken cancellationToken) => Query(
        "select sequence, body from event where proposal = $p and sequence >= $f order by sequence limit $l",
        reader => StoredForm.Event(proposal, reader.GetInt64(0), reader.GetFieldValue<byte[]>(1)),
        ("$p", proposal.ToString()),
        ("$f", from),
        ("$l", limit));

    /// <inheritdoc />
    public Task<IReadOnlyList<StoredRecord>> ListAsync(CancellationToken cancellationToken) => Query(
        "select proposal, size, ended from record order by position",
        reader => new StoredRecord(StoredForm.Proposal(reader.GetString(0)), reader.GetInt64(1), StoredForm.Ended(reader.IsDBNull(2) ? null : reader.GetString(2))));

    /// <inheritdoc />
    public async IAsyncEnumerable<StoredRecord> SubscribeAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var channel = Channel.CreateUnbounded<StoredRecord>(new UnboundedChannelOptions { SingleReader = true });
        lock (_gate)
            _subscribers.Add(channel);
        try
        {
            await foreach (StoredRecord grown in channel.Reader.ReadAllAsync(cancellationToken))
                yield return grown;
        }
        finally
        {
            lock (_gate)
                _subscribers.Remove(channel);
        }
    }

    /// <inheritdoc />
    public Task<Lease?> TryLeaseAsync(string resource, LeaseHolder holder, TimeSpan duration, CancellationToken cancellationToken) => _writer.RunAsync(
        connection =>
        {
            long now = _clock.GetUtcNow().ToUnixTimeMilliseconds(), expires = now + (long)duration.TotalMilliseconds;
            long token = Number(
                connection,
                """
                insert into lease(resource, node, run, token, expires) values($r, $h, $u, 1, $e)
                on conflict(resource) do update set
                    token = case when node = $h and run = $u and expires > $n then token else token + 1 end, node = $h, run = $u, expires = $e
                    where node = $h or expires <= $n
                returning token
                """,
                ("$r", resource),
                ("$h", holder.Node),
                ("$u", holder.Run),
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
    public Task<bool> EnrolAsync(Enrolment enrolment, CancellationToken cancellationToken) => _writer.RunAsync(
        connection => Execute(
            connection,
            """
            insert into agent(id, role, name, instance, entry, callback, admitted, expires, revoked, seal) values($i, $r, $n, $s, $e, $c, $a, $x, $v, $g)
            on conflict(id) do update set
                role = $r, name = $n, instance = $s, entry = $e, callback = $c, admitted = $a, expires = $x, revoked = $v, seal = $g
                where $v = 1 or revoked = 0
            """,
            ("$i", enrolment.Entry.Keys.AgentId.ToString()),
            ("$r", enrolment.Role.ToString()),
            ("$n", enrolment.Name),
            ("$s", enrolment.Instance),
            ("$e", StoredForm.Of(enrolment.Entry)),
            ("$c", enrolment.Callback),
            ("$a", enrolment.AdmittedAt.ToUnixTimeMilliseconds()),
            ("$x", enrolment.ExpiresAt.ToUnixTimeMilliseconds()),
            ("$v", enrolment.IsRevoked ? 1 : 0),
            ("$g", enrolment.Seal)) == 1,
        cancellationToken);

    /// <inheritdoc />
    public async Task<EnrolmentPage> EnrolmentsAsync(long since, CancellationToken cancellationToken) => new(await Query(
        "select role, name, instance, entry, callback, admitted, expires, revoked, seal from agent order by id",
        reader =>
        {
            (AgentRole role, RosterEntry entry) = StoredForm.Agent(reader.GetString(0), reader.GetFieldValue<byte[]>(3));
            return new Enrolment(
                role,
                reader.GetString(1),
                reader.GetString(2),
                entry,
                reader.GetString(4),
                DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(5)),
                DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(6)),
                reader.GetInt64(7) != 0)
            { Seal = reader.GetFieldValue<byte[]>(8) };
        }), 0);

    /// <inheritdoc />
    public Task<bool> RevokeAsync(SealedRevocation order, CancellationToken cancellationToken) => _writer.RunAsync(
        connection => Execute(
            connection,
            "insert into revocation(subject, body, seal) values($s, $b, $g) on conflict do nothing",
            ("$s", order.Subject),
            ("$b", StoredForm.Of(order.Order)),
            ("$g", order.Seal)) == 1,
        cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyList<SealedRevocation>> RevocationsAsync(CancellationToken cancellationToken) => Query(
        "select body, seal from revocation order by position",
        reader => StoredForm.Revocation(reader.GetFieldValue<byte[]>(0), reader.GetFieldValue<byte[]>(1)));

    /// <inheritdoc />
    public async Task<long> RevokedCountAsync(CancellationToken cancellationToken) =>
        (await Query("select (select count(*) from revocation) + (select count(*) from agent where revoked = 1)", reader => reader.GetInt64(0)))[0];

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
    public Task PostAsync(string board, IReadOnlyList<Notice> notices, TimeSpan life, CancellationToken cancellationToken)
    {
        _notices.Post(board, notices, life);
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<Notice>> NoticesAsync(string board, CancellationToken cancellationToken) => Task.FromResult(_notices.On(board));

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
            catch (Exception e) when (e is SqliteException { SqliteErrorCode: Corrupt or NoDatabase } or InvalidCastException)
            {
                throw new DamagedStoreException($"the store {_path} is damaged: {e.Message}", e);
            }
            catch (SqliteException e)
            {
                throw new StoreException($"the store {_path} cannot be read: {e.Message}", e);
            }
        });

    private void Publish(StoredRecord grown)
    {
        lock (_gate)
        {
            foreach (Channel<StoredRecord> subscriber in _subscribers)
                subscriber.Writer.TryWrite(grown);
        }
    }
}
