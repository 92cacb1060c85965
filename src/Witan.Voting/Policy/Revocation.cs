using System.Text.Json.Serialization;
using Witan.Crypto;

namespace Witan.Voting;

/// <summary>What is not trusted any more.</summary>
[JsonConverter(typeof(NamedConverter<RevocationKind>))]
public enum RevocationKind
{
    /// <summary>A measurement: MRTD or MRENCLAVE.</summary>
    Measurement,

    /// <summary>A compose hash.</summary>
    Compose,

    /// <summary>A platform: SHA-256 of its PPID.</summary>
    Platform,

    /// <summary>An agent: its <c>did:key</c>.</summary>
    Agent,
}

/// <summary>
/// A requester's order that something is not trusted any more. It takes effect at once for whoever joins, and for running proposals as
/// the policy says. There is no order that takes it back: what is trusted again gets a new policy.
/// </summary>
/// <param name="Kind">What it is.</param>
/// <param name="Value">Lower-case hexadecimal of 32 or 48 bytes, or a <c>did:key</c>.</param>
/// <param name="Reason">For people, at most 200 characters.</param>
/// <param name="At">When it was ordered.</param>
/// <param name="Requester">Ed25519 key of the requester.</param>
/// <param name="Signature">The requester's signature, 64 bytes.</param>
public sealed record Revocation(RevocationKind Kind, string Value, string Reason, DateTimeOffset At, Digest Requester, byte[] Signature)
{
    /// <summary>Signs an order.</summary>
    public static Revocation Create(RevocationKind kind, string value, string reason, DateTimeOffset now, ReadOnlySpan<byte> seed)
    {
        DateTimeOffset at = DateTimeOffset.FromUnixTimeMilliseconds(now.ToUnixTimeMilliseconds());
        var unsigned = new Revocation(kind, value, reason, at, new Digest(Ed25519.PublicKey(seed)), []);
        return unsigned with { Signature = Ed25519.Sign(seed, unsigned.SignedBytes()) };
    }

    /// <summary>What is wrong with its form, one sentence; null where nothing is.</summary>
    public string? Problem()
    {
        if (Reason.Length > 200)
            return "reason: at most 200 characters";
        if (Kind == RevocationKind.Agent)
            return DidKey.TryParse(Value, out _) ? null : "value: a did:key";
        bool hex = Value.All(char.IsAsciiHexDigitLower) && (Value.Length == 64 || (Kind == RevocationKind.Measurement && Value.Length == 96));
        return hex ? null : "value: lower-case hexadecimal of 64 digits; a measurement may have 96";
    }

    /// <summary>Whether the requester signed it.</summary>
    public bool IsSigned() => Ed25519.Verify(Requester.Bytes, SignedBytes(), Signature);

    private byte[] SignedBytes() => new CanonicalWriter(DomainTags.Revocation)
        .Text(Kind.ToString()).Text(Value).Text(Reason).Time(At).Bytes(Requester.Bytes).ToBytes();
}
