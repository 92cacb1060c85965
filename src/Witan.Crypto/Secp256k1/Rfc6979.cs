using System.Security.Cryptography;

namespace Witan.Crypto;

/// <summary>
/// The deterministic nonces of RFC 6979 for a group of 256 bits, with HMAC-SHA256 whatever hash made the digest: that is what
/// the signers of this ecosystem do over Keccak digests.
/// </summary>
internal ref struct Rfc6979 : IDisposable
{
    private readonly Span<byte> _state;

    /// <summary>Section 3.2, steps b to g. <paramref name="state"/> is 64 bytes of the caller's stack; zeroed by Dispose.</summary>
    public Rfc6979(ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> reducedDigest, Span<byte> state)
    {
        _state = state;
        Key.Clear();
        Value.Fill(1);
        Update(0, privateKey, reducedDigest);
        Update(1, privateKey, reducedDigest);
    }

    private readonly Span<byte> Key => _state[..32];

    private readonly Span<byte> Value => _state[32..64];

    /// <summary>The next candidate, step h; the caller refuses one that is zero or not below the order and calls again.</summary>
    public readonly void Next(Span<byte> candidate)
    {
        HMACSHA256.HashData(Key, Value, Value);
        Value.CopyTo(candidate);
        // What a refused candidate is followed by; harmless where it is accepted, as the state is then thrown away.
        Update(0, default, default);
    }

    public readonly void Dispose() => CryptographicOperations.ZeroMemory(_state);

    private readonly void Update(byte separator, ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> digest)
    {
        Span<byte> message = stackalloc byte[33 + privateKey.Length + digest.Length];
        Value.CopyTo(message);
        message[32] = separator;
        privateKey.CopyTo(message[33..]);
        digest.CopyTo(message[(33 + privateKey.Length)..]);
        HMACSHA256.HashData(Key, message, Key);
        CryptographicOperations.ZeroMemory(message);
        HMACSHA256.HashData(Key, Value, Value);
    }
}
