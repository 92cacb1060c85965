namespace Witan.Attestation;

/// <summary>Codes about EPID attestation reports.</summary>
internal static class IasCodes
{
    private const string Exactly = "Send the report's body, signature and certificate exactly as the service gave them.";
    private const string Bios = "Update the BIOS: microcode loaded by the operating system does not count.";
    private const string Software = "Update the SGX platform software.";

    public static readonly (string Code, string Meaning, string? Remedy)[] All =
    [
        ("IAS_REPORT_FORMAT", "The report cannot be read.", Exactly),
        ("IAS_REPORT_TOO_LARGE", "The report is larger than any real one; nothing of it is processed.", Exactly),
        ("IAS_SIGNATURE_MISSING", "Without its signature a report is only text.", "Give the signature of the report (--ias-signature)."),
        ("IAS_SIGNATURE_FORMAT", "The signature cannot be read.", Exactly),
        ("IAS_SIGNATURE_INVALID", "The report is not what the service signed, to the byte.", Exactly),
        ("IAS_CERTIFICATE_MISSING", "Nothing says whose signature it is.", "Give the signing certificate (--ias-certificate)."),
        ("IAS_CERTIFICATE_FORMAT", "The signing certificate cannot be read.", Exactly),
        ("IAS_CERTIFICATE_INVALID", "The signing certificate has wrong constraints or usage.", Exactly),
        ("IAS_CERTIFICATE_UNTRUSTED", "The signing certificate is issued by nobody that the caller trusts.", "Name the root you trust (--trust-root), or refuse this evidence."),
        ("IAS_CERTIFICATE_EXPIRED", "The signing certificate was past its validity at the report's own time.", Exactly),
        ("IAS_CERTIFICATE_NOT_YET_VALID", "The signing certificate was not valid yet at the report's own time.", Exactly),
        ("IAS_ROOT_EXPIRED", "The root was past its validity at the report's own time.", Exactly),
        ("IAS_ROOT_NOT_YET_VALID", "The root was not valid yet at the report's own time.", Exactly),
        ("IAS_CHAIN_AT_REPORT_TIME", "The service has ended: its chain is judged at the report's own time.", null),
        ("IAS_SIGNER_EXPIRED_SINCE", "The signer was valid when it signed, and has expired since.", null),
        ("IAS_REVOCATION_UNCHECKED", "The service's revocation list is not part of a report.", null),
        ("IAS_REPORT_FROM_FUTURE", "The report is later than the moment it is judged at.", "Look at the clocks, or state the moment the report belongs to."),
        ("IAS_REPORT_AGE", "Nothing in an old report proves that the platform is still as it was.", "Ask for a DCAP quote."),
        ("IAS_STATUS_OK", "The service found nothing behind; advisories may still apply.", null),
        ("IAS_STATUS_SIGNATURE_INVALID", "No member of an EPID group signed the quote: it is not of a genuine platform.", "Refuse it."),
        ("IAS_STATUS_GROUP_REVOKED", "The whole EPID group is revoked: no platform of it can be trusted.", "Move the workload to another platform."),
        ("IAS_STATUS_SIGNATURE_REVOKED", "The platform's key is revoked by one of its signatures.", "Move the workload to another platform."),
        ("IAS_STATUS_KEY_REVOKED", "The platform's private key is known to others, and revoked.", "Move the workload to another platform."),
        ("IAS_STATUS_SIGRL_VERSION_MISMATCH", "The quote was made with an old signature revocation list, so revocation was not checked in full.", "Make a quote with the current signature revocation list."),
        ("IAS_STATUS_GROUP_OUT_OF_DATE", "Known weaknesses of the platform are mended in updates that it lacks.", Bios),
        ("IAS_STATUS_CONFIGURATION_NEEDED", "Settings of the platform leave it open to known weaknesses.", "Change the BIOS settings that the advisories name."),
        ("IAS_STATUS_SW_HARDENING_NEEDED", "Known weaknesses of the processor must be mended in the enclave's code; nothing on the host can.", "Build the enclave with the mitigations that the advisories name."),
        ("IAS_STATUS_CONFIGURATION_AND_SW_HARDENING_NEEDED", "Settings of the platform leave it open to known weaknesses, and others must be mended in the enclave's code.", "Change the BIOS settings, and build the enclave with the mitigations, that the advisories name."),
        ("IAS_STATUS_UNKNOWN", "The status is none of the ten that the service had.", Exactly),
        ("IAS_PLATFORM_INFO_FORMAT", "The platform info blob is not as specified.", Exactly),
        ("IAS_PLATFORM_INFO_GROUP_MISMATCH", "The platform info blob is about another EPID group than the quote.", Exactly),
        ("IAS_PLATFORM_INFO_UNKNOWN_FLAG", "The blob has flags without a known meaning.", null),
        ("IAS_GROUP_REVOKED_FLAG", "The whole EPID group is revoked.", "Move the workload to another platform."),
        ("IAS_REKEY_AVAILABLE", "New EPID keys can be had.", null),
        ("IAS_PLATFORM_SERVICES_OUT_OF_DATE", "Platform services are behind.", "Update the management engine's firmware and the SGX platform software."),
        ("IAS_CPUSVN_OUT_OF_DATE", "The processor's security version is behind.", Bios),
        ("IAS_QE_OUT_OF_DATE", "The quoting enclave is behind.", Software),
        ("IAS_PCE_OUT_OF_DATE", "The provisioning certification enclave is behind.", Software),
        ("IAS_CONFIGURATION_NEEDED", "Settings of the platform leave it open to known weaknesses.", "Change the BIOS settings that the advisories name."),
    ];
}
