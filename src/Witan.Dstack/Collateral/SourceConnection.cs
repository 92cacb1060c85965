using System.Net;
using System.Net.Http.Headers;
using System.Security.Authentication;

namespace Witan.Dstack.CollateralService;

/// <summary>
/// GETs documents of one server: each bounded in size and time, from one address only (no redirects), without decompression. A
/// server that asked to be left alone is left alone.
/// </summary>
internal sealed class SourceConnection : IDisposable
{
    private readonly CollateralSource _source;
    private readonly HttpClient _http;
    private readonly TimeSpan _timeout;
    private readonly TimeSpan _maximumWait;
    private readonly TimeProvider _clock;
    private long _notBefore;

    public SourceConnection(CollateralSource source, CollateralClientOptions options, TimeProvider clock)
    {
        (_source, _timeout, _maximumWait, _clock) = (source, options.Timeout, options.MaximumWait, clock);
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseProxy = !source.Address.IsLoopback,
            MaxResponseHeadersLength = 128,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        };
        handler.SslOptions.EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
        if (source.DangerousAcceptAnyServerCertificate)
        {
#pragma warning disable CA5359 // the option's name says so
            handler.SslOptions.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        }

        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    public CollateralSource Source => _source;

    /// <summary>
    /// One document. <paramref name="chainHeaders"/> names the headers, in order, of which one has the issuer chain; empty where the
    /// document has none. Throws <see cref="SourceException"/>.
    /// </summary>
    public async Task<ServedDocument> GetAsync(Uri address, string document, int maximum, IReadOnlyList<string> chainHeaders, CancellationToken cancellationToken)
    {
        for (int attempt = 0; ; attempt++)
        {
            await LeaveAloneAsync(document, cancellationToken);
            using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            using var limit = new CancellationTokenSource(_timeout, _clock);
            using CancellationTokenRegistration registration = limit.Token.Register(bounded.Cancel);
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, address);
                if (_source.SubscriptionKey is { } key)
                    request.Headers.Add("Ocp-Apim-Subscription-Key", key);
                using HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, bounded.Token);
                if (attempt == 0 && await MayTryAgainAsync(response, cancellationToken))
                    continue;
                if (response.StatusCode != HttpStatusCode.OK)
                    throw SourceStatus.Explain(_source, document, response);
                byte[] body = await ReadAsync(response.Content, document, maximum, bounded.Token);
                return new ServedDocument(body, Chain(response, document, chainHeaders));
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                throw SourceException.Of("COLLATERAL_SOURCE_UNREACHABLE", _source, document, $"no answer: {e.InnerException?.Message ?? e.Message}");
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw SourceException.Of("COLLATERAL_SOURCE_TIMEOUT", _source, document, $"no whole answer within {_timeout.TotalSeconds:0.###} s");
            }
        }
    }

    public void Dispose() => _http.Dispose();

    // GET changes nothing, so asking again is safe; it is done once, and only when the server says when.
    private async Task<bool> MayTryAgainAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.StatusCode is not (HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable) || response.Headers.RetryAfter is not { } asked)
            return false;
        TimeSpan wait = asked.Delta ?? (asked.Date is { } date ? date - _clock.GetUtcNow() : TimeSpan.Zero);
        wait = TimeSpan.FromTicks(Math.Clamp(wait.Ticks, 0, TimeSpan.TicksPerDay));
        if (wait > _maximumWait)
        {
            Volatile.Write(ref _notBefore, (_clock.GetUtcNow() + wait).UtcTicks);
            return false;
        }

        await Task.Delay(wait, _clock, cancellationToken);
        return true;
    }

    private Task LeaveAloneAsync(string document, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        long until = Volatile.Read(ref _notBefore);
        return _clock.GetUtcNow().UtcTicks >= until
            ? Task.CompletedTask
            : throw SourceException.Of(
                "COLLATERAL_SOURCE_THROTTLED", _source, document, $"asked to be left alone until {new DateTimeOffset(until, TimeSpan.Zero):yyyy-MM-dd'T'HH:mm:ss'Z'}");
    }

    private async Task<byte[]> ReadAsync(HttpContent content, string document, int maximum, CancellationToken cancellationToken)
    {
        if (content.Headers.ContentLength > maximum)
            throw TooLarge(document, maximum);
        // Length is what arrives, not what is announced.
        byte[] buffer = new byte[16 << 10];
        int length = 0;
        await using Stream stream = await content.ReadAsStreamAsync(cancellationToken);
        while (await stream.ReadAsync(buffer.AsMemory(length), cancellationToken) is var read and > 0)
        {
            length += read;
            if (length > maximum)
                throw TooLarge(document, maximum);
            if (length == buffer.Length)
                Array.Resize(ref buffer, (int)Math.Min(2L * buffer.Length, maximum + 1L));
        }

        if (content.Headers.ContentType is { MediaType: "text/html" })
            throw SourceException.Of("COLLATERAL_SOURCE_ANSWER", _source, document, "answered a web page", "Check the address: a proxy or portal may stand in between.");
        return buffer[..length];
    }

    private SourceException TooLarge(string document, int maximum) =>
        SourceException.Of("COLLATERAL_SOURCE_TOO_LARGE", _source, document, $"the answer has more than {maximum} bytes");

    private string Chain(HttpResponseMessage response, string document, IReadOnlyList<string> names)
    {
        if (names.Count == 0)
            return "";
        foreach (string name in names)
        {
            // Percent-encoded, not form-encoded: a plus sign is base64 and stays one.
            if (((HttpHeaders)response.Headers).TryGetValues(name, out IEnumerable<string>? values))
                return Uri.UnescapeDataString(string.Join(',', values));
        }

        throw SourceException.Of("COLLATERAL_SOURCE_ANSWER", _source, document, $"the answer has no header {names[0]}", "Check that the address is a PCS or PCCS of API version 4.");
    }
}
