using System.Net;
using System.Net.Sockets;
using System.Text;
using Witan.Faults.Processes;

namespace Witan.Faults.Servers;

/// <summary>Where a write is cut.</summary>
public enum Cut
{
    /// <summary>The server never hears of it.</summary>
    Before,

    /// <summary>The server has done it, and nobody hears so.</summary>
    BeforeAnswer,

    /// <summary>The answer has just arrived.</summary>
    After,
}

/// <summary>
/// Stands between a coordinator and its database, and sees each write on its way. Can end the coordinator before a write, between
/// the write and its answer, or after.
/// </summary>
public sealed class WriteGate : IDisposable
{
    private static readonly byte[][] s_writes =
        [.. new[] { "select witan.append(", "insert into witan.share", "insert into witan.lease" }.Select(Encoding.ASCII.GetBytes)];

    private readonly TcpListener _listener = new(IPAddress.Loopback, FreePorts.Next());
    private readonly int _server;
    private readonly Lock _gate = new();
    private int _writes;
    private Func<int, Cut?>? _cuts;
    private Action? _kill;

    /// <summary>Opens a gate to a server on this machine.</summary>
    public WriteGate(int server)
    {
        _server = server;
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>Where the coordinator connects.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Writes since the last <see cref="Arm"/>.</summary>
    public int Writes => Volatile.Read(ref _writes);

    /// <summary>Counts from here; <paramref name="cuts"/> says for each write by its number whether and where to <paramref name="kill"/>.</summary>
    public void Arm(Func<int, Cut?>? cuts, Action? kill)
    {
        lock (_gate)
            (_writes, _cuts, _kill) = (0, cuts, kill);
    }

    /// <inheritdoc />
    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = PassAsync(await _listener.AcceptTcpClientAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The gate is closed.
        }
    }

    private async Task PassAsync(TcpClient client)
    {
        using TcpClient one = client;
        using var server = new TcpClient { NoDelay = true };
        client.NoDelay = true;
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, _server);
            NetworkStream up = server.GetStream(), down = client.GetStream();
            Cut? pending = null;
            Task back = BackAsync();
            byte[] buffer = new byte[1 << 20];
            int read;
            while ((read = await down.ReadAsync(buffer)) > 0)
            {
                Cut? cut = Look(buffer.AsSpan(0, read));
                if (cut == Cut.Before)
                {
                    _kill?.Invoke();
                    return;
                }

                pending = cut;
                await up.WriteAsync(buffer.AsMemory(0, read));
            }

            server.Client.Shutdown(SocketShutdown.Send);
            await back;

            async Task BackAsync()
            {
                byte[] answer = new byte[1 << 16];
                int length;
                while ((length = await up.ReadAsync(answer)) > 0)
                {
                    if (pending == Cut.BeforeAnswer)
                    {
                        _kill?.Invoke();
                        one.Close();
                        return;
                    }

                    await down.WriteAsync(answer.AsMemory(0, length));
                    if (pending == Cut.After)
                        _kill?.Invoke();
                    pending = null;
                }
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            // One side is gone.
        }
    }

    private Cut? Look(ReadOnlySpan<byte> bytes)
    {
        foreach (byte[] write in s_writes)
        {
            if (bytes.IndexOf(write) < 0)
                continue;
            lock (_gate)
                return _cuts?.Invoke(++_writes);
        }

        return null;
    }
}
