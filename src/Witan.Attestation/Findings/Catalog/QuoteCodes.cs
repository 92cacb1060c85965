namespace Witan.Attestation;

/// <summary>Codes about a quote itself.</summary>
internal static class QuoteCodes
{
    private const string Whole = "Send the whole quote as the TEE made it.";
    private const string Again = "Ask the TEE for a new quote, and send it unchanged.";

    public static readonly (string Code, string Meaning, string? Remedy)[] Structure =
    [
        ("QUOTE_TRUNCATED", "The quote ends before what it declares.", Whole),
        ("QUOTE_TOO_LARGE", "The quote, or a part of it, is larger than any real one; nothing of it is processed.", Whole),
        ("QUOTE_VERSION_UNSUPPORTED", "Only versions 3, 4 and 5 exist.", Whole),
        ("QUOTE_KEY_TYPE_UNSUPPORTED", "Only ECDSA over P-256 is used by Intel's quoting enclaves.", Whole),
        ("QUOTE_TEE_TYPE_UNSUPPORTED", "The quote is neither SGX nor TDX, or TDX in a version that has no TDX.", Whole),
        ("QUOTE_QE_VENDOR_UNKNOWN", "Only Intel's quoting enclave has a chain of trust that is known here.", Whole),
        ("QUOTE_BODY_INVALID", "The body is of no known type, of another technology, or not of its type's size.", Whole),
        ("QUOTE_AUTH_DATA_INVALID", "Lengths inside the authentication data do not add up.", Whole),
        ("QUOTE_CERTIFICATION_TYPE_UNSUPPORTED", "The certification data is of a type that no verifier accepts.", Whole),
        ("QUOTE_TRAILING_BYTES", "Bytes stand behind the quote. Nobody signed them, and they are not looked at: files are often padded.", null),
        ("QUOTE_AUTH_DATA_SLACK", "Unused bytes stand inside the authentication data. Nobody signed them, and they are not looked at.", null),
    ];

    public static readonly (string Code, string Meaning, string? Remedy)[] Cryptography =
    [
        ("QE_REPORT_SIGNATURE_INVALID", "The platform's key did not sign the quoting enclave's report: the quote does not come from this platform.", Again),
        ("QE_REPORT_DATA_MISMATCH", "The quoting enclave did not vouch for this attestation key.", Again),
        ("QE_REPORT_DATA_TAIL_NONZERO", "The second half of the quoting enclave's report data is unused, and is zero in all real quotes.", null),
        ("QE_MISCSELECT_MISMATCH", "The quoting enclave is not the one that Intel describes.", "Install Intel's quoting enclave."),
        ("QE_ATTRIBUTES_MISMATCH", "The quoting enclave is not the one that Intel describes; a debug enclave never is.", "Install Intel's quoting enclave."),
        ("QE_MRSIGNER_MISMATCH", "The quoting enclave is signed by somebody else, who can attest anything.", "Install Intel's quoting enclave."),
        ("QE_ISVPRODID_MISMATCH", "The quoting enclave is another product of the same signer.", "Install Intel's quoting enclave."),
        ("ATTESTATION_KEY_INVALID", "The attestation key is no point of P-256, so nothing can be signed with it.", Again),
        ("QUOTE_SIGNATURE_INVALID", "Header or body are not what the attestation key signed.", Again),
    ];
}
