using System.Security.Cryptography;

namespace Witan.Voting;

/// <summary>What part an agent plays.</summary>
public enum AgentRole
{
    /// <summary>Keeps the record.</summary>
    Coordinator,

    /// <summary>Deliberates and votes.</summary>
    Worker,

    /// <summary>Holds a share of the key.</summary>
    Trustee,
}

/// <summary>
/// The 64 bytes that evidence is bound by: SHA-512 over nonce, audience, context, role, both keys, channel binding, instance and
/// policy. The verifier rebuilds them from the fields and compares all 64.
/// </summary>
/// <param name="Purpose">For example <c>admission</c>.</param>
/// <param name="Nonce">Hash of the server's one-use nonce.</param>
/// <param name="Audience">Who asked: the coordinator's signing key.</param>
/// <param name="Role">Who answers.</param>
/// <param name="Keys">The answerer's keys.</param>
/// <param name="Instance">The answerer's instance.</param>
/// <param name="Policy">Hash of the policy that the answerer believes in.</param>
public sealed record ReportData(string Purpose, Digest Nonce, Digest Audience, AgentRole Role, AgentKeys Keys, string Instance, Digest Policy)
{
    /// <summary>The 64 bytes.</summary>
    public byte[] ToBytes() => SHA512.HashData(new CanonicalWriter(DomainTags.ReportData)
        .Text(Purpose).Bytes(Nonce.Bytes).Bytes(Audience.Bytes).Bytes(Digest.Zero.Bytes).Text(Role.ToString())
        .Text("Ed25519").Bytes(Keys.Signing.Bytes).Text("DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM").Point(Keys.Encryption)
        .Text("none").Text(Instance).Bytes(Policy.Bytes)
        .Written);
}
