namespace Witan.Attestation;

/// <summary>Codes of appraisal: what is true, but not good enough for the policy.</summary>
internal static class PolicyCodes
{
    public static readonly (string Code, string Meaning, string? Remedy)[] All =
    [
        ("POLICY_FILE_INVALID", "A policy that is read half is no policy.", "Correct the policy file; docs/reference/policy.md lists every member."),
        ("POLICY_SIMULATED", "Evidence under a development root proves nothing about hardware.", "Run on real hardware, or use a policy that accepts simulated evidence for development."),
        ("POLICY_TCB_STATUS", "The platform's patch state has no level, or a worse one than is accepted.", "Bring the platform to a better state; the TCB findings say how."),
        ("POLICY_ADVISORY", "An advisory applies that the policy does not accept.", "Update the platform so that the advisory no longer applies, or accept it in the policy after review."),
        ("POLICY_GRACE", "It is accepted by an exception with an end; after that second the same evidence is rejected.", "Update the platform before the grace ends."),
        ("POLICY_TCB_DATE", "The platform's state is older than the policy asks for.", "Update the platform; the TCB findings say what is short."),
        ("POLICY_TCB_WILL_EXPIRE", "The platform passes today, and will not once Intel promotes the next TCB set.", "Update the platform before the promotion."),
        ("POLICY_EVALUATION_NUMBER", "The collateral is of an older TCB recovery than the policy asks for.", "Fetch newer collateral."),
        ("POLICY_COLLATERAL_AGE", "The collateral is valid, but does not know what was found since.", "Fetch newer collateral."),
        ("POLICY_SGX_DEBUG", "A debug enclave's memory can be read by its host.", "Deploy the production build."),
        ("POLICY_TD_DEBUG", "A debug or profiled TD can be read by its host.", "Deploy the production build."),
        ("POLICY_QE_DEBUG", "A debug quoting enclave gives its key away.", "Install Intel's quoting enclave."),
        ("POLICY_TD_ATTRIBUTES", "The TD has an attribute that is reserved, or that the policy refuses.", "Launch the TD without it."),
        ("POLICY_SEPT_VE_DISABLE", "Without SEPT_VE_DISABLE the host can inject exceptions into the TD.", "Launch the TD with SEPT_VE_DISABLE."),
        ("POLICY_SERVICE_TD", "A service TD can act on this TD, and the policy does not know it.", "Launch the TD without it, or list it after review."),
        ("POLICY_XFAM", "The TD has extended features that the policy does not allow.", "Launch the TD without them."),
        ("POLICY_MEASUREMENT", "The code is not one that the policy knows: rejection, and not a lower number.", "Deploy a build that is listed, or list this one after review."),
        ("POLICY_REPORT_DATA", "The report data ties the evidence to a nonce, a key and an audience. Unchecked, the evidence may be anybody's.", "Attest again with the nonce given."),
        ("POLICY_PLATFORM_IDENTITY", "Less is known of where the platform stands than the policy demands.", "Add the platform's id to the policy after its place and owner were checked, or refuse it."),
        ("POLICY_PLATFORM_CONFIGURATION", "The platform is configured in a way that the policy refuses, or does not say how.", "Change the platform's configuration and register it again."),
    ];
}
