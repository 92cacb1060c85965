using System.Net;
using System.Security.Authentication;

namespace Witan.Dstack.Cloud;

/// <summary>Asks whether an endpoint answers at all.</summary>
public interface IEndpointProbe
{
    /// <summary>Null where it answers with success; else one sentence that says what it does in place of that.</summary>
    Task<string?> ProbeAsync(Uri endpoint, CancellationToken cancellationToken);
}

/// <summary>One GET; any 2xx answer counts.</summary>
public sealed class HttpEndpointProbe(HttpClient http) : IEndpointProbe
{
    /// <inheritdoc />
    public async Task<string?> ProbeAsync(Uri endpoint, CancellationToken cancellationToken)
    {
        try
        {
            using HttpResponseMessage response = await http.GetAsync(endpoint, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            return response.IsSuccessStatusCode ? null : response.StatusCode switch
            {
                HttpStatusCode.NotFound or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable =>
                    $"the gateway answers HTTP {(int)response.StatusCode}: the app is not up yet",
                _ => $"the endpoint answers HTTP {(int)response.StatusCode}",
            };
        }
        catch (HttpRequestException e)
        {
            // Of a handshake that failed the inner exception says why.
            return $"the endpoint does not answer: {(e.InnerException is AuthenticationException reason ? reason.Message : e.Message)}";
        }
    }
}
