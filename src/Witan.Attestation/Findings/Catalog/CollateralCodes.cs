namespace Witan.Attestation;

/// <summary>Codes about collateral documents and what they are for.</summary>
internal static class CollateralCodes
{
    private const string Refetch = "Fetch the collateral for this platform again.";
    private const string Unchanged = "Fetch the collateral again; do not reformat it.";
    private const string Clock = "Look at the clocks, or state the moment the evidence belongs to.";

    public static readonly (string Code, string Meaning, string? Remedy)[] All =
    [
        ("COLLATERAL_MISSING", "A document is missing, so nothing can be said. Never a rejection.", Refetch),
        ("COLLATERAL_TOO_LARGE", "The collateral is larger than any real one; nothing of it is processed.", Refetch),
        ("COLLATERAL_FORMAT", "The collateral file cannot be read.", Refetch),
        ("COLLATERAL_EVALUATION_NUMBERS_DIFFER", "TCB info and QE identity are of different TCB recoveries; Intel allows it, a policy may not.", null),
        ("TCB_INFO_FORMAT", "TCB info is no JSON, or has a member that is missing or repeated.", Unchanged),
        ("TCB_INFO_VERSION_UNSUPPORTED", "Only versions 2 and 3 are known.", Unchanged),
        ("TCB_INFO_INVALID", "TCB info has a value that is out of range or unknown, or a level twice.", Unchanged),
        ("TCB_INFO_SIGNATURE_INVALID", "The text of TCB info is not what Intel signed, to the byte.", Unchanged),
        ("TCB_INFO_EXPIRED", "TCB info does not know what was found since.", Refetch),
        ("TCB_INFO_NOT_YET_VALID", "TCB info is of a later moment than the judgement.", Clock),
        ("TCB_INFO_TEE_MISMATCH", "The TCB info is for the other technology.", "Fetch the TCB info for this technology."),
        ("TCB_INFO_FMSPC_MISMATCH", "The TCB info is for another family of platforms.", "Fetch the TCB info for this family."),
        ("TCB_INFO_PCEID_MISMATCH", "The TCB info is for another provisioning certification enclave.", "Fetch the TCB info for this family."),
        ("EVALUATION_NUMBERS_FORMAT", "The list of TCB evaluation data numbers cannot be read.", Unchanged),
        ("EVALUATION_NUMBERS_INVALID", "The list of TCB evaluation data numbers has a member that is out of range, unknown or repeated.", Unchanged),
        ("EVALUATION_NUMBERS_SIGNATURE_INVALID", "The text of the list is not what Intel signed, to the byte.", Unchanged),
        ("EVALUATION_NUMBERS_EXPIRED", "The list does not know the TCB recoveries since.", Refetch),
        ("EVALUATION_NUMBERS_NOT_YET_VALID", "The list is of a later moment than the judgement.", Clock),
        ("QE_IDENTITY_FORMAT", "QE identity is no JSON, or has a member that is missing or repeated.", Unchanged),
        ("QE_IDENTITY_VERSION_UNSUPPORTED", "Only version 2 is known.", Unchanged),
        ("QE_IDENTITY_INVALID", "QE identity has a value that is out of range or unknown, or a level twice.", Unchanged),
        ("QE_IDENTITY_SIGNATURE_INVALID", "The text of QE identity is not what Intel signed, to the byte.", Unchanged),
        ("QE_IDENTITY_EXPIRED", "QE identity does not know what was found since.", Refetch),
        ("QE_IDENTITY_NOT_YET_VALID", "QE identity is of a later moment than the judgement.", Clock),
        ("QE_IDENTITY_TEE_MISMATCH", "The identity is of another enclave than the one that made the quote.", "Fetch the identity for this technology."),
        ("TDX_MODULE_IDENTITY_MISSING", "Intel has no statement on a TDX module of this version.", "Fetch newer TCB info, or have the TDX module updated."),
        ("TDX_MODULE_MRSIGNER_MISMATCH", "The TDX module is signed by somebody else than Intel says.", "Install Intel's TDX module."),
        ("TDX_MODULE_ATTRIBUTES_MISMATCH", "The TDX module has other attributes than Intel says.", "Install Intel's TDX module."),
    ];
}
