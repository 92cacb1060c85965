using System.Diagnostics.CodeAnalysis;

namespace Witan.Voting;

/// <summary>The algorithm of a <c>did:key</c>.</summary>
public enum DidKeyKind
{
    /// <summary>Multicodec 0xED: 32 bytes.</summary>
    Ed25519,

    /// <summary>Multicodec 0x1200: a compressed point of 33 bytes.</summary>
    P256,
}

/// <summary>
/// A public key by its outward name: <c>did:key:z</c> and base58btc of multicodec and key. Names are compared as decoded bytes, never
/// as text.
/// </summary>
/// <param name="Kind">The algorithm. Agents of this product sign with Ed25519.</param>
/// <param name="Key">The key's bytes.</param>
public sealed record DidKey(DidKeyKind Kind, byte[] Key)
{
    private const string Prefix = "did:key:z";

    /// <summary>Reads a name. False for every other method, encoding, algorithm or length.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out DidKey? did)
    {
        did = null;
        if (text is null || text.Length is < 40 or > 80 || !text.StartsWith(Prefix, StringComparison.Ordinal) || Base58.Decode(text.AsSpan(Prefix.Length)) is not { } bytes)
            return false;
        did = bytes switch
        {
            [0xED, 0x01, ..] when bytes.Length == 34 => new DidKey(DidKeyKind.Ed25519, bytes[2..]),
            [0x80, 0x24, 0x02 or 0x03, ..] when bytes.Length == 35 => new DidKey(DidKeyKind.P256, bytes[2..]),
            _ => null,
        };
        return did is not null;
    }

    /// <summary>Whether it is the name of an agent's signing key.</summary>
    public bool Names(AgentKeys keys) => Kind == DidKeyKind.Ed25519 && keys.Signing.Bytes.SequenceEqual(Key);

    /// <summary>Compares bytes.</summary>
    public bool Equals(DidKey? other) => other is not null && Kind == other.Kind && Key.AsSpan().SequenceEqual(other.Key);

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(Kind, Key[0], Key[^1]);

    /// <summary>The name.</summary>
    public override string ToString() => Prefix + Base58.Encode(Kind == DidKeyKind.Ed25519 ? [0xED, 0x01, .. Key] : [0x80, 0x24, .. Key]);
}
