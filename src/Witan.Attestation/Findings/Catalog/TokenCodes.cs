namespace Witan.Attestation;

/// <summary>Codes about attestation result tokens of other verifiers.</summary>
internal static class TokenCodes
{
    private const string Fresh = "Ask the verifier for a token for this audience and nonce.";

    public static readonly (string Code, string Meaning, string? Remedy)[] All =
    [
        ("TOKEN_FORMAT", "The token cannot be read, or its names and its profile disagree.", "Send the token as the verifier gave it."),
        ("TOKEN_TYPE", "The token is of another type than an attestation result.", "Send an attestation result."),
        ("TOKEN_ALGORITHM", "Only algorithms that are named by the checker are accepted, never what a token asks for.", "Have the verifier sign with ES256 or ES384."),
        ("TOKEN_CRITICAL_HEADER", "A token that demands an unknown extension must be refused.", "Have the verifier issue the token without it."),
        ("TOKEN_BROUGHT_KEY", "Keys that a token brings along prove nothing; they are not used.", null),
        ("TOKEN_KEYS_INVALID", "The set of keys cannot be read.", "Fetch the verifier's keys again."),
        ("TOKEN_KEY_UNKNOWN", "The verifier's keys hold none with this id.", "Fetch the verifier's keys again."),
        ("TOKEN_SIGNATURE_INVALID", "The token is not what the verifier signed.", "Send the token as the verifier gave it."),
        ("TOKEN_ISSUER", "The token is of another verifier than the one that is trusted.", Fresh),
        ("TOKEN_AUDIENCE", "The token is for somebody else, and may have been passed on.", Fresh),
        ("TOKEN_NONCE", "The nonce ties the token to one question; another, or none, may be an old answer.", Fresh),
        ("TOKEN_EXPIRED", "The token is past its end.", Fresh),
        ("TOKEN_NOT_YET_VALID", "The token is of a later moment than the judgement.", "Look at the clocks."),
        ("TOKEN_COLLATERAL_STALE", "The collateral that the verdict rests on has ended since: what became known later is not in it.", "Ask the verifier for a token over current collateral."),
        ("TOKEN_POLICY_UNSEEN", "The policy demands what the token does not carry.", "Ask the verifier to apply this policy, or judge the evidence itself."),
        ("TOKEN_RESULT_REJECTED", "The verifier rejected the evidence.", "Look at the verifier's findings."),
        ("TOKEN_RESULT_UNDECIDED", "The verifier could not decide.", "Ask it again when what it missed is there."),
        ("TOKEN_WITHOUT_LEVEL", "The token's verifier is another product, whose statuses are no levels.", "Judge the evidence itself, or a token of a verifier that states a level."),
    ];
}
