using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Witan.Load;

/// <summary>
/// One kept-alive connection for requests that were made ready as bytes. The generator shares the cores with the coordinator that is measured: what it
/// does for each request is one write and one read.
/// </summary>
internal sealed class PreparedConnection : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer = new byte[64 << 10];

    private PreparedConnection()
    {
    }

    public static async Task<PreparedConnection> OpenAsync(Uri address)
    {
        var connection = new PreparedConnection();
        await connection._socket.ConnectAsync(address.Host, address.Port);
        return connection;
    }

    /// <summary>Sends a whole request and gives the body of its answer; throws where that is no success.</summary>
    public async Task<byte[]> SendAsync(ReadOnlyMemory<byte> request)
    {
        while (request.Length > 0)
            request = request[await _socket.SendAsync(request)..];
        int filled = 0, body;
        while ((body = _buffer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8)) < 0)
            filled += await ReadAsync(filled);
        body += 4;
        string head = Encoding.ASCII.GetString(_buffer, 0, body);
        const string length = "content-length: ";
        int at = head.IndexOf(length, StringComparison.OrdinalIgnoreCase) + length.Length;
        int end = body + int.Parse(head.AsSpan(at, head.IndexOf('\r', at) - at), CultureInfo.InvariantCulture);
        while (filled < end)
            filled += await ReadAsync(filled);
        return head.StartsWith("HTTP/1.1 200", StringComparison.Ordinal)
            ? _buffer[body..end]
            : throw new HttpRequestException($"{head}{Encoding.UTF8.GetString(_buffer, body, end - body)}");
    }

    public void Dispose() => _socket.Dispose();

    private async Task<int> ReadAsync(int filled)
    {
        int read = await _socket.ReceiveAsync(_buffer.AsMemory(filled));
        return read > 0 ? read : throw new HttpRequestException("the coordinator closed the connection");
    }
}
