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
    /// <summary>The proposal that the evidence is for; zero where it is for none.</summary>
    public Digest Context { get; init; } = Digest.Zero;

    /// <summary>
    /// What a trustee's evidence in a record binds: the record's own enrolment event is the nonce, so the evidence was made for this
    /// proposal, after its trustees were enrolled, and fits no other.
    /// </summary>
    public static ReportData ForKeyGeneration(RecordState state, Trustee trustee, string instance) =>
        new("key-generation", state.EnrolledHead, state.Opening.Coordinator, AgentRole.Trustee, trustee.Keys, instance, state.Opening.Policy)
        {
            Context = state.ProposalId,
        };

    /// <summary>The 64 bytes.</summary>
    public byte[] ToBytes() => SHA512.HashData(new CanonicalWriter(DomainTags.ReportData)
        .Text(Purpose).Bytes(Nonce.Bytes).Bytes(Audience.Bytes).Bytes(Context.Bytes).Text(Role.ToString())
        .Text("Ed25519").Bytes(Keys.Signing.Bytes).Text("DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM").Point(Keys.Encryption)
        .Text("none").Text(Instance).Bytes(Policy.Bytes)
        .Written);
}
