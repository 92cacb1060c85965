using System.Text.Json.Serialization;
using Witan.Crypto;

namespace Witan.Voting;

/// <summary>The two public keys of an agent, born together and bound together by its evidence.</summary>
/// <param name="Signing">Ed25519.</param>
/// <param name="Encryption">P-256, for HPKE.</param>
public sealed record AgentKeys(Digest Signing, P256Point Encryption)
{
    /// <summary>The agent's identity.</summary>
    [JsonIgnore]
    public Digest AgentId => new CanonicalWriter(DomainTags.Agent).Bytes(Signing.Bytes).Point(Encryption).Hash();

    /// <summary>The outward name of the signing key: <c>did:key</c> over Ed25519, base58btc of 0xED 0x01 and the key.</summary>
    public string Did() => "did:key:z" + Base58.Encode([0xED, 0x01, .. Signing.Bytes]);
}

/// <summary>The alphabet of Bitcoin, without 0, O, I and l.</summary>
internal static class Base58
{
    private const string Alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

    internal static string Encode(ReadOnlySpan<byte> bytes)
    {
        var value = new System.Numerics.BigInteger(bytes, isUnsigned: true, isBigEndian: true);
        var text = new System.Text.StringBuilder();
        while (!value.IsZero)
        {
            value = System.Numerics.BigInteger.DivRem(value, 58, out System.Numerics.BigInteger digit);
            text.Insert(0, Alphabet[(int)digit]);
        }

        foreach (byte zero in bytes)
        {
            if (zero != 0)
                break;
            text.Insert(0, '1');
        }

        return text.ToString();
    }
}
