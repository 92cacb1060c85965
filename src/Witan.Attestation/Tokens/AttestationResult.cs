namespace Witan.Attestation;

/// <summary>
/// The claims of an attestation result (RFC 9334, EAR): what a verifier says of evidence, to whom, and until when. A value; signing
/// it is <see cref="AttestationResultToken"/>'s, believing it <see cref="TokenVerifier"/>'s matter.
/// </summary>
public sealed record AttestationResult
{
    /// <summary>Which names the token uses.</summary>
    public EarProfile Profile { get; init; }

    /// <summary><c>iss</c>: who says it; empty where a token has none. A development issuer needs a name of its own.</summary>
    public required string Issuer { get; init; }

    /// <summary>Developer of the verifier.</summary>
    public required string Developer { get; init; }

    /// <summary>Build of the verifier.</summary>
    public required string Build { get; init; }

    /// <summary><c>aud</c>: for whom it is.</summary>
    public required string Audience { get; init; }

    /// <summary><c>eat_nonce</c>, 9 to 64 bytes: what makes it an answer to one question.</summary>
    public required ReadOnlyMemory<byte> Nonce { get; init; }

    /// <summary><c>iat</c>, whole seconds.</summary>
    public required DateTimeOffset IssuedAt { get; init; }

    /// <summary><c>exp</c>, whole seconds; null where a token has none.</summary>
    public required DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>One for each part that was appraised; at least one.</summary>
    public required IReadOnlyList<SubmoduleResult> Submodules { get; init; }
}

/// <summary>What is said of one part of a machine.</summary>
/// <param name="Label">For example <c>cpu0</c>, <c>gpu0</c>.</param>
/// <param name="Status">In one word; never better than the worst claim of the vector.</param>
/// <param name="Vector">The claims of AR4SI.</param>
/// <param name="PolicyIds">The policies applied, in order.</param>
/// <param name="AttestedKey">SubjectPublicKeyInfo of the key that the evidence binds; empty where none is claimed.</param>
/// <param name="Appraisal">Our own claim; null in the tokens of other verifiers.</param>
public sealed record SubmoduleResult(
    string Label, EarStatus Status, TrustworthinessVector Vector, IReadOnlyList<string> PolicyIds, ReadOnlyMemory<byte> AttestedKey, AppraisalClaim? Appraisal);
