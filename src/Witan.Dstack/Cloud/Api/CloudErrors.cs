using System.Net;
using System.Text;
using System.Text.Json;

namespace Witan.Dstack.Cloud;

/// <summary>Turns an error answer, in any of the shapes the API uses, into a sentence and a remedy.</summary>
internal static class CloudErrors
{
    private const int MaximumMessage = 600;

    /// <summary>Reads an answer. Never throws: a body that is no JSON is quoted shortly.</summary>
    public static CloudApiException Read(HttpStatusCode status, ReadOnlySpan<byte> body, TimeSpan? retryAfter, string what)
    {
        (string? code, string? message, string? suggestion) = Parse(body);
        (string? known, string? remedy) = Known(status, code);
        var text = new StringBuilder($"{what}: ");
        text.Append(known ?? Status(status));
        if (message is not null)
            text.Append(": ").Append(Shorten(message));
        if (code is not null)
            text.Append($" [{code}]");
        return new CloudApiException(text.ToString(), remedy ?? suggestion ?? Otherwise(status), status, code) { RetryAfter = retryAfter };
    }

    // Status 465 to 468 are the platform's own: the compose hash and the chain.
    private static string Status(HttpStatusCode status) => (int)status switch
    {
        400 => "the request was refused",
        401 or 403 => "the API key is not accepted",
        404 => "there is no such thing",
        409 => "it collides with something that is there, or another operation is under way",
        422 => "a field was not accepted",
        429 => "too many requests",
        465 => "the compose hash must be registered on chain first",
        466 => "the prepared change has expired",
        467 => "the transaction given is not the one needed",
        468 => "the compose hash is not allowed on chain",
        >= 500 => $"the service failed (HTTP {(int)status})",
        _ => $"HTTP {(int)status}",
    };

    private static (string? Message, string? Remedy) Known(HttpStatusCode status, string? code)
    {
        (string?, string?) byCode = code switch
        {
            "ERR-01-004" => ("a CVM of this name exists already", "deploy again with the same name to update it, or choose another name"),
            "ERR-03-007" => ("this app id is in use by another CVM", "look at it with: witan cvms list"),
            "ERR-04-001" => ("the account's balance is too low", "add funds to the workspace, then deploy again: it goes on where it stopped"),
            "ERR-04-002" => ("the workspace has its maximum number of CVMs", "delete one (witan cvms list, witan cvms delete NAME), or ask for a higher tier"),
            _ when code?.StartsWith("ERR-01-", StringComparison.Ordinal) == true => ("the deployment was refused before it began", "correct what it names, then deploy again"),
            _ when code?.StartsWith("ERR-02-", StringComparison.Ordinal) == true => ("no machine, image or quota fits the request", "choose another --instance-type or --region, or try later"),
            _ when code?.StartsWith("ERR-03-", StringComparison.Ordinal) == true => ("the CVM does not allow this now", "look at its state with: witan cvms status NAME"),
            _ when code?.StartsWith("ERR-05-", StringComparison.Ordinal) == true => ("the API key is not accepted", "make a new key in the dashboard and set PHALA_CLOUD_API_KEY or --api-key-file"),
            _ => (null, null),
        };
        if (byCode.Item1 is not null)
            return byCode;
        return (null, (int)status switch
        {
            401 or 403 => "set PHALA_CLOUD_API_KEY or --api-key-file to a key of the right workspace",
            404 => "look up names and ids with: witan cvms list",
            409 => "wait until the operation under way has ended (witan cvms status NAME), then try again",
            429 => "wait a little, then try again",
            465 or 467 or 468 => "register the compose hash with the app's contract, then deploy again",
            466 => "deploy again from the start",
            >= 500 => "try again later; nothing was repeated that could have been done twice",
            _ => null,
        });
    }

    // Where neither the code nor the service itself says what to do.
    private static string Otherwise(HttpStatusCode status) => (int)status switch
    {
        400 or 422 => "correct what it names, then run the same command again",
        >= 300 and < 400 => "give the API's final address with --api or PHALA_CLOUD_API_PREFIX: redirects are not followed, they would carry the key elsewhere",
        _ => "the API may have changed; look at the CVM with witan cvms status NAME, and report it",
    };

    private static (string? Code, string? Message, string? Suggestion) Parse(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = 16 });
            using JsonDocument json = JsonDocument.ParseValue(ref reader);
            JsonElement root = json.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
                return (null, null, null);
            if (!root.TryGetProperty("detail", out JsonElement detail))
                detail = root;
            return detail.ValueKind switch
            {
                JsonValueKind.String => (null, detail.GetString(), null),
                JsonValueKind.Array => (null, string.Join("; ", detail.EnumerateArray().Select(Validation)), null),
                JsonValueKind.Object => Structured(detail),
                _ => (null, null, null),
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            string text = Encoding.UTF8.GetString(body[..Math.Min(body.Length, 200)]);
            return (null, string.IsNullOrWhiteSpace(text) || text.TrimStart().StartsWith('<') ? null : text, null);
        }
    }

    private static (string?, string?, string?) Structured(JsonElement detail)
    {
        string? message = Text(detail, "message");
        if (detail.TryGetProperty("details", out JsonElement fields) && fields.ValueKind == JsonValueKind.Array)
        {
            // The value of a field is left out: it may be one that was sent to be kept secret.
            string list = string.Join("; ", fields.EnumerateArray().Where(field => field.ValueKind == JsonValueKind.Object)
                .Select(field => $"{Text(field, "field")}: {Text(field, "message")}"));
            message = list.Length == 0 ? message : $"{message} ({list})";
        }

        string? suggestion = detail.TryGetProperty("suggestions", out JsonElement suggestions) && suggestions.ValueKind == JsonValueKind.Array
            ? string.Join("; ", suggestions.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()))
            : null;
        return (Text(detail, "error_code"), message, string.IsNullOrEmpty(suggestion) ? null : Shorten(suggestion));
    }

    private static string Validation(JsonElement item)
    {
        if (item.ValueKind != JsonValueKind.Object)
            return "a field";
        string place = item.TryGetProperty("loc", out JsonElement loc) && loc.ValueKind == JsonValueKind.Array
            ? string.Join('.', loc.EnumerateArray().Select(part => part.ToString()).Where(part => part != "body"))
            : "a field";
        return $"{place}: {Text(item, "msg")}";
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string Shorten(string text)
    {
        string line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        string printable = string.Concat(line.Where(c => !char.IsControl(c)));
        return printable.Length <= MaximumMessage ? printable : printable[..MaximumMessage] + "…";
    }
}
