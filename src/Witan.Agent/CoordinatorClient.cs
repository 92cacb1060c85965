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
/// that cannot be reached, or whose answer is not as specified (<see cref="HttpRequestError.InvalidResponse"/>), is an
/// <see cref="HttpRequestException"/>; one that refuses is a <see cref="CoordinatorException"/>.
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
        await ThrowIfRefusedAsync(response, cancellationToken);
        byte[] bytes = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        return bytes.AsSpan().Trim(" \t\r\n"u8).SequenceEqual("null"u8) ? null : Read(bytes, type);
    }

    /// <summary>Gets the policy in force, which is a policy file: what is missing in it has its default.</summary>
    public async Task<CouncilPolicy> GetPolicyAsync(CancellationToken cancellationToken) =>
        CouncilPolicyFile.TryRead(await GetBytesAsync("v1/policy", cancellationToken), out CouncilPolicy? policy, out string? problem) && (problem = policy.Problem()) is null
            ? policy
            : throw Unspecified(problem);

    /// <summary>Posts a value and reads the answer.</summary>
    public async Task<TAnswer> PostAsync<TBody, TAnswer>(
        string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<TAnswer> answerType, CancellationToken cancellationToken)
        where TAnswer : class
    {
        byte[] bytes = SizeBuckets.Pad(JsonSerializer.SerializeToUtf8Bytes(body, bodyType));
        using HttpResponseMessage response = await SendAsync(HttpMethod.Post, path, bytes, cancellationToken);
        await ThrowIfRefusedAsync(response, cancellationToken);
        return Read(await response.Content.ReadAsByteArrayAsync(cancellationToken), answerType);
    }

    /// <summary>
    /// Posts a ballot, with commitments beside it or without. A signed refusal comes with an error status and is still the answer; a problem has a
    /// type of its own.
    /// </summary>
    public async Task<CastAnswer> CastAsync<TBallot>(Digest proposal, TBallot ballot, JsonTypeInfo<TBallot> type, CancellationToken cancellationToken)
    {
        byte[] bytes = SizeBuckets.Pad(JsonSerializer.SerializeToUtf8Bytes(ballot, type));
        using HttpResponseMessage response = await SendAsync(HttpMethod.Post, $"v1/proposals/{proposal}/ballots", bytes, cancellationToken);
        if (response.Content.Headers.ContentType?.MediaType != "application/json")
            await ThrowIfRefusedAsync(response, cancellationToken);
        return Read(await response.Content.ReadAsByteArrayAsync(cancellationToken), WireJson.Default.CastAnswer);
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

    private static T Read<T>(byte[] answer, JsonTypeInfo<T> type)
        where T : class => StrictJson.TryRead(answer, type, out T? value, out string? problem) ? value : throw Unspecified(problem);

    private static HttpRequestException Unspecified(string? problem) =>
        new(HttpRequestError.InvalidResponse, $"the coordinator's answer is not as specified: {problem}");

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
