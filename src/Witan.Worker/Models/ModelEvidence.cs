using Witan.Worker.Signers;

namespace Witan.Worker.Models;

/// <summary>What a worker does about a provider's signatures over its answers.</summary>
public enum SignaturePolicy
{
    /// <summary>Nothing is asked for.</summary>
    Ignore,

    /// <summary>Asked for, verified, and the result kept, that of the signer's attestation too; a vote does not depend on it.</summary>
    Record,

    /// <summary>Without a signature that verifies the worker abstains. Whose key it is is asked and kept, and does not count.</summary>
    Require,

    /// <summary>Without a signature that verifies, by a key that the provider's report binds to a model's TEE, the worker abstains.</summary>
    Attested,
}

/// <summary>
/// One call to a model, for the sealed envelope: exact bytes, the provider's signature, and the result of checking it. Private to the
/// worker.
/// </summary>
/// <param name="Request">The body as sent.</param>
/// <param name="Response">The body as received.</param>
/// <param name="CompletionId">The completion's id; null where the provider gave none.</param>
/// <param name="Signature">What the provider signed; null where it was not asked or did not answer.</param>
/// <param name="Verdict">
/// <c>not asked</c>, <c>signed by the provider's TEE key</c>, <c>signed by the gateway's key</c>, or <c>not verified: </c> and why.
/// Whether the key belongs to a TEE is another question: <see cref="Attestation"/>.
/// </param>
public sealed record ModelEvidence(byte[] Request, byte[] Response, string? CompletionId, SignedAnswer? Signature, string Verdict)
{
    /// <summary>Whether a signature verified.</summary>
    public bool IsSigned => Verdict is SignedByProvider or SignedByGateway;

    /// <summary>Whether the key that signed is a TEE's; null where no signature verified, or it was not asked.</summary>
    public SignerAttestation? Attestation { get; init; }

    /// <summary>
    /// Why this is no answer of a model in an attested TEE; null where it is. A gateway's key is not enough: it does not say what stands
    /// behind the gateway.
    /// </summary>
    internal string? AttestationProblem =>
        !IsSigned ? $"Unsigned: {Verdict}"
        : Attestation is not { } attestation ? "NotAsked: there is no attestation of the signer"
        : !attestation.IsAttested ? $"{attestation.Standing}: {attestation.Sentence}"
        : Verdict == SignedByGateway ? "Gateway: the gateway's key signed, which does not say that a TEE computed the answer"
        : null;

    internal const string NotAsked = "not asked";
    internal const string SignedByProvider = "signed by the provider's TEE key";
    internal const string SignedByGateway = "signed by the gateway's key";
}
