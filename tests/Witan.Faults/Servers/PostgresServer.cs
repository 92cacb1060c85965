using System.Diagnostics;
using System.Globalization;
using Npgsql;
using Witan.Faults.Processes;

namespace Witan.Faults.Servers;

/// <summary>
/// A real PostgreSQL server in a directory of its own, on a free loopback port, run by a user without rights. It flushes as a
/// production server does: nothing is switched off for speed.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string Programs = "/usr/lib/postgresql/15/bin";
    private static int s_databases;
    private readonly string _folder;
    private Process? _process;

    private PostgresServer(string folder, int port) => (_folder, Port) = (folder, port);

    /// <summary>Why there can be no server here; null where there can.</summary>
    public static string? Missing => File.Exists($"{Programs}/initdb") ? null : "needs PostgreSQL: apt-get install postgresql-15";

    /// <summary>Where it listens on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>The server's process id.</summary>
    public int Id => _process!.Id;

    /// <summary>Creates a cluster and starts its server.</summary>
    public static async Task<PostgresServer> StartAsync(params string[] settings)
    {
        var server = new PostgresServer(NewFolder(), FreePorts.Next());
        await RunAsync("initdb", "-D", server.Data, "-A", "trust", "-U", "postgres", "-k", "--no-sync");
        await server.LaunchAsync(settings);
        return server;
    }

    /// <summary>Copies a running primary and starts the copy as its standby.</summary>
    public static async Task<PostgresServer> StartStandbyAsync(PostgresServer primary, string name)
    {
        var server = new PostgresServer(NewFolder(), FreePorts.Next());
        await RunAsync(
            "pg_basebackup", "-D", server.Data, "-R", "-X", "stream", "-c", "fast", "-d", $"host=127.0.0.1 port={primary.Port} user=postgres application_name={name}");
        await server.LaunchAsync([]);
        return server;
    }

    /// <summary>Starts the server again on what its directory holds.</summary>
    public async Task LaunchAsync(params string[] settings)
    {
        string[] all = [$"port={Port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=200", "shared_buffers=32MB", .. settings];
        _process = Process.Start(As([$"{Programs}/postgres", "-D", Data, .. all.SelectMany(setting => new[] { "-c", setting })]))!;
        _ = _process.StandardError.ReadToEndAsync();
        _ = _process.StandardOutput.ReadToEndAsync();
        await UntilReadyAsync();
    }

    /// <summary>Kills the server and everything it started, as a power cut would.</summary>
    public async Task KillAsync()
    {
        if (_process is not { HasExited: false } running)
            return;
        int[] children = ProcessTable.ChildrenOf(running.Id);
        running.Kill();
        foreach (int child in children)
            ProcessTable.Kill(child);
        await running.WaitForExitAsync();
        // Shared memory is freed by the next start; its children are gone when none is left.
        for (int i = 0; i < 100 && children.Any(ProcessTable.IsAlive); i++)
            await Task.Delay(20);
    }

    /// <summary>Stops the server in order.</summary>
    public Task StopAsync() => RunAsync("pg_ctl", "-D", Data, "-m", "fast", "-w", "stop");

    /// <summary>Makes a standby the primary.</summary>
    public Task PromoteAsync() => RunAsync("pg_ctl", "-D", Data, "-w", "promote");

    /// <summary>A new, empty database, as a store's address. <paramref name="others"/> are more ports of the same cluster.</summary>
    public async Task<string> CreateDatabaseAsync(params int[] others)
    {
        string name = $"witan{Interlocked.Increment(ref s_databases)}";
        await ExecuteAsync("postgres", $"create database {name}");
        return Address(name, [Port, .. others]);
    }

    /// <summary>The address of a database on ports of this machine.</summary>
    public static string Address(string database, params int[] ports) =>
        $"postgres://postgres@{string.Join(',', ports.Select(port => $"127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}"))}/{database}";

    /// <summary>Runs a statement as the superuser and gives its one value.</summary>
    public async Task<object?> ExecuteAsync(string database, string text)
    {
        await using var connection = new NpgsqlConnection($"Host=127.0.0.1;Port={Port};Username=postgres;Database={database};Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(text, connection);
        return await command.ExecuteScalarAsync();
    }

    /// <summary>Keeps the cluster's files as they are; the server must be stopped.</summary>
    public void Save(string name) => DirectoryCopy.Replace(Data, $"{Data}.{name}");

    /// <summary>Puts back what was kept; the server must be stopped.</summary>
    public void Restore(string name) => DirectoryCopy.Replace($"{Data}.{name}", Data);

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private string Data => Path.Combine(_folder, "data");

    private static string NewFolder()
    {
        string folder = Directory.CreateTempSubdirectory("witan-pg-").FullName;
        if (Environment.IsPrivilegedProcess)
            Process.Start("/bin/chown", ["postgres:", folder]).WaitForExit();
        return folder;
    }

    private async Task UntilReadyAsync()
    {
        for (int i = 0; i < 300; i++)
        {
            try
            {
                await ExecuteAsync("postgres", "select 1");
                return;
            }
            catch (NpgsqlException) when (!_process!.HasExited)
            {
                await Task.Delay(100);
            }
        }

        throw new InvalidOperationException("the PostgreSQL server did not start within 30 s");
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using Process process = Process.Start(As([$"{Programs}/{program}", .. arguments]))!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {await error} {await output}");
    }

    // initdb and the server refuse to run as root.
    private static ProcessStartInfo As(string[] command)
    {
        string[] whole = Environment.IsPrivilegedProcess ? ["/usr/bin/setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", .. command] : command;
        var start = new ProcessStartInfo(whole[0], whole[1..]) { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false, WorkingDirectory = "/tmp" };
        start.Environment["LC_ALL"] = "C.UTF-8";
        return start;
    }
}
