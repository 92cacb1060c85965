using System.Security.Cryptography;
using Witan.Crypto;

namespace Witan.Voting;

/// <summary>
/// An agent's signature over one HTTP request: method, path with query, SHA-256 of the body, moment and a random value that
/// the server accepts once within <see cref="Tolerance"/>. Headers: <c>Witan-Agent</c>, <c>Witan-Time</c> (UTC milliseconds),
/// <c>Witan-Request</c> (the random value) and <c>Witan-Signature</c>, bytes in lower-case hexadecimal.
/// </summary>
/// <param name="Agent">Id of the agent.</param>
/// <param name="At">When it was signed.</param>
/// <param name="Once">32 random bytes.</param>
/// <param name="Signature">The agent's Ed25519 signature, 64 bytes.</param>
public sealed record RequestSignature(Digest Agent, DateTimeOffset At, Digest Once, byte[] Signature)
{
    /// <summary>How far the clocks of agent and server may differ.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(60);

    /// <summary>Signs a request. <paramref name="once"/> has 32 random bytes.</summary>
    public static RequestSignature Sign(
        Digest agent, string method, string path, ReadOnlySpan<byte> body, DateTimeOffset now, ReadOnlySpan<byte> once, ReadOnlySpan<byte> signingSeed)
    {
        DateTimeOffset exact = DateTimeOffset.FromUnixTimeMilliseconds(now.ToUnixTimeMilliseconds());
        var unsigned = new RequestSignature(agent, exact, new Digest(once), []);
        return unsigned with { Signature = Ed25519.Sign(signingSeed, unsigned.SignedBytes(method, path, body)) };
    }

    /// <summary>What speaks against it; null where nothing does. Whether it came before is for the server's memory to say.</summary>
    public Refusal? Check(Digest signingKey, string method, string path, ReadOnlySpan<byte> body, DateTimeOffset now)
    {
        if (now - At > Tolerance || At - now > Tolerance)
            return new Refusal(RefusalCode.Late, "the request was signed too long ago, or the clocks differ by more than a minute");
        return Ed25519.Verify(signingKey.Bytes, SignedBytes(method, path, body), Signature)
            ? null
            : new Refusal(RefusalCode.SignatureInvalid, "the request is not signed by this agent");
    }

    private byte[] SignedBytes(string method, string path, ReadOnlySpan<byte> body) => new CanonicalWriter(DomainTags.Request)
        .Bytes(Agent.Bytes).Text(method).Text(path).Bytes(SHA256.HashData(body)).Time(At).Bytes(Once.Bytes).ToBytes();
}
