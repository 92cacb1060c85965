using System.Globalization;
using Npgsql;
using Witan.Agent;

namespace Witan.Coordinator.Stores.Postgres;

/// <summary>
/// The address of a PostgreSQL store, as libpq writes it: <c>postgres://USER:PASSWORD@HOST:PORT,HOST:PORT/DATABASE?sslmode=verify-full</c>.
/// Several hosts are a primary and its standbys; the one that takes writes is found. A unix socket is <c>?host=/directory</c>.
/// </summary>
/// <param name="ConnectionString">As the driver reads it.</param>
/// <param name="Masked">For people, without the password.</param>
/// <param name="HasSessions">Whether what is set in a session is there for its next statement: not behind a pooler that gives each transaction another server.</param>
internal sealed record PostgresAddress(string ConnectionString, string Masked, bool HasSessions)
{
    private const string Transaction = "transaction";
    private const string Form = "postgres://USER:PASSWORD@HOST:5432/DATABASE?sslmode=verify-full";

    /// <summary>Whether a text means PostgreSQL.</summary>
    public static bool IsPostgres(string text) =>
        text.StartsWith("postgres://", StringComparison.Ordinal) || text.StartsWith("postgresql://", StringComparison.Ordinal);

    /// <summary>Reads an address. Throws <see cref="SettingException"/>, which never repeats the password.</summary>
    public static PostgresAddress Parse(string text)
    {
        string rest = text[(text.IndexOf("://", StringComparison.Ordinal) + 3)..];
        (rest, string query) = Split(rest, '?');
        (string authority, string database) = Split(rest, '/');
        int at = authority.LastIndexOf('@');
        (string user, string password) = Split(at < 0 ? "" : authority[..at], ':');
        string hosts = authority[(at + 1)..];
        var settings = new NpgsqlConnectionStringBuilder
        {
            Host = hosts.Length == 0 ? "localhost" : hosts,
            Database = database.Length == 0 ? "witan" : Unescape(database),
            Username = user.Length == 0 ? null : Unescape(user),
            Password = password.Length == 0 ? null : Unescape(password),
            ApplicationName = "witan coordinator",
            MaxPoolSize = 32,
            // What a session is left with is put back where it was changed, not by six statements at every use of a connection.
            NoResetOnClose = true,
            // The few statements that a coordinator runs again and again are parsed and planned once for each connection.
            MaxAutoPrepare = 32,
            Timeout = 3,
            CommandTimeout = 5,
            // A cancelled commit that waits for its standby is reported as done without being there: a command that takes too long
            // costs the connection instead.
            CancellationTimeout = -1,
            KeepAlive = 10,
            // A server's machine that dies says nothing.
            TcpKeepAlive = true,
            TcpKeepAliveTime = 2000,
            TcpKeepAliveInterval = 1000,
            // How long a host is believed to be what it was: short, so that a promoted standby is found.
            HostRecheckSeconds = 1,
            IncludeErrorDetail = false,
        };
        foreach (string pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
            Set(settings, pair);
        string masked = $"postgres://{(user.Length == 0 ? "" : user + (password.Length == 0 ? "" : ":***") + "@")}{settings.Host}/{settings.Database}";
        return new PostgresAddress(settings.ToString(), masked, settings.MaxAutoPrepare > 0);
    }

    private static void Set(NpgsqlConnectionStringBuilder settings, string pair)
    {
        (string key, string value) = Split(pair, '=');
        value = Unescape(value);
        switch (key)
        {
            case "host":
                settings.Host = value;
                break;
            case "port" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int port):
                settings.Port = port;
                break;
            case "user":
                settings.Username = value;
                break;
            case "password":
                settings.Password = value;
                break;
            case "passfile":
                settings.Passfile = value;
                break;
            case "sslmode" when Enum.TryParse(value.Replace("-", "", StringComparison.Ordinal), ignoreCase: true, out SslMode mode):
                settings.SslMode = mode;
                break;
            case "sslrootcert":
                settings.RootCertificate = value;
                break;
            case "sslcert":
                settings.SslCertificate = value;
                break;
            case "sslkey":
                settings.SslKey = value;
                break;
            case "pooler" when value == Transaction:
                settings.MaxAutoPrepare = 0;
                break;
            case "pool" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int size) && size is >= 4 and <= 1000:
                settings.MaxPoolSize = size;
                break;
            default:
                throw new SettingException($"the store's address has {key}, which is unknown or has no proper value", $"{Form}; host, port, user, password, passfile, sslmode, sslrootcert, sslcert, sslkey, pool, pooler");
        }
    }

    private static (string Before, string After) Split(string text, char at)
    {
        int index = text.IndexOf(at, StringComparison.Ordinal);
        return index < 0 ? (text, "") : (text[..index], text[(index + 1)..]);
    }

    private static string Unescape(string text) => Uri.UnescapeDataString(text);
}
