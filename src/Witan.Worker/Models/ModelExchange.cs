using System.Security.Cryptography;

namespace Witan.Worker.Models;

/// <summary>
/// One call as it went over the wire: the exact bytes, because a provider's signature covers bytes and not meaning. Private
/// to the worker: only the hashes leave it, inside the sealed envelope.
/// </summary>
/// <param name="Request">The body as it was sent.</param>
/// <param name="Response">The body as it was received, of a stream with its trailing newlines.</param>
public sealed record ModelExchange(ReadOnlyMemory<byte> Request, ReadOnlyMemory<byte> Response)
{
    /// <summary>The completion's id, by which the provider finds its signature. Null where it gave none.</summary>
    public string? CompletionId { get; init; }

    /// <summary>SHA-256 of the request.</summary>
    public byte[] RequestHash() => SHA256.HashData(Request.Span);

    /// <summary>SHA-256 of the response.</summary>
    public byte[] ResponseHash() => SHA256.HashData(Response.Span);
}
