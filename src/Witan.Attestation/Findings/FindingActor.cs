namespace Witan.Attestation;

/// <summary>Who has to act on a <see cref="Finding"/>.</summary>
public enum FindingActor
{
    /// <summary>Nothing can be done, or nothing needs to be.</summary>
    Nobody,

    /// <summary>Runs the machine: BIOS, microcode, TDX module, kernel, platform registration.</summary>
    PlatformOperator,

    /// <summary>Owns the measured workload: rebuild, redeploy, relaunch.</summary>
    WorkloadOwner,

    /// <summary>Runs the verifier: fetch collateral, change a policy, name another root.</summary>
    VerifierOperator,

    /// <summary>Made the evidence or sent the request: send whole, well-formed input.</summary>
    Sender,
}
