using System.Net.Sockets;
using Npgsql;

namespace Witan.Coordinator.Stores.Postgres;

/// <summary>
/// Runs operations on the primary, and again where the connection was lost or the server asks for it: every operation that comes
/// here may run twice. What cannot be done in time is a <see cref="StoreException"/>.
/// </summary>
internal sealed class PostgresConnector : IAsyncDisposable
{
    // Two attempts that each run into the time limit of a command, and then some; callers ask again anyway.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(12);

    private readonly NpgsqlMultiHostDataSource _hosts;
    private readonly NpgsqlDataSource _primary;
    private readonly TimeProvider _clock;

    public PostgresConnector(PostgresAddress address, TimeProvider clock)
    {
        var builder = new NpgsqlDataSourceBuilder(address.ConnectionString);
        builder.UsePhysicalConnectionInitializer(
            _ => throw new NotSupportedException("connections are opened asynchronously"), PostgresDurability.RequireAsync);
        _hosts = builder.BuildMultiHost();
        _primary = _hosts.WithTargetSession(TargetSessionAttributes.Primary);
        (Masked, HasSessions, PoolSize, _clock) = (address.Masked, address.HasSessions, new NpgsqlConnectionStringBuilder(address.ConnectionString).MaxPoolSize, clock);
    }

    /// <summary>The address without its password.</summary>
    public string Masked { get; }

    /// <summary>Whether a session keeps its locks from one statement to the next.</summary>
    public bool HasSessions { get; }

    /// <summary>Most connections at once.</summary>
    public int PoolSize { get; }

    /// <summary>
    /// Runs a write. <c>uncertain</c> is true from the second attempt on: the first may have been done. A write that the server did
    /// not confirm as replicated is followed by one that it does, because what comes later in its log covers what came before. The first attempt is made on
    /// <paramref name="first"/> where one is given, which stays the caller's.
    /// </summary>
    public Task<T> WriteAsync<T>(Func<NpgsqlConnection, bool, Task<T>> work, NpgsqlConnection? first, CancellationToken cancellationToken) => RunAsync(
        async (connection, uncertain) =>
        {
            bool warned = false;
            void Note(object _, NpgsqlNoticeEventArgs notice) => warned |= notice.Notice.InvariantSeverity == "WARNING";
            connection.Notice += Note;
            try
            {
                T result = await work(connection, uncertain);
                for (int i = 0; warned || (uncertain && i == 0); i++)
                {
                    if (i == 3)
                        throw new StoreException("the database does not confirm that a write reached its standby");
                    warned = false;
                    await ProbeAsync(connection);
                }

                return result;
            }
            finally
            {
                connection.Notice -= Note;
            }
        },
        first,
        cancellationToken);

    /// <summary>The same, on any connection.</summary>
    public Task<T> WriteAsync<T>(Func<NpgsqlConnection, bool, Task<T>> work, CancellationToken cancellationToken) => WriteAsync(work, null, cancellationToken);

    /// <summary>Runs a read.</summary>
    public Task<T> ReadAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellationToken) =>
        RunAsync((connection, _) => work(connection), null, cancellationToken);

    /// <summary>A connection for listening. Throws <see cref="StoreException"/>.</summary>
    public async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _primary.OpenConnectionAsync(cancellationToken);
        }
        catch (Exception e) when (IsMedium(e))
        {
            throw Failure(e);
        }
    }

    /// <summary>A small write with its flush.</summary>
    public static async Task<int> ProbeAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand(
            "insert into witan.probe(one, at) values(1, clock_timestamp()) on conflict(one) do update set at = clock_timestamp()", connection);
        return await command.ExecuteNonQueryAsync();
    }

    /// <summary>What a fault of the medium is called here.</summary>
    public StoreException Failure(Exception e) => Refusal(e) ?? new StoreException($"the store {Masked} does not work: {e.Message}", e);

    /// <summary>Whether an exception is a fault of the medium, and not of this program.</summary>
    public static bool IsMedium(Exception e) => e is NpgsqlException or SocketException or TimeoutException or IOException or InvalidCastException;

    /// <inheritdoc />
    public async ValueTask DisposeAsync() => await _hosts.DisposeAsync();

    // The caller's token is looked at only between attempts: a statement that was sent runs to its end, because what was cancelled
    // might have been done.
    private async Task<T> RunAsync<T>(Func<NpgsqlConnection, bool, Task<T>> work, NpgsqlConnection? first, CancellationToken cancellationToken)
    {
        long start = _clock.GetTimestamp();
        for (int attempt = 0; ; attempt++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                if (first is not null && attempt == 0)
                    return await work(first, false);
                await using NpgsqlConnection connection = await _primary.OpenConnectionAsync(cancellationToken);
                return await work(connection, attempt > 0);
            }
            catch (Exception e) when (IsMedium(e))
            {
                if (Refusal(e) is not null || !IsWorthAnother(e) || _clock.GetElapsedTime(start) > Patience)
                    throw Failure(e);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(400, 25 << Math.Min(attempt, 5))), _clock, cancellationToken);
        }
    }

    // A server that was refused on connecting comes wrapped in what the driver says of its hosts.
    private static StoreException? Refusal(Exception? e) => e switch
    {
        StoreException refusal => refusal,
        AggregateException all => all.InnerExceptions.Select(Refusal).FirstOrDefault(found => found is not null),
        { InnerException: { } inner } => Refusal(inner),
        _ => null,
    };

    // Lost connections, servers that start, stop or were demoted, and conflicts that the server resolves by asking again.
    private static bool IsWorthAnother(Exception e) => e is not PostgresException server
        || server.IsTransient || server.SqlState is PostgresErrorCodes.ReadOnlySqlTransaction or PostgresErrorCodes.SerializationFailure
            or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow;
}
