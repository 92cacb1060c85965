using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Witan.Dstack;

/// <summary>
/// One handler over the unix socket or address, shared by all methods of a client. Reads answers itself, so that their size is
/// bounded, the timeout covers the last byte too, and buffers that held keys are zeroed.
/// </summary>
internal sealed class AgentConnection : IDisposable
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");
    private readonly HttpClient _http;
    private readonly TimeSpan _timeout;
    private readonly int _maximum;

    public AgentConnection(string endpoint, string prefix, DstackClientOptions options)
    {
        Endpoint = endpoint;
        _timeout = options.Timeout > TimeSpan.Zero
            ? options.Timeout
            : throw new ArgumentOutOfRangeException(nameof(options), options.Timeout, "the timeout is not positive");
        _maximum = options.MaximumAnswerBytes;
        var handler = new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false };
        bool isAddress = DstackEndpoint.IsAddress(endpoint);
        if (!isAddress)
        {
            var peer = new UnixDomainSocketEndPoint(endpoint);
            handler.ConnectCallback = (_, cancellationToken) => ConnectAsync(peer, cancellationToken);
        }

        _http = new HttpClient(handler)
        {
            BaseAddress = new Uri((isAddress ? endpoint.TrimEnd('/') : "http://dstack") + "/" + prefix),
            Timeout = System.Threading.Timeout.InfiniteTimeSpan,
        };
    }

    public string Endpoint { get; }

    /// <summary>POSTs a request and reads its answer. <paramref name="method"/> names the route and stands in every message.</summary>
    public async Task<TResponse> CallAsync<TRequest, TResponse>(
        string method,
        TRequest request,
        JsonTypeInfo<TRequest> requestType,
        JsonTypeInfo<TResponse> responseType,
        CancellationToken cancellationToken,
        TimeSpan? timeout = null)
    {
        TimeSpan limit = timeout ?? _timeout;
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bounded.CancelAfter(limit);
        byte[] answer = [];
        try
        {
            using var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(request, requestType));
            content.Headers.ContentType = Json;
            using var message = new HttpRequestMessage(HttpMethod.Post, method) { Content = content };
            using HttpResponseMessage response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, bounded.Token);
            int length;
            (answer, length) = await ReadAsync(method, response.Content, bounded.Token);
            if (response.StatusCode != HttpStatusCode.OK)
                throw Refused(method, answer.AsSpan(0, length), (int)response.StatusCode);
            // EmitEvent's empty message is sent as an empty body by some versions.
            ReadOnlySpan<byte> body = length == 0 ? "{}"u8 : answer.AsSpan(0, length);
            return JsonSerializer.Deserialize(body, responseType) ?? throw new DstackProtocolException($"{method}: the agent answered null");
        }
        catch (JsonException e)
        {
            // The reader's message can quote the value at which it stopped; the path cannot.
            throw new DstackProtocolException($"{method}: the agent's answer is not as specified (at {e.Path ?? "$"})");
        }
        catch (Exception e) when (e is HttpRequestException or IOException and not DstackException)
        {
            throw new DstackUnavailableException($"{method}: {Endpoint} does not answer: {e.InnerException?.Message ?? e.Message}", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new DstackUnavailableException($"{method}: no answer from {Endpoint} within {limit.TotalSeconds:0.###} s", e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(answer);
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<(byte[] Buffer, int Length)> ReadAsync(string method, HttpContent content, CancellationToken cancellationToken)
    {
        if (content.Headers.ContentLength is { } declared && declared > _maximum)
            throw TooLarge(method);
        // A wrong Content-Length must not make us allocate: what arrives decides.
        byte[] buffer = new byte[Math.Min((int)(content.Headers.ContentLength ?? 4096), 64 << 10) + 1];
        int length = 0;
        bool whole = false;
        try
        {
            await using Stream stream = await content.ReadAsStreamAsync(cancellationToken);
            while (true)
            {
                int read = await stream.ReadAsync(buffer.AsMemory(length), cancellationToken);
                length += read;
                if (length > _maximum)
                    throw TooLarge(method);
                whole = read == 0;
                if (whole)
                    return (buffer, length);
                if (length < buffer.Length)
                    continue;
                byte[] larger = new byte[(int)Math.Min(2L * buffer.Length, _maximum + 1L)];
                buffer.CopyTo(larger, 0);
                CryptographicOperations.ZeroMemory(buffer);
                buffer = larger;
            }
        }
        finally
        {
            // An answer that is cut short may hold a key as well.
            if (!whole)
                CryptographicOperations.ZeroMemory(buffer);
        }
    }

    private DstackProtocolException TooLarge(string method) => new($"{method}: the agent's answer has more than {_maximum} bytes");

    private static DstackRefusedException Refused(string method, ReadOnlySpan<byte> body, int status)
    {
        string? reason = null;
        try
        {
            reason = JsonSerializer.Deserialize(body, AgentJson.Default.ErrorAnswer)?.Error;
        }
        catch (JsonException)
        {
            // A route that the agent has not is answered by its web server, in HTML.
        }

        // Printable and short: it ends in logs and on terminals.
        reason = reason is null ? null : new string([.. reason.Take(500).Select(c => char.IsControl(c) ? ' ' : c)]);
        return new DstackRefusedException(method, string.IsNullOrWhiteSpace(reason) ? $"the agent answered {status}" : reason, status);
    }

    private static async ValueTask<Stream> ConnectAsync(UnixDomainSocketEndPoint peer, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(peer, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
