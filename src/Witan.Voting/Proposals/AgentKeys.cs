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

    /// <summary>The outward name of the signing key: <c>did:key</c> over Ed25519.</summary>
    public string Did() => new DidKey(DidKeyKind.Ed25519, Signing.Bytes.ToArray()).ToString();
}
