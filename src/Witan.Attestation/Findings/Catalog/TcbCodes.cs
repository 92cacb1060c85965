namespace Witan.Attestation;

/// <summary>Codes about the patch state of a platform.</summary>
internal static class TcbCodes
{
    private const string Update = "Update what the finding names, then register the platform again.";
    private const string Relaunch = "Relaunch the TD: the host was updated under it.";

    public static readonly (string Code, string Meaning, string? Remedy)[] All =
    [
        ("TCB_LEVEL_UNSUPPORTED", "Intel has no statement on a TCB this old, or none for this module or quoting enclave. Not the same as out of date.", Update),
        ("TCB_OUT_OF_DATE", "Known weaknesses of the platform are mended in updates that it lacks.", Update),
        ("TCB_OUT_OF_DATE_CONFIGURATION_NEEDED", "As TCB_OUT_OF_DATE, and settings leave it open to known weaknesses.", Update),
        ("TCB_CONFIGURATION_NEEDED", "Settings of the platform leave it open to known weaknesses.", "Change the BIOS settings that the advisories name."),
        ("TCB_SW_HARDENING_NEEDED", "Known weaknesses of the processor must be mended in the workload's code; nothing on the host can.", "Build the workload with the mitigations that the advisories name."),
        ("TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED", "Settings of the platform leave it open to known weaknesses, and others must be mended in the workload's code.", "Change the BIOS settings, and build the workload with the mitigations, that the advisories name."),
        ("TCB_REVOKED", "The state of the platform is known to be broken.", "Move the workload to another platform."),
        ("TCB_RELAUNCH_ADVISED", "The host is up to date, the TD was launched before.", Relaunch),
        ("TCB_RELAUNCH_ADVISED_CONFIGURATION_NEEDED", "As TCB_RELAUNCH_ADVISED, and the platform's settings need a change.", Relaunch),
        ("QE_OUT_OF_DATE", "The quoting enclave is behind, and so is the platform's status.", "Update the DCAP packages on the host."),
        ("QE_REVOKED", "The quoting enclave is known to be broken.", "Update the DCAP packages on the host."),
        ("TDX_MODULE_OUT_OF_DATE", "The TDX module is behind, and so is the platform's status.", "Update the TDX module on the host."),
        ("TDX_MODULE_REVOKED", "The TDX module is known to be broken.", "Update the TDX module on the host."),
    ];
}
