using Npgsql;

namespace Witan.Coordinator.Stores.Postgres;

/// <summary>
/// Tables and functions, all in the schema <c>witan</c>. Events and revocations can be added and never changed or removed, not even by the role
/// that owns them, short of taking the guard away.
/// </summary>
internal static class PostgresSchema
{
    private const int Version = 4;

    // One number for everybody who creates the schema at the same time.
    private const long CreationLock = 0x7769_7461_6E01;

    private const string Tables = """
        create schema if not exists witan;
        create table witan.version(number integer not null);
        create table witan.record(
            position bigint generated always as identity, proposal text primary key, size bigint not null, changed timestamptz not null, ended text);
        create index record_by_change on witan.record(changed);
        create table witan.event(
            proposal text not null references witan.record, sequence bigint not null, body bytea not null, primary key(proposal, sequence));
        create table witan.nonce(nonce text primary key, expires timestamptz not null, taker uuid not null);
        create index nonce_by_expiry on witan.nonce(expires);
        create table witan.lease(
            resource text primary key, node text not null, run text not null, token bigint not null, expires timestamptz not null);
        create table witan.agent(
            id text primary key, role text not null, name text not null, instance text not null, entry bytea not null, callback text not null,
            admitted bigint not null, expires bigint not null, revoked boolean not null,
            seal bytea not null, changed bigint not null);
        create index agent_by_change on witan.agent(changed);
        create index agent_withdrawn on witan.agent(id) where revoked;
        create table witan.revocation(
            position bigint generated always as identity, subject text primary key, body bytea not null, seal bytea not null);
        create table witan.share(
            proposal text not null, sender integer not null, receiver integer not null, sealed bytea not null, signature bytea not null,
            primary key(proposal, sender, receiver));
        create unlogged table witan.notice(
            board text not null, subject text not null, body bytea not null, expires timestamptz not null, primary key(board, subject));
        create table witan.probe(one integer primary key, at timestamptz not null);

        create function witan.forbid() returns trigger language plpgsql as $$
        begin
            raise exception 'what is in % is never changed or removed', tg_table_name;
        end $$;
        create trigger append_only before update or delete on witan.event for each row execute function witan.forbid();
        create trigger append_only_all before truncate on witan.event execute function witan.forbid();
        create trigger append_only before update or delete on witan.revocation for each row execute function witan.forbid();
        create trigger append_only_all before truncate on witan.revocation execute function witan.forbid();

        -- 0 appended, 1 the record has another size, 2 fenced. One statement, so that one flush makes it durable.
        create function witan.append(p text, expected bigint, bodies bytea[], lease_name text, fence bigint) returns integer language plpgsql as $$
        declare
            newest bigint;
        begin
            if fence is not null then
                -- Whoever takes the lease over waits for this append, or this append sees its token.
                select token into newest from witan.lease where resource = lease_name for share;
                if coalesce(newest, 0) > fence then
                    return 2;
                end if;
            end if;
            if expected = 0 then
                insert into witan.record(proposal, size, changed) values(p, cardinality(bodies), clock_timestamp()) on conflict do nothing;
            else
                update witan.record set size = expected + cardinality(bodies), changed = clock_timestamp() where proposal = p and size = expected;
            end if;
            if not found then
                return 1;
            end if;
            insert into witan.event(proposal, sequence, body)
                select p, expected + place - 1, body from unnest(bodies) with ordinality as one(body, place);
            perform pg_notify('witan_record', p);
            return 0;
        end $$;
        """;

    // From version 3: which agents are news is told by the transaction that wrote them.
    private const string FromThree = """
        alter table witan.agent add column changed bigint not null default 0;
        alter table witan.agent alter column changed drop default;
        create index agent_by_change on witan.agent(changed);
        """;

    /// <summary>Creates what is missing in a new database, brings one of the version before up to this, or refuses one that this program does not know.</summary>
    public static async Task EnsureAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
        await ExecuteAsync($"select pg_advisory_xact_lock({CreationLock})");
        if (await ExecuteAsync("select to_regclass('witan.version')::text") is not string)
        {
            await ExecuteAsync(Tables);
            await ExecuteAsync($"insert into witan.version values({Version})");
        }

        object? version = await ExecuteAsync("select max(number) from witan.version");
        if (version is 3)
        {
            await ExecuteAsync(FromThree);
            await ExecuteAsync($"insert into witan.version values({Version})");
            version = Version;
        }

        if (version is not Version)
            throw new StoreException($"the store is of version {version}; this program knows version {Version}");
        await transaction.CommitAsync(cancellationToken);

        async Task<object?> ExecuteAsync(string text)
        {
            await using var command = new NpgsqlCommand(text, connection, transaction);
            return await command.ExecuteScalarAsync(cancellationToken);
        }
    }
}
