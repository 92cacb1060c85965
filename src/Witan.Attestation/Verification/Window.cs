namespace Witan.Attestation;

/// <summary>The validity of one document, both ends included.</summary>
/// <param name="Document">Which document.</param>
/// <param name="From">First moment.</param>
/// <param name="To">Last moment.</param>
/// <param name="ExpiredCode">Finding code after it.</param>
/// <param name="NotYetCode">Finding code before it.</param>
public sealed record Window(string Document, DateTimeOffset From, DateTimeOffset To, string ExpiredCode, string NotYetCode)
{
    internal bool Contains(DateTimeOffset at) => at >= From && at <= To;

    /// <summary>The finding where a moment lies outside; null inside.</summary>
    internal (string Code, string Message)? Outside(DateTimeOffset at)
    {
        if (at > To)
            return (ExpiredCode, $"{Document} expired at {To:yyyy-MM-dd'T'HH:mm:ss'Z'}; judged at {at.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}");
        return at < From
            ? (NotYetCode, $"{Document} is valid from {From:yyyy-MM-dd'T'HH:mm:ss'Z'}; judged at {at.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}")
            : null;
    }
}
