using System.Net;

namespace Witan.Dstack.CollateralService;

/// <summary>Says what a status means here, in a server's own words where it has any.</summary>
internal static class SourceStatus
{
    public static SourceException Explain(CollateralSource source, string document, HttpResponseMessage response)
    {
        int status = (int)response.StatusCode;
        (string code, string meaning, string? remedy) = response.StatusCode switch
        {
            HttpStatusCode.NotFound => ("COLLATERAL_SOURCE_NOT_FOUND", "it knows no such platform family or evaluation number", "Check FMSPC, CA and TEE; a client platform may have no TDX collateral."),
            HttpStatusCode.Gone => ("COLLATERAL_SOURCE_GONE", "the evaluation number is served no more", "Ask for a newer number, or for the standard set."),
            HttpStatusCode.TooManyRequests => ("COLLATERAL_SOURCE_THROTTLED", "it was asked too often", "Wait, or put a PCCS in between."),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => ("COLLATERAL_SOURCE_STATUS", "it wants a key", "Give the subscription key of this server."),
            HttpStatusCode.BadRequest => ("COLLATERAL_SOURCE_STATUS", "it refuses the parameters", "Check that the server is of API version 4."),
            >= HttpStatusCode.Ambiguous and < HttpStatusCode.BadRequest => ("COLLATERAL_SOURCE_REDIRECTED", $"it points elsewhere ({Clean(response.Headers.Location?.OriginalString) ?? "nowhere"}), and redirects are not followed", "Name the final address as the source."),
            _ => ("COLLATERAL_SOURCE_STATUS", "it could not answer", null),
        };
        string? words = Header(response, "Error-Message") ?? Header(response, "Error-Code");
        string? wait = response.Headers.RetryAfter?.ToString();
        return SourceException.Of(
            code,
            source,
            document,
            $"HTTP {status}: {meaning}{(words is null ? "" : $" (\"{words}\")")}{(wait is null ? "" : $"; Retry-After {Clean(wait)}")}",
            remedy,
            Header(response, "Request-ID") is { } id ? $"Request-ID {id}" : null);
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? Clean(values.FirstOrDefault()) : null;

    // Ends in logs and on terminals.
    private static string? Clean(string? text) =>
        string.IsNullOrWhiteSpace(text) ? null : new string([.. text.Take(200).Select(c => char.IsControl(c) ? ' ' : c)]);
}
