namespace Witan.Attestation;

/// <summary>
/// Who gave a PCK chain, and so whose its faults are: in a quote they make the sender's evidence bad; in the verifier's own collateral they
/// only leave it undecided.
/// </summary>
/// <param name="Subject">What findings on the chain as a whole are about.</param>
/// <param name="IsCollateral">Whether it was given with the collateral.</param>
internal sealed record ChainOrigin(string Subject, bool IsCollateral)
{
    public static ChainOrigin Quote { get; } = new("PCK certificate chain", IsCollateral: false);

    public static ChainOrigin Collateral { get; } = new("pck_certificate_chain", IsCollateral: true);

    /// <summary>Adds a fault of the chain; returns false, like <see cref="FindingList.Fail"/>.</summary>
    public bool Refuse(string code, string subject, string message, FindingList findings) =>
        Refuse(new Finding(code, FindingSeverity.Error, message) { Subject = subject, Actor = FindingActor.Sender, Remedy = FindingCatalog.Find(code)?.Remedy }, findings);

    /// <summary>Adds a fault of the chain that was found by who does not know where the chain came from.</summary>
    public bool Refuse(Finding fault, FindingList findings)
    {
        findings.Add(!IsCollateral ? fault : fault with
        {
            Severity = FindingSeverity.Undecided,
            Message = $"{Subject} of the collateral: {fault.Message}",
            Actor = FindingActor.VerifierOperator,
            // Who is to name another root has been told so; all else is mended by fetching.
            Remedy = fault.Actor == FindingActor.VerifierOperator ? fault.Remedy : "Fetch the collateral again.",
        });
        return false;
    }
}
