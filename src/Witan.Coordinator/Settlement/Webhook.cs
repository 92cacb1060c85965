using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using Witan.Agent;
using Witan.Voting;

namespace Witan.Coordinator.Settlement;

/// <summary>
/// Posts a signed <see cref="SettlementNotice"/> to one address until it answers 2xx. Only the operator names the address, never a
/// requester. Redirects are not followed: the name that ballots are bound to is the one that is called.
/// </summary>
internal sealed class Webhook : ISettlementTarget, IDisposable
{
    private static readonly TimeSpan AttemptTime = TimeSpan.FromSeconds(15);
    private const int AnswerLimit = 64 * 1024;
    private readonly Uri _address;
    private readonly byte[] _signingSeed;
    private readonly HttpClient _http;

    private Webhook(Uri address, ReadOnlySpan<byte> signingSeed)
    {
        _address = address;
        _signingSeed = signingSeed.ToArray();
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = AttemptTime })
        {
            Timeout = AttemptTime,
            MaxResponseContentBufferSize = AnswerLimit,
        };
        Name = $"webhook {address.GetLeftPart(UriPartial.Path)}";
    }

    /// <inheritdoc />
    public string Name { get; }

    /// <summary>
    /// A target for an address: https, or http on loopback. Throws <see cref="SettingException"/> for anything else, and for an address
    /// with a user, a query or a fragment: the name is public.
    /// </summary>
    public static Webhook Create(string address, ReadOnlySpan<byte> signingSeed)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("https" or "http"))
            throw new SettingException($"the settlement webhook {address} is no http address", "https://HOST/PATH");
        if (uri.Scheme == "http" && !uri.IsLoopback)
            throw new SettingException("a settlement webhook beyond this machine needs https", "https://HOST/PATH");
        if (uri.UserInfo.Length > 0 || uri.Query.Length > 0 || uri.Fragment.Length > 0)
            throw new SettingException("a settlement webhook has no user, query or fragment: its name is part of the public record", "https://HOST/PATH");
        return new Webhook(uri, signingSeed);
    }

    /// <inheritdoc />
    public async Task<string> SettleAsync(RecordState decided, CancellationToken cancellationToken)
    {
        SettlementNotice notice = SettlementNotice.Of(decided, _signingSeed);
        using var request = new HttpRequestMessage(HttpMethod.Post, _address);
        request.Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(notice, WireJson.Default.SettlementNotice));
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("Idempotency-Key", notice.Proposal.ToString());
        try
        {
            using HttpResponseMessage answer = await _http.SendAsync(request, cancellationToken);
            byte[] body = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
            // A 202 says "later"; what it leads to is asked for again.
            if (answer.IsSuccessStatusCode && answer.StatusCode != HttpStatusCode.Accepted)
                return $"{(int)answer.StatusCode} sha256:{Convert.ToHexStringLower(SHA256.HashData(body))}";
            throw new SettlementException(
                $"the settlement webhook answered {(int)answer.StatusCode}{Advice(answer.StatusCode)}", answer.Headers.RetryAfter?.Delta);
        }
        catch (HttpRequestException e)
        {
            throw new SettlementException($"the settlement webhook was not reached: {e.Message}", inner: e);
        }
        catch (TaskCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SettlementException($"the settlement webhook did not answer within {AttemptTime.TotalSeconds:0} s", inner: e);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_signingSeed);
        _http.Dispose();
    }

    private static string Advice(HttpStatusCode status) => (int)status switch
    {
        202 => ": it has not settled yet",
        >= 300 and < 400 => ": redirects are not followed; set the final address",
        401 or 403 => ": it does not know this coordinator's key yet",
        404 => ": is the path right?",
        409 => ": it holds another decision for this proposal; compare the records",
        _ => "",
    };
}
