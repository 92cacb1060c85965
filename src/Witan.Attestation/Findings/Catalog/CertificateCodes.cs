namespace Witan.Attestation;

/// <summary>Codes about certificates and revocation lists.</summary>
internal static class CertificateCodes
{
    private const string Chain = "Send the quote with the PCK certificate chain as Intel's service gave it.";
    private const string Provision = "Provision the platform's PCK certificate again.";
    private const string Refetch = "Fetch the collateral for this platform again.";
    private const string Clock = "Look at the clocks, or state the moment the evidence belongs to.";
    private const string Name = "Name the root you trust (--trust-root), or refuse this evidence.";

    public static readonly (string Code, string Meaning, string? Remedy)[] All =
    [
        ("PCK_CHAIN_UNAVAILABLE", "The quote holds no certificate chain, so nothing ties it to a platform.", "Fetch the PCK certificate chain of this platform and give it with the collateral (pck_certificate_chain)."),
        ("PCK_CHAIN_FORMAT", "The chain is no PEM, or a certificate in it is no strict DER.", Chain),
        ("PCK_CHAIN_LENGTH", "The chain must have exactly leaf, intermediate and root.", Chain),
        ("ROOT_CA_MISSING", "A chain without its root ties to nothing.", Chain),
        ("INTERMEDIATE_CA_MISSING", "There is no PCK CA where one is needed.", Chain),
        ("PCK_CERT_MISSING", "There is no PCK certificate in the chain.", Chain),
        ("ROOT_CA_INVALID", "The root certificate is damaged: its own key did not sign it.", Chain),
        ("ROOT_CA_UNTRUSTED", "The root is genuine for somebody, but none that the caller trusts. Trust is in the certificate and not in its name, serial number or key.", Name),
        ("ROOT_CA_EXPIRED", "The root is past its validity.", Clock),
        ("ROOT_CA_NOT_YET_VALID", "The root is not valid yet at the moment of judgement.", Clock),
        ("INTERMEDIATE_CA_INVALID", "The PCK CA may not issue certificates, or has a wrong key.", Chain),
        ("INTERMEDIATE_CA_ISSUER_INVALID", "The root did not issue the PCK CA.", Chain),
        ("INTERMEDIATE_CA_REVOKED", "Intel has withdrawn the PCK CA: no platform below it can be trusted.", "Move the workload to another platform."),
        ("INTERMEDIATE_CA_EXPIRED", "The PCK CA is past its validity.", Provision),
        ("INTERMEDIATE_CA_NOT_YET_VALID", "The PCK CA is not valid yet at the moment of judgement.", Clock),
        ("PCK_CERT_INVALID", "The platform's certificate has wrong constraints, usage, extensions or key.", Chain),
        ("PCK_EXTENSION_INVALID", "What the certificate says of the platform is not as specified.", Provision),
        ("PCK_ISSUER_INVALID", "The PCK CA did not issue the platform's certificate.", Chain),
        ("PCK_REVOKED", "Intel has withdrawn the platform's certificate: its key is taken to be known to others.", "Move the workload to another platform."),
        ("PCK_CERT_OTHER_TCB", "The certificate is for another state of the platform than the quote names: levels come from the certificate.", "Register the platform again, and fetch its PCK certificate anew."),
        ("PCK_EXPIRED", "The platform's certificate is past its validity.", Provision),
        ("PCK_NOT_YET_VALID", "The platform's certificate is not valid yet at the moment of judgement.", Clock),
        ("TRUST_ROOT_INVALID", "What the caller gave as a root cannot be one.", "Give root certificates in PEM."),
        ("TCB_SIGNING_CERT_MISSING", "The chain of the signed documents is not the TCB signing certificate and the root.", Refetch),
        ("TCB_SIGNING_CERT_INVALID", "The TCB signing certificate has wrong constraints, usage, extensions or key.", Refetch),
        ("TCB_SIGNING_CERT_ISSUER_INVALID", "The root did not issue the TCB signing certificate.", Refetch),
        ("TCB_SIGNING_CERT_REVOKED", "Intel has withdrawn the certificate under which the documents are signed.", Refetch),
        ("TCB_SIGNING_CERT_EXPIRED", "The TCB signing certificate, or its root, is past its validity. Intel re-issues it under the same key: stored collateral may carry an old issue.", Refetch),
        ("TCB_SIGNING_CERT_NOT_YET_VALID", "The TCB signing certificate, or its root, is not valid yet at the moment of judgement.", Clock),
        ("CRL_FORMAT", "A revocation list is no strict DER.", Refetch),
        ("CRL_EXTENSION_MISSING", "A revocation list lacks its authority key identifier or its number.", Refetch),
        ("CRL_ISSUER_UNKNOWN", "A revocation list is issued by somebody else than the chain beside it.", Refetch),
        ("CRL_ISSUER_MISMATCH", "The revocation list is of the other PCK CA, so it says nothing about this platform.", "Fetch the CRL of the certificate's own CA."),
        ("CRL_SIGNATURE_INVALID", "Its issuer did not sign the revocation list.", Refetch),
        ("CRL_EXPIRED", "The revocation list does not know what was revoked since.", Refetch),
        ("CRL_NOT_YET_VALID", "The revocation list is of a later moment than the judgement.", Clock),
    ];
}
