using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Witan.Dstack.Cloud;

/// <summary>
/// Sends one request to the API and reads its answer: headers, time limit, bounded body, errors as
/// <see cref="CloudApiException"/>. Repeats reads only.
/// </summary>
internal sealed class CloudTransport(HttpClient http, CloudApiKey key, PhalaCloudOptions options, TimeProvider clock)
{
    // The largest answer there is, an attestation with its event log, has a few hundred kilobytes.
    private const int MaximumAnswer = 8 << 20;

    public PhalaCloudOptions Options => options;

    /// <summary>Reads; sent again up to <paramref name="retries"/> times after a transient failure. Null where the answer is 404.</summary>
    public async Task<byte[]?> FindAsync(string path, string what, int retries, CancellationToken cancellationToken)
    {
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                return await SendAsync(HttpMethod.Get, path, null, what, cancellationToken);
            }
            catch (CloudApiException e) when (e.Status == HttpStatusCode.NotFound)
            {
                return null;
            }
            catch (CloudApiException e) when (e.IsTransient && e.Status != HttpStatusCode.InternalServerError && attempt < retries)
            {
                await Task.Delay(Pause(attempt, e.RetryAfter), clock, cancellationToken);
            }
        }
    }

    /// <summary>The object in an answer; null where there was no answer or no body.</summary>
    /// <exception cref="CloudApiException">The body is not what the API is known to send.</exception>
    public static T? Parse<T>(byte[]? answer, JsonTypeInfo<T> type, string what)
        where T : class
    {
        try
        {
            return answer is null or [] ? null : JsonSerializer.Deserialize(answer, type);
        }
        catch (JsonException e)
        {
            throw new CloudApiException($"{what}: the answer could not be read: {e.Message}", "the API may have changed; report it", null, null, e);
        }
    }

    /// <summary>Sends once, whatever happens.</summary>
    public async Task<byte[]> SendAsync(HttpMethod method, string path, HttpContent? body, string what, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.Timeout, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using HttpRequestMessage request = Request(method, path);
            request.Content = body;
            using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, both.Token);
            byte[] answer = await ReadAsync(response.Content, both.Token);
            return response.IsSuccessStatusCode
                ? answer
                : throw CloudErrors.Read(response.StatusCode, answer, RetryAfter(response), what);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CloudApiException($"{what}: no answer within {options.Timeout.TotalSeconds:0} s", "try again later", null, null);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new CloudApiException(
                $"{what}: {options.Address.Host} cannot be reached: {e.Message}", "check the network and PHALA_CLOUD_API_PREFIX", null, null, e);
        }
    }

    /// <summary>A request with the API's headers, for callers that read the answer themselves.</summary>
    public HttpRequestMessage Request(HttpMethod method, string path)
    {
        var request = new HttpRequestMessage(method, new Uri($"{options.Address.AbsoluteUri.TrimEnd('/')}/{path}"));
        request.Headers.Add("X-API-Key", key.Reveal());
        request.Headers.Add("X-Phala-Version", options.Version);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        return request;
    }

    public Task<HttpResponseMessage> OpenAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);

    private TimeSpan Pause(int attempt, TimeSpan? asked)
    {
        TimeSpan pause = asked ?? TimeSpan.FromSeconds(1 << Math.Min(attempt, 8));
        return pause < options.MaximumPause ? pause : options.MaximumPause;
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        RetryConditionHeaderValue? header = response.Headers.RetryAfter;
        TimeSpan? pause = header?.Delta ?? (header?.Date - clock.GetUtcNow());
        return pause is { } some && some < TimeSpan.Zero ? TimeSpan.Zero : pause;
    }

    private static async Task<byte[]> ReadAsync(HttpContent content, CancellationToken cancellationToken)
    {
        using Stream stream = await content.ReadAsStreamAsync(cancellationToken);
        using var buffer = new MemoryStream();
        byte[] chunk = new byte[16 * 1024];
        int read;
        while ((read = await stream.ReadAsync(chunk, cancellationToken)) > 0)
        {
            if (buffer.Length + read > MaximumAnswer)
                throw new IOException($"the answer is longer than {MaximumAnswer} bytes");
            buffer.Write(chunk, 0, read);
        }

        return buffer.ToArray();
    }
}
