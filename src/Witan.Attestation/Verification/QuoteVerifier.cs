namespace Witan.Attestation;

/// <summary>
/// Phase two: is the quote genuine, and what is its TCB? The checks run in Intel's order and do not stop at the first failure
/// while they still mean something. The TCB is evaluated only for a genuine quote.
/// </summary>
public static class QuoteVerifier
{
    /// <summary>Verifies a quote with trusted collateral at a moment. Always gives facts; look at their authenticity.</summary>
    public static QuoteFacts Verify(Quote quote, TrustedCollateral collateral, DateTimeOffset at) => Verify(quote, collateral, at, null);

    /// <summary>
    /// The same, with a memory of hosts seen before: the facts are equal whatever the cache holds, a known host costs two signatures.
    /// </summary>
    public static QuoteFacts Verify(Quote quote, TrustedCollateral collateral, DateTimeOffset at, VerificationCache? cache)
    {
        var findings = new FindingList();
        Notes(quote, findings);
        findings.AddRange(collateral.Notes);
        PckChain? chain = Chain(quote, collateral, cache, findings, out PckChainSource source);
        if (source == PckChainSource.Unavailable)
            return Facts(quote, collateral, at, findings, Authenticity.Undetermined, null, source, null);
        bool matches = chain is not null && CollateralMatch.Check(quote, chain, collateral, findings);
        if (chain is not null)
            HostChecks.Check(quote, chain, collateral, at, findings);
        if (quote.Tee == TeeType.Tdx && matches)
            HostChecks.CheckModule(quote.TdReport, collateral.TcbInfo, findings);
        if (chain is not null)
            QuotingEnclaveChecks.Check(quote, chain, collateral.QeIdentity, cache, findings);
        CollateralVerifier.CheckFreshness(collateral, at, findings);
        if (findings.HasErrors)
            return Facts(quote, collateral, at, findings, Authenticity.NotGenuine, chain, source, null);
        if (chain is null || !matches)
            return Facts(quote, collateral, at, findings, Authenticity.Undetermined, chain, source, null);
        EvaluatedTcb tcb = cache?.Evaluate(quote, chain.Extension, collateral) ?? EvaluatedTcb.Of(quote, chain.Extension, collateral);
        findings.AddRange(tcb.Findings);
        return Facts(quote, collateral, at, findings, Authenticity.Genuine, chain, source, tcb.Facts);
    }

    // A chain given with the collateral wins. Data of type 4 holds the leaf alone; the other two may be given for it.
    private static PckChain? Chain(Quote quote, TrustedCollateral collateral, VerificationCache? cache, FindingList findings, out PckChainSource source)
    {
        ReadOnlySpan<byte> given = collateral.PckCertificateChain.Span, leaf = default;
        source = !given.IsEmpty ? PckChainSource.Collateral : quote.CertificationType == 5 ? PckChainSource.Quote : PckChainSource.Unavailable;
        if (source == PckChainSource.Unavailable)
        {
            findings.Add(new Finding("PCK_CHAIN_UNAVAILABLE", FindingSeverity.Undecided, $"certification data of type {quote.CertificationType} holds no PCK chain, and none was given")
            {
                Subject = "PCK certificate chain",
                Actor = FindingActor.VerifierOperator,
                Remedy = "Fetch the PCK certificate chain of this platform and give it with the collateral (pck_certificate_chain).",
            });
            return null;
        }

        if (quote.CertificationType == 4 && PemReader.Certificates(given) is { Count: 2 })
        {
            source = PckChainSource.QuoteAndCollateral;
            leaf = quote.CertificationData;
        }

        ReadOnlySpan<byte> pem = source == PckChainSource.Quote ? quote.CertificationData : given;
        // Collateral may be packed with the quote's own chain: its faults are the quote's all the same.
        ChainOrigin origin = source == PckChainSource.Quote || given.TrimEnd((byte)0).SequenceEqual(quote.CertificationData.TrimEnd((byte)0)) ? ChainOrigin.Quote : ChainOrigin.Collateral;
        return cache is null ? PckChain.Verify(leaf, pem, origin, collateral, findings) : cache.Chain(leaf, pem, origin, collateral, findings);
    }

    private static QuoteFacts Facts(
        Quote quote,
        TrustedCollateral collateral,
        DateTimeOffset at,
        FindingList findings,
        Authenticity authenticity,
        PckChain? chain,
        PckChainSource source,
        TcbFacts? tcb)
    {
        DateTimeOffset oldest = collateral.TcbInfo.IssueDate < collateral.QeIdentity.IssueDate ? collateral.TcbInfo.IssueDate : collateral.QeIdentity.IssueDate;
        return new QuoteFacts
        {
            Quote = quote,
            At = at,
            Authenticity = authenticity,
            IsSimulated = collateral.IsSimulated,
            Findings = findings.All,
            Pck = chain?.Extension,
            PckIssuer = chain?.Leaf.IssuerName,
            PckCertificate = chain?.Leaf,
            PckCaCertificate = chain?.Intermediate,
            PckChainSource = source,
            Tcb = tcb,
            Collateral = collateral,
            CollateralFingerprint = collateral.Fingerprint,
            IsCollateralStale = !collateral.IsFreshAt(at),
            CollateralAge = at - oldest,
        };
    }

    private static void Notes(Quote quote, FindingList findings)
    {
        if (quote.TrailingBytes > 0)
        {
            string what = quote.TrailingBytesAreZero ? ", all zero" : ", not all zero";
            findings.Note("QUOTE_TRAILING_BYTES", "quote", $"{quote.TrailingBytes} bytes{what}, stand behind the quote; they are not part of it");
        }

        if (quote.AuthDataSlack > 0)
            findings.Note("QUOTE_AUTH_DATA_SLACK", "quote", $"{quote.AuthDataSlack} unused bytes stand inside the authentication data");
        if (quote.QeReport.ReportData[32..].IndexOfAnyExcept((byte)0) >= 0)
            findings.Note("QE_REPORT_DATA_TAIL_NONZERO", "QE report", "the second half of the QE report data is not zero");
    }
}
