using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Witan.Dstack.Cloud;

/// <summary>
/// Reads the last lines of a CVM's logs. The address comes from the platform with a token in it; the API key is never sent
/// there, and the address is never shown.
/// </summary>
public sealed class CvmLog(PhalaCloudClient cloud)
{
    private const int MaximumBytes = 1 << 20;

    /// <summary>The last lines of all containers, or of the machine's own log where no container runs yet.</summary>
    /// <param name="id">Name or id of the CVM.</param>
    /// <param name="lines">At most so many lines a log, 1 to 1,000.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="CloudApiException">The CVM or its log cannot be reached.</exception>
    public async Task<IReadOnlyList<string>> TailAsync(string id, int lines, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(lines, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lines, 1000);
        var result = new List<string>();
        foreach (CvmContainer container in await cloud.GetContainersAsync(id, cancellationToken))
        {
            if (container.LogEndpoint is null)
                continue;
            string name = (container.Names is [var first, ..] ? first : null)?.TrimStart('/') ?? "container";
            IEnumerable<string> tail = await ReadAsync(container.LogEndpoint, lines, cancellationToken);
            result.AddRange(tail.Select(line => $"{name} | {line}"));
        }

        if (result.Count == 0 && (await cloud.FindAsync(id, cancellationToken))?.SyslogEndpoint is { } syslog)
            result.AddRange(await ReadAsync(syslog + (syslog.Contains('?', StringComparison.Ordinal) ? "&" : "?") + "ch=serial", lines, cancellationToken));
        return result;
    }

    private async Task<IEnumerable<string>> ReadAsync(string address, int lines, CancellationToken cancellationToken)
    {
        string separator = address.Contains('?', StringComparison.Ordinal) ? "&" : "?";
        // A path alone is an absolute address too (file:), and no log.
        if (!Uri.TryCreate($"{address}{separator}tail={lines}&ansi=false", UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("https" or "http"))
            throw new CloudApiException("the platform gave no usable log address", "look at the log in the platform's dashboard", null, null);
        try
        {
            using HttpResponseMessage response = await cloud.Http.GetAsync(uri, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (!response.IsSuccessStatusCode)
                throw new CloudApiException($"the log answers HTTP {(int)response.StatusCode}", "public_logs may be off for this CVM", response.StatusCode, null);
            using Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken);
            byte[] buffer = ArrayPool<byte>.Shared.Rent(MaximumBytes);
            try
            {
                int read = await stream.ReadAtLeastAsync(buffer, MaximumBytes, throwOnEndOfStream: false, cancellationToken);
                return [.. Encoding.UTF8.GetString(buffer, 0, read).Split('\n').Select(Line).Where(line => line.Length > 0).TakeLast(lines)];
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new CloudApiException("the log cannot be reached", "the machine may not be up yet", null, null, e);
        }
    }

    // A line is plain text, or {"channel","message"} with the message in base64 in some versions.
    internal static string Line(string raw)
    {
        string line = raw.TrimEnd('\r');
        if (line is ['{', ..])
        {
            try
            {
                using JsonDocument json = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 8 });
                if (json.RootElement.TryGetProperty("message", out JsonElement message) && message.ValueKind == JsonValueKind.String)
                    line = Decode(message.GetString()!);
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                // A line of the app's own that begins with a brace: shown as it is.
            }
        }

        // Control characters of a log must not reach the terminal.
        return string.Concat(line.TrimEnd().Where(c => !char.IsControl(c) || c == '\t'));
    }

    private static string Decode(string message)
    {
        byte[] bytes = new byte[message.Length];
        if (message.Length < 8 || message.Length % 4 != 0 || !Convert.TryFromBase64String(message, bytes, out int length))
            return message;
        string text = Encoding.UTF8.GetString(bytes, 0, length);
        return text.Contains('\ufffd', StringComparison.Ordinal) || text.Any(c => char.IsControl(c) && c is not ('\n' or '\r' or '\t' or '\e')) ? message : text;
    }
}
