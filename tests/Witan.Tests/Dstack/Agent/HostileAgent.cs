using System.Net.Sockets;
using System.Text;

namespace Witan.Tests.Dstack.Agent;

/// <summary>Something on a unix socket that answers each connection with fixed bytes, in given pieces, and closes.</summary>
internal sealed class HostileAgent : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-hostile-").FullName;
    private readonly CancellationTokenSource _stop = new();
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly Func<Socket, CancellationToken, Task> _answer;
    private readonly Task _loop;

    public HostileAgent(Func<Socket, CancellationToken, Task> answer)
    {
        _answer = answer;
        Path = System.IO.Path.Combine(_folder, "dstack.sock");
        _listener.Bind(new UnixDomainSocketEndPoint(Path));
        _listener.Listen();
        _loop = RunAsync();
    }

    public HostileAgent(string answer)
        : this((socket, cancel) => SendAsync(socket, answer, cancel))
    {
    }

    public string Path { get; }

    /// <summary>
    /// A whole answer around a body, with a right Content-Length. It says that it closes, as it does: a client that took the connection for the next request
    /// would be reset.
    /// </summary>
    public static string Whole(string body, int status = 200) =>
        $"HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}";

    public static async Task SendAsync(Socket socket, string text, CancellationToken cancel) =>
        await socket.SendAsync(Encoding.UTF8.GetBytes(text), cancel);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _listener.Dispose();
        _stop.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                using Socket socket = await _listener.AcceptAsync(_stop.Token);
                try
                {
                    await ReceiveAsync(socket, _stop.Token);
                    await _answer(socket, _stop.Token);
                }
                catch (SocketException)
                {
                    // The client gave up first, which is what several of the tests are about.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }

    // The whole request: to close with something unread resets the connection, and may take the answer with it.
    private static async Task ReceiveAsync(Socket socket, CancellationToken cancel)
    {
        const string end = "\r\n\r\n", length = "Content-Length: ";
        byte[] buffer = new byte[64 << 10];
        for (int taken = 0; taken < buffer.Length;)
        {
            int read = await socket.ReceiveAsync(buffer.AsMemory(taken), cancel);
            taken += read;
            string text = Encoding.Latin1.GetString(buffer, 0, taken);
            int head = text.IndexOf(end, StringComparison.Ordinal), at = text.IndexOf(length, StringComparison.OrdinalIgnoreCase);
            int body = at < 0 || at > head ? 0 : int.Parse(text.AsSpan(at + length.Length, text.IndexOf('\r', at) - at - length.Length), System.Globalization.CultureInfo.InvariantCulture);
            if (read == 0 || (head >= 0 && taken >= head + end.Length + body))
                return;
        }
    }
}
