using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Witan.Voting;

namespace Witan.Agent;

/// <summary>The coordinator refused, with its stable code.</summary>
public sealed class CoordinatorException(HttpStatusCode status, string code, string message) : Exception(message)
{
    /// <summary>HTTP status.</summary>
    public HttpStatusCode Status { get; } = status;

    /// <summary>Stable code of the problem.</summary>
    public string Code { get; } = code;

    /// <summary>How long the coordinator wants to be left alone; null where it does not say.</summary>
    public TimeSpan? RetryAfter { get; init; }
}

/// <summary>
/// Speaks to a coordinator: outbound only, every request of an agent signed by the key that its evidence bound. A coordinator
/// that cannot be reached is an <see cref="HttpRequestException"/>; one that refuses is a <see cref="CoordinatorException"/>.
/// </summary>
public sealed class CoordinatorClient(HttpClient http, AgentSecrets? secrets, TimeProvider clock)
{
    /// <summary>Gets a value; null for 204, 404 and a JSON null.</summary>
    public async Task<T?> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        using HttpResponseMessage response = await SendAsync(HttpMethod.Get, path, [], cancellationToken);
        if (response.StatusCode is HttpStatusCode.NoContent or HttpStatusCode.NotFound)
            return null;
        return await ReadOptionalAsync(response, type, cancellationToken);
    }

    /// <summary>Posts a value and reads the answer.</summary>
    public async Task<TAnswer> PostAsync<TBody, TAnswer>(
        string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<TAnswer> answerType, CancellationToken cancellationToken)
    {
        byte[] bytes = SizeBuckets.Pad(JsonSerializer.SerializeToUtf8Bytes(body, bodyType));
        using HttpResponseMessage response = await SendAsync(HttpMethod.Post, path, bytes, cancellationToken);
        return await ReadAsync(response, answerType, cancellationToken);
    }

    /// <summary>Posts a value; the answer is only that it was taken.</summary>
    public async Task PostAsync<TBody>(string path, TBody body, JsonTypeInfo<TBody> bodyType, CancellationToken cancellationToken)
    {
        byte[] bytes = SizeBuckets.Pad(JsonSerializer.SerializeToUtf8Bytes(body, bodyType));
        using HttpResponseMessage response = await SendAsync(HttpMethod.Post, path, bytes, cancellationToken);
        await ThrowIfRefusedAsync(response, cancellationToken);
    }

    /// <summary>Gets raw bytes.</summary>
    public async Task<byte[]> GetBytesAsync(string path, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await SendAsync(HttpMethod.Get, path, [], cancellationToken);
        await ThrowIfRefusedAsync(response, cancellationToken);
        return await response.Content.ReadAsByteArrayAsync(cancellationToken);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, byte[] body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (method != HttpMethod.Get)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        if (secrets is not null)
        {
            long time = clock.GetUtcNow().ToUnixTimeMilliseconds();
            request.Headers.Add(SignedRequest.AgentHeader, secrets.Keys.AgentId.ToString());
            request.Headers.Add(SignedRequest.TimeHeader, time.ToString(System.Globalization.CultureInfo.InvariantCulture));
            request.Headers.Add(SignedRequest.SignatureHeader, SignedRequest.Sign(secrets.SigningSeed, method.Method, "/" + path, time, body));
        }

        return await http.SendAsync(request, cancellationToken);
    }

    private static async Task<T> ReadAsync<T>(HttpResponseMessage response, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        await ReadOptionalAsync(response, type, cancellationToken)
            ?? throw new HttpRequestException("the coordinator's answer is not as specified: null");

    private static async Task<T?> ReadOptionalAsync<T>(HttpResponseMessage response, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        // A signed refusal of a ballot comes with an error status and is still the answer; a problem has a type of its own.
        if (response.Content.Headers.ContentType?.MediaType != "application/json")
            await ThrowIfRefusedAsync(response, cancellationToken);
        byte[] bytes = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        try
        {
            return JsonSerializer.Deserialize(bytes, type);
        }
        catch (JsonException e)
        {
            throw new HttpRequestException($"the coordinator's answer is not as specified: {e.Message}", e);
        }
    }

    private static async Task ThrowIfRefusedAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.IsSuccessStatusCode)
            return;
        byte[] bytes = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        try
        {
            if (JsonSerializer.Deserialize(bytes, WireJson.Default.Problem) is { } problem)
                throw new CoordinatorException(response.StatusCode, problem.Code, problem.Title) { RetryAfter = response.Headers.RetryAfter?.Delta };
        }
        catch (JsonException)
        {
            // Not our problem+json: a proxy's page, perhaps. The status says enough.
        }

        throw new CoordinatorException(response.StatusCode, "HTTP", $"the coordinator answered {(int)response.StatusCode}") { RetryAfter = response.Headers.RetryAfter?.Delta };
    }
}
