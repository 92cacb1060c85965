using Microsoft.Data.Sqlite;

namespace Witan.Coordinator.Stores.Sqlite;

/// <summary>Tables and settings of the embedded store. WAL with full synchronisation: what is acknowledged has been flushed.</summary>
internal static class SqliteSchema
{
    private const int Version = 5;

    private const string Tables = """
        create table if not exists record(
            position integer primary key autoincrement, proposal text not null unique, size integer not null, ended text) strict;
        create table if not exists event(
            proposal text not null, sequence integer not null, body blob not null, primary key(proposal, sequence)) strict, without rowid;
        create table if not exists nonce(nonce text primary key, expires integer not null) strict, without rowid;
        create index if not exists nonce_by_expiry on nonce(expires);
        create table if not exists lease(
            resource text primary key, node text not null, run text not null, token integer not null, expires integer not null) strict, without rowid;
        create table if not exists agent(
            id text primary key, role text not null, name text not null, instance text not null, entry blob not null, callback text not null,
            admitted integer not null, expires integer not null, revoked integer not null, seal blob not null) strict, without rowid;
        create table if not exists revocation(
            position integer primary key autoincrement, subject text not null unique, body blob not null, seal blob not null) strict;
        create table if not exists share(
            proposal text not null, sender integer not null, receiver integer not null, sealed blob not null, signature blob not null,
            primary key(proposal, sender, receiver)) strict, without rowid;
        create table if not exists probe(one integer primary key, at integer not null) strict;
        """;

    /// <summary>Opens a connection with the settings that every connection needs.</summary>
    public static SqliteConnection Open(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = SqliteOpenMode.ReadWriteCreate,
            Pooling = false,
            DefaultTimeout = 5,
        }.ToString());
        try
        {
            connection.Open();
            Execute(connection, "pragma journal_mode = wal; pragma synchronous = full; pragma trusted_schema = off; pragma cell_size_check = on;");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Creates the tables of a new file, or refuses a file that this program does not know.</summary>
    public static void Ensure(SqliteConnection connection)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "pragma user_version";
        long version = (long)command.ExecuteScalar()!;
        command.CommandText = "select count(*) from sqlite_schema";
        bool isNew = (long)command.ExecuteScalar()! == 0;
        if (!isNew && version != Version)
            throw new StoreException($"the store is of version {version}; this program knows version {Version}");
        Execute(connection, Tables);
        Execute(connection, $"pragma user_version = {Version}");
    }

    private static void Execute(SqliteConnection connection, string text)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = text;
        command.ExecuteNonQuery();
    }
}
