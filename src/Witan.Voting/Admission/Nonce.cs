using Witan.Crypto;

namespace Witan.Voting;

/// <summary>
/// A server's nonce in a signed envelope: the server keeps nothing until it is used, so a million unfinished admissions cost
/// no memory. It is used once, by success, rejection and "could not decide" alike; the store of used nonces is the server's.
/// </summary>
/// <param name="Value">32 random bytes.</param>
/// <param name="Audience">Who asks: id of the coordinator or trustee.</param>
/// <param name="Purpose">What it may be used for.</param>
/// <param name="IssuedAt">When it was made.</param>
/// <param name="ExpiresAt">At most <see cref="Lifetime"/> later.</param>
/// <param name="Signature">The server's Ed25519 signature, 64 bytes.</param>
public sealed record Nonce(
    Digest Value, string Audience, NoncePurpose Purpose, DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt, byte[] Signature)
{
    /// <summary>How long a nonce lives at most: 60 s.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(60);

    /// <summary>Makes a nonce. <paramref name="random"/> has 32 random bytes; <paramref name="signingSeed"/> is the server's.</summary>
    public static Nonce Issue(
        ReadOnlySpan<byte> random, string audience, NoncePurpose purpose, DateTimeOffset now, ReadOnlySpan<byte> signingSeed)
    {
        DateTimeOffset exact = DateTimeOffset.FromUnixTimeMilliseconds(now.ToUnixTimeMilliseconds());
        var unsigned = new Nonce(new Digest(random), audience, purpose, exact, exact + Lifetime, []);
        return unsigned with { Signature = Ed25519.Sign(signingSeed, unsigned.SignedBytes()) };
    }

    /// <summary>
    /// What speaks against using it now; null where nothing does. Whether it was used before is for the store of used nonces
    /// to say, atomically and before anything is granted.
    /// </summary>
    public Refusal? Check(Digest server, string audience, NoncePurpose purpose, DateTimeOffset now)
    {
        if (!Ed25519.Verify(server.Bytes, SignedBytes(), Signature))
            return new Refusal(RefusalCode.SignatureInvalid, "the nonce was not issued by this server");
        if (Audience != audience || Purpose != purpose)
            return new Refusal(RefusalCode.WrongContext, "the nonce was issued for another audience or purpose");
        bool alive = ExpiresAt - IssuedAt <= Lifetime && now >= IssuedAt && now < ExpiresAt;
        return alive ? null : new Refusal(RefusalCode.Late, "the nonce has expired: ask for a new one");
    }

    private byte[] SignedBytes() => new CanonicalWriter(DomainTags.Nonce)
        .Bytes(Value.Bytes).Text(Audience).Text(Purpose.ToString()).Time(IssuedAt).Time(ExpiresAt).ToBytes();
}
