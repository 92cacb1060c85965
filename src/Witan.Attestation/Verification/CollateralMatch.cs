namespace Witan.Attestation;

/// <summary>
/// Is the collateral about this platform? What is about another one says nothing of the evidence: the verifier's operator gave it, so
/// each mismatch is undecided.
/// </summary>
internal static class CollateralMatch
{
    /// <summary>Whether revocation list, TCB info and QE identity are all for the platform that made the quote.</summary>
    public static bool Check(Quote quote, PckChain chain, TrustedCollateral collateral, FindingList findings)
    {
        bool good = true;
        if (!IsOfCa(chain, collateral))
            good = findings.Undecided("CRL_ISSUER_MISMATCH", "PCK CRL", $"the PCK CRL is of {collateral.PckCrl.IssuerName}, the PCK certificate of {chain.Leaf.IssuerName}", "Fetch the CRL of the certificate's own CA.");
        TcbInfo tcb = collateral.TcbInfo;
        PckExtension pck = chain.Extension;
        if (tcb.Tee != quote.Tee)
            good = findings.Undecided("TCB_INFO_TEE_MISMATCH", "TCB info", $"the TCB info is for {tcb.Tee}, the quote is {quote.Tee}", "Fetch the TCB info for this technology.");
        if (!tcb.Fmspc.Span.SequenceEqual(pck.Fmspc.Span))
            good = findings.Undecided("TCB_INFO_FMSPC_MISMATCH", "TCB info", "the TCB info is for another platform family", "Fetch the TCB info for this family.", $"{Convert.ToHexStringLower(tcb.Fmspc.Span)} instead of {Convert.ToHexStringLower(pck.Fmspc.Span)}");
        if (!tcb.PceId.Span.SequenceEqual(pck.PceId.Span))
            good = findings.Undecided("TCB_INFO_PCEID_MISMATCH", "TCB info", "the TCB info is for another PCE", "Fetch the TCB info for this family.", $"{Convert.ToHexStringLower(tcb.PceId.Span)} instead of {Convert.ToHexStringLower(pck.PceId.Span)}");
        if (!IsOfEnclave(quote, collateral.QeIdentity))
            good = findings.Undecided("QE_IDENTITY_TEE_MISMATCH", "QE identity", $"the QE identity is {collateral.QeIdentity.Id}, the quote needs {Enclave(quote.Tee)}", "Fetch the identity for this technology.");
        return good;
    }

    /// <summary>Whether the PCK CRL is of the CA that issued the PCK certificate; another's says nothing of it.</summary>
    public static bool IsOfCa(PckChain chain, TrustedCollateral collateral) => chain.Leaf.Issuer.Span.SequenceEqual(collateral.PckCrl.Issuer.Span);

    /// <summary>Whether the identity is of the quoting enclave that makes such quotes; another's is compared with nothing.</summary>
    public static bool IsOfEnclave(Quote quote, QeIdentity identity) => identity.Id == Enclave(quote.Tee);

    private static string Enclave(TeeType tee) => tee == TeeType.Sgx ? "QE" : "TD_QE";
}
