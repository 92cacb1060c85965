using System.Net;

namespace Witan.Dstack.Cloud;

/// <summary>
/// The Phala Cloud API refused a request or could not be reached. The message is a sentence, <see cref="Remedy"/> says what to do.
/// </summary>
public sealed class CloudApiException : Exception
{
    internal CloudApiException(string message, string? remedy, HttpStatusCode? status, string? code, Exception? inner = null)
        : base(message, inner)
    {
        Remedy = remedy;
        Status = status;
        Code = code;
    }

    /// <summary>What to do about it, one sentence; null where nothing is known.</summary>
    public string? Remedy { get; }

    /// <summary>The HTTP status, or null where there was no answer.</summary>
    public HttpStatusCode? Status { get; }

    /// <summary>The service's own code such as <c>ERR-01-004</c>, or null.</summary>
    public string? Code { get; }

    /// <summary>How long the service asks to wait, or null.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>May be different a little later: no answer, 408, 429 or any 5xx.</summary>
    public bool IsTransient =>
        Status is null or HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests || (int)Status.Value >= 500;
}
