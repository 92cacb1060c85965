using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Witan.Voting;

namespace Witan.Coordinator.Admission;

/// <summary>
/// Issues nonces that carry their own proof: 32 random bytes, the expiry, and a MAC under a key that follows from the coordinator's own, so that
/// all coordinators of one store know each other's. A million unfinished admissions cost no memory and a hash each; only used nonces are
/// remembered.
/// </summary>
internal sealed class NonceIssuer(byte[] seed, TimeProvider clock)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(60);

    private const int Size = 32 + 8 + HMACSHA256.HashSizeInBytes;
    private readonly byte[] _key = HMACSHA256.HashData(seed, Encoding.ASCII.GetBytes(DomainTags.Nonce));

    public (string Nonce, DateTimeOffset ExpiresAt) Issue()
    {
        byte[] bytes = new byte[Size];
        RandomNumberGenerator.Fill(bytes.AsSpan(0, 32));
        long expires = (clock.GetUtcNow() + Lifetime).ToUnixTimeMilliseconds();
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(32), expires);
        Mac(bytes).CopyTo(bytes, 40);
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
        if (expires < now || expires > now + (long)Lifetime.TotalMilliseconds || !CryptographicOperations.FixedTimeEquals(Mac(bytes), bytes.AsSpan(40)))
            return false;
        (identity, expiresAt) = (new Digest(bytes.AsSpan(0, 32)), DateTimeOffset.FromUnixTimeMilliseconds(expires));
        return true;
    }

    private byte[] Mac(byte[] bytes) => HMACSHA256.HashData(_key, new CanonicalWriter(DomainTags.Nonce).Text("admission").Bytes(bytes.AsSpan(0, 40)).Written);
}
