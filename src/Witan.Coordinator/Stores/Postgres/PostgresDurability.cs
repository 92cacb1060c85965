using Npgsql;

namespace Witan.Coordinator.Stores.Postgres;

/// <summary>
/// What a server must promise before a receipt may rest on it. Asked on every new connection: a failover may lead to a server
/// with other settings.
/// </summary>
internal static class PostgresDurability
{
    private const string Question = """
        select current_setting('synchronous_commit'), current_setting('fsync'), current_setting('full_page_writes'),
            current_setting('synchronous_standby_names'), current_setting('server_version_num')::int
        """;

    /// <summary>Throws <see cref="StoreException"/> where the server would acknowledge what it may lose.</summary>
    public static async Task RequireAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand(Question, connection);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        if (Problem(reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), reader.GetInt32(4)) is { } problem)
            throw new StoreException($"this PostgreSQL server is refused: {problem}");
    }

    internal static string? Problem(string synchronousCommit, string fsync, string fullPageWrites, string standbys, int version)
    {
        if (version < 130000)
            return $"it is of version {version / 10000}; 13 is the oldest";
        if (fsync != "on")
            return "fsync is off: it acknowledges what is not on the disk";
        if (fullPageWrites != "on")
            return "full_page_writes is off: a torn page would be lost";
        // local and remote_write flush here and not at the standby; without a standby they are as good as on.
        bool flushed = synchronousCommit is "on" or "remote_apply" || (synchronousCommit is "local" or "remote_write" && standbys.Length == 0);
        return flushed ? null : $"synchronous_commit is {synchronousCommit}: it acknowledges before the data is safe; set it to on";
    }
}
