using System.Buffers.Binary;
using System.Security.Cryptography;
using Witan.Crypto;
using Witan.Voting;

namespace Witan.Coordinator.Admission;

/// <summary>
/// Issues nonces that carry their own proof: 32 random bytes, the expiry, and the coordinator's signature. A million unfinished
/// admissions cost no memory; only used nonces are remembered.
/// </summary>
internal sealed class NonceIssuer(byte[] seed, Digest key, TimeProvider clock)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(60);

    private const int Size = 32 + 8 + Ed25519.SignatureSize;

    public (string Nonce, DateTimeOffset ExpiresAt) Issue()
    {
        byte[] bytes = new byte[Size];
        RandomNumberGenerator.Fill(bytes.AsSpan(0, 32));
        long expires = (clock.GetUtcNow() + Lifetime).ToUnixTimeMilliseconds();
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(32), expires);
        Ed25519.Sign(seed, Statement(bytes)).CopyTo(bytes, 40);
        return (Convert.ToHexStringLower(bytes), DateTimeOffset.FromUnixTimeMilliseconds(expires));
    }

    /// <summary>Whether a nonce is ours and still valid; gives its identity and expiry.</summary>
    public bool TryCheck(string text, out Digest identity, out DateTimeOffset expiresAt)
    {
        (identity, expiresAt) = (Digest.Zero, default);
        if (text.Length != Size * 2 || !text.All(digit => char.IsAsciiHexDigitLower(digit)))
            return false;
        byte[] bytes = Convert.FromHexString(text);
        long expires = BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(32));
        long now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        if (expires < now || expires > now + (long)Lifetime.TotalMilliseconds || !Ed25519.Verify(key.Bytes, Statement(bytes), bytes.AsSpan(40)))
            return false;
        (identity, expiresAt) = (new Digest(bytes.AsSpan(0, 32)), DateTimeOffset.FromUnixTimeMilliseconds(expires));
        return true;
    }

    private static byte[] Statement(byte[] bytes) => new CanonicalWriter(DomainTags.Nonce).Text("admission").Bytes(bytes.AsSpan(0, 40)).ToBytes();
}
