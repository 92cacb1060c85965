using System.Globalization;
using System.Security.Cryptography;
using Witan.Crypto;

namespace Witan.Voting;

/// <summary>
/// An agent's signature over one HTTP request: method, path with query, time and body. The key is the one its evidence bound.
/// </summary>
public static class SignedRequest
{
    /// <summary>Header with the agent's id.</summary>
    public const string AgentHeader = "Witan-Agent";

    /// <summary>Header with the time in UTC milliseconds.</summary>
    public const string TimeHeader = "Witan-Time";

    /// <summary>Header with the signature in hexadecimal.</summary>
    public const string SignatureHeader = "Witan-Signature";

    /// <summary>How far the time may be from the server's.</summary>
    public static TimeSpan Tolerance { get; } = TimeSpan.FromSeconds(60);

    /// <summary>Signs; returns the value of <see cref="SignatureHeader"/>.</summary>
    public static string Sign(ReadOnlySpan<byte> seed, string method, string path, long time, ReadOnlySpan<byte> body) =>
        Convert.ToHexStringLower(Ed25519.Sign(seed, Bytes(method, path, time, body)));

    /// <summary>Whether the headers are those of the key's owner, and recent.</summary>
    public static bool Verify(
        Digest key, string method, string path, string? time, string? signature, ReadOnlySpan<byte> body, DateTimeOffset now)
    {
        if (!long.TryParse(time, NumberStyles.None, CultureInfo.InvariantCulture, out long at)
            || !HexConverter.TryParse(signature, Ed25519.SignatureSize, out byte[]? bytes)
            || Math.Abs(now.ToUnixTimeMilliseconds() - at) > Tolerance.TotalMilliseconds)
        {
            return false;
        }

        return Ed25519.Verify(key.Bytes, Bytes(method, path, at, body), bytes);
    }

    private static byte[] Bytes(string method, string path, long time, ReadOnlySpan<byte> body) =>
        new CanonicalWriter(DomainTags.Request).Text(method).Text(path).Number(time).Bytes(SHA256.HashData(body)).ToBytes();
}
