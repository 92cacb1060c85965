using System.Runtime.CompilerServices;
using Npgsql;
using Witan.Voting;

namespace Witan.Coordinator.Stores.Postgres;

/// <summary>
/// The store for several coordinators. The server does what must be done once: its unique keys, its locks and its clock decide,
/// never a coordinator's. A statement whose end is unknown is run again, and what it finds says whether the first was done.
/// </summary>
public sealed class PostgresStore : IRecordStore
{
    private static readonly TimeSpan BetweenForgetting = TimeSpan.FromSeconds(10);
    private readonly PostgresConnector _server;
    private readonly TimeProvider _clock;
    private readonly PostgresAppends _appends;
    private readonly PostgresTurns _turns;
    private long _forgotAt;

    private PostgresStore(PostgresConnector server, TimeProvider clock)
    {
        (_server, _clock, _appends) = (server, clock, new PostgresAppends(server));
        _turns = new PostgresTurns(server, _appends, clock);
    }

    /// <summary>The address without its password.</summary>
    public string Address => _server.Masked;

    /// <summary>
    /// Connects, creates what is missing, and refuses a server that would acknowledge what it may lose. <paramref name="address"/> is
    /// a <c>postgres://</c> URL. Throws <see cref="StoreException"/>, and <see cref="Agent.SettingException"/> for an address that is none.
    /// </summary>
    public static async Task<PostgresStore> OpenAsync(string address, TimeProvider clock, CancellationToken cancellationToken)
    {
        var server = new PostgresConnector(PostgresAddress.Parse(address), clock);
        try
        {
            await server.ReadAsync(
                async connection =>
                {
                    await PostgresSchema.EnsureAsync(connection, cancellationToken);
                    return 0;
                },
                cancellationToken);
            return new PostgresStore(server, clock);
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc />
    public Task<AppendOutcome> AppendAsync(
        Digest proposal, long expectedSize, IReadOnlyList<RecordEvent> events, long? fencingToken, CancellationToken cancellationToken) =>
        _appends.RunAsync(proposal, expectedSize, events, fencingToken, null, cancellationToken);

    /// <inheritdoc />
    public Task<IRecordTurn?> TakeTurnAsync(Digest proposal, long from, CancellationToken cancellationToken) => _turns.TakeAsync(proposal, from, cancellationToken);

    /// <inheritdoc />
    public Task EndAsync(Digest proposal, ProposalState state, CancellationToken cancellationToken) => ExecuteAsync(
        "update witan.record set ended = $2 where proposal = $1", cancellationToken, proposal.ToString(), state.ToString());

    /// <inheritdoc />
    public Task<IReadOnlyList<RecordEvent>> ReadAsync(Digest proposal, long from, int limit, CancellationToken cancellationToken) => QueryAsync(
        "select sequence, body from witan.event where proposal = $1 and sequence >= $2 order by sequence limit $3",
        reader => StoredForm.Event(proposal, reader.GetInt64(0), reader.GetFieldValue<byte[]>(1)),
        cancellationToken,
        proposal.ToString(),
        from,
        (long)limit);

    /// <inheritdoc />
    public Task<IReadOnlyList<StoredRecord>> ListAsync(CancellationToken cancellationToken) => QueryAsync(
        "select proposal, size, ended from witan.record order by position",
        reader => new StoredRecord(StoredForm.Proposal(reader.GetString(0)), reader.GetInt64(1), StoredForm.Ended(reader.IsDBNull(2) ? null : reader.GetString(2))),
        cancellationToken);

    /// <inheritdoc />
    public async IAsyncEnumerable<StoredRecord> SubscribeAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var watch = await PostgresWatch.OpenAsync(_server, _clock, cancellationToken);
        while (true)
        {
            foreach (StoredRecord grown in await watch.NextAsync(cancellationToken))
                yield return grown;
        }
    }

    /// <inheritdoc />
    public async Task<Lease?> TryLeaseAsync(string resource, LeaseHolder holder, TimeSpan duration, CancellationToken cancellationToken)
    {
        // The server's clock ends leases; here the end is reckoned from before the question, so never too late.
        DateTimeOffset asked = _clock.GetUtcNow();
        long token = await _server.WriteAsync(
            async (connection, _) =>
            {
                await using NpgsqlCommand command = Command(
                    connection,
                    """
                    insert into witan.lease as held(resource, node, run, token, expires) values($1, $2, $3, 1, clock_timestamp() + $4)
                    on conflict(resource) do update set
                        token = case when held.node = $2 and held.run = $3 and held.expires > clock_timestamp() then held.token else held.token + 1 end,
                        node = $2, run = $3, expires = clock_timestamp() + $4
                        where held.node = $2 or held.expires <= clock_timestamp()
                    returning token
                    """,
                    resource,
                    holder.Node,
                    holder.Run,
                    duration);
                return await command.ExecuteScalarAsync(CancellationToken.None) is long number ? number : 0;
            },
            cancellationToken);
        return token > 0 ? new Lease(resource, holder, token, asked + duration) : null;
    }

    /// <inheritdoc />
    public Task ReleaseAsync(Lease lease, CancellationToken cancellationToken) => ExecuteAsync(
        "update witan.lease set expires = '-infinity' where resource = $1 and token = $2", cancellationToken, lease.Resource, lease.Token);

    /// <inheritdoc />
    public async Task<bool> UseNonceAsync(Digest nonce, DateTimeOffset expiresAt, CancellationToken cancellationToken)
    {
        await ForgetNoncesAsync(cancellationToken);
        // Who takes it is written with it: a second attempt after a lost answer finds its own name.
        var taker = Guid.NewGuid();
        return await _server.WriteAsync(
            async (connection, _) =>
            {
                await using NpgsqlCommand command = Command(
                    connection,
                    """
                    insert into witan.nonce as used(nonce, expires, taker) values($1, $2, $3)
                    on conflict(nonce) do update set taker = used.taker where used.taker = $3
                    returning true
                    """,
                    nonce.ToString(),
                    expiresAt.ToUniversalTime(),
                    taker);
                return await command.ExecuteScalarAsync(CancellationToken.None) is true;
            },
            cancellationToken);
    }

    /// <inheritdoc />
    public async Task<bool> EnrolAsync(Enrolment enrolment, CancellationToken cancellationToken) => await ExecuteAsync(
        """
        insert into witan.agent as known(id, role, name, instance, entry, callback, admitted, expires, revoked, seal, changed)
            values($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, pg_current_xact_id()::text::bigint)
        on conflict(id) do update set
            role = $2, name = $3, instance = $4, entry = $5, callback = $6, admitted = $7, expires = $8, revoked = $9, seal = $10,
            changed = pg_current_xact_id()::text::bigint
            where $9 or not known.revoked
        """,
        cancellationToken,
        enrolment.Entry.Keys.AgentId.ToString(),
        enrolment.Role.ToString(),
        enrolment.Name,
        enrolment.Instance,
        StoredForm.Of(enrolment.Entry),
        enrolment.Callback,
        enrolment.AdmittedAt.ToUnixTimeMilliseconds(),
        enrolment.ExpiresAt.ToUnixTimeMilliseconds(),
        enrolment.IsRevoked,
        enrolment.Seal) == 1;

    /// <inheritdoc />
    public async Task<EnrolmentPage> EnrolmentsAsync(long since, CancellationToken cancellationToken)
    {
        // A row bears the number of the transaction that wrote it. Next is the oldest transaction that was not over when these rows were read: whatever
        // it and later ones write is asked for again, and what older ones wrote is here. A server whose numbers are behind is another one.
        IReadOnlyList<(long Next, Enrolment? Agent)> rows = await QueryAsync(
            """
            select one.next, role, name, instance, entry, callback, admitted, expires, revoked, seal
                from (select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as next) as one
                left join witan.agent on changed >= case when one.next < $1 then 0 else $1 end
            """,
            reader => (reader.GetInt64(0), reader.IsDBNull(1) ? null : Agent(reader)),
            cancellationToken,
            since);
        return new EnrolmentPage([.. rows.Select(row => row.Agent).OfType<Enrolment>()], rows[0].Next);
    }

    /// <inheritdoc />
    public Task<bool> RevokeAsync(SealedRevocation order, CancellationToken cancellationToken)
    {
        byte[] body = StoredForm.Of(order.Order);
        return _server.WriteAsync(
            async (connection, uncertain) =>
            {
                await using NpgsqlCommand insert = Command(
                    connection, "insert into witan.revocation(subject, body, seal) values($1, $2, $3) on conflict do nothing", order.Subject, body, order.Seal);
                if (await insert.ExecuteNonQueryAsync(CancellationToken.None) == 1)
                    return true;
                if (!uncertain)
                    return false;
                // The attempt before this one may have been done; the order is then this one.
                await using NpgsqlCommand look = Command(connection, "select body = $2 from witan.revocation where subject = $1", order.Subject, body);
                return await look.ExecuteScalarAsync(CancellationToken.None) is true;
            },
            cancellationToken);
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<SealedRevocation>> RevocationsAsync(CancellationToken cancellationToken) => QueryAsync(
        "select body, seal from witan.revocation order by position",
        reader => StoredForm.Revocation(reader.GetFieldValue<byte[]>(0), reader.GetFieldValue<byte[]>(1)),
        cancellationToken);

    /// <inheritdoc />
    public async Task<long> RevokedCountAsync(CancellationToken cancellationToken) => (await QueryAsync(
        "select (select count(*) from witan.revocation) + (select count(*) from witan.agent where revoked)", reader => reader.GetInt64(0), cancellationToken))[0];

    /// <inheritdoc />
    public Task KeepSharesAsync(Digest proposal, IReadOnlyList<SealedShare> shares, CancellationToken cancellationToken) => ExecuteAsync(
        """
        insert into witan.share(proposal, sender, receiver, sealed, signature)
            select $1, * from unnest($2::int[], $3::int[], $4::bytea[], $5::bytea[]) on conflict do nothing
        """,
        cancellationToken,
        proposal.ToString(),
        shares.Select(share => share.From).ToArray(),
        shares.Select(share => share.To).ToArray(),
        shares.Select(share => share.Sealed).ToArray(),
        shares.Select(share => share.Signature).ToArray());

    /// <inheritdoc />
    public Task<IReadOnlyList<SealedShare>> SharesAsync(Digest proposal, int to, CancellationToken cancellationToken) => QueryAsync(
        "select sender, sealed, signature from witan.share where proposal = $1 and receiver = $2 order by sender",
        reader => new SealedShare(reader.GetInt32(0), to, reader.GetFieldValue<byte[]>(1), reader.GetFieldValue<byte[]>(2)),
        cancellationToken,
        proposal.ToString(),
        to);

    /// <inheritdoc />
    public async Task PostAsync(string board, IReadOnlyList<Notice> notices, TimeSpan life, CancellationToken cancellationToken)
    {
        if (notices.Count == 0)
            return;
        await ExecuteAsync(
            """
            insert into witan.notice(board, subject, body, expires)
                select $1, subject, body, clock_timestamp() + $4 from unnest($2::text[], $3::bytea[]) as one(subject, body) order by subject
            on conflict(board, subject) do update set body = excluded.body, expires = excluded.expires
            """,
            cancellationToken,
            board,
            notices.Select(notice => notice.Subject).ToArray(),
            notices.Select(notice => notice.Body).ToArray(),
            life);
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<Notice>> NoticesAsync(string board, CancellationToken cancellationToken) => QueryAsync(
        "select subject, body from witan.notice where board = $1 and expires > clock_timestamp() order by subject collate \"C\"",
        reader => new Notice(reader.GetString(0), reader.GetFieldValue<byte[]>(1)),
        cancellationToken,
        board);

    /// <inheritdoc />
    public Task ProbeAsync(CancellationToken cancellationToken) =>
        _server.WriteAsync((connection, _) => PostgresConnector.ProbeAsync(connection), cancellationToken);

    /// <inheritdoc />
    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static Enrolment Agent(NpgsqlDataReader reader)
    {
        (AgentRole role, RosterEntry entry) = StoredForm.Agent(reader.GetString(1), reader.GetFieldValue<byte[]>(4));
        return new Enrolment(
            role,
            reader.GetString(2),
            reader.GetString(3),
            entry,
            reader.GetString(5),
            DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(6)),
            DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(7)),
            reader.GetBoolean(8))
        { Seal = reader.GetFieldValue<byte[]>(9) };
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string text, params ReadOnlySpan<object> values)
    {
        var command = new NpgsqlCommand(text, connection);
        foreach (object value in values)
            command.Parameters.Add(value as NpgsqlParameter ?? new NpgsqlParameter { Value = value });
        return command;
    }

    // Now and then: to look for expired ones costs more than to use one.
    private async Task ForgetNoncesAsync(CancellationToken cancellationToken)
    {
        long last = Volatile.Read(ref _forgotAt);
        if (_clock.GetElapsedTime(last) < BetweenForgetting || Interlocked.CompareExchange(ref _forgotAt, _clock.GetTimestamp(), last) != last)
            return;
        // Kept longer than they are valid: the clocks of server and coordinators need not agree to the second.
        await ExecuteAsync(
            """
            delete from witan.nonce where ctid = any(array(
                select ctid from witan.nonce where expires < clock_timestamp() - interval '10 minutes' limit 10000 for update skip locked))
            """,
            cancellationToken);
    }

    private Task<int> ExecuteAsync(string text, CancellationToken cancellationToken, params object[] values) => _server.WriteAsync(
        async (connection, _) =>
        {
            await using NpgsqlCommand command = Command(connection, text, values);
            return await command.ExecuteNonQueryAsync(CancellationToken.None);
        },
        cancellationToken);

    private Task<IReadOnlyList<T>> QueryAsync<T>(
        string text, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken, params object[] values) => _server.ReadAsync<IReadOnlyList<T>>(
        async connection =>
        {
            await using NpgsqlCommand command = Command(connection, text, values);
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
            var rows = new List<T>();
            while (await reader.ReadAsync(cancellationToken))
                rows.Add(read(reader));
            return rows;
        },
        cancellationToken);
}
