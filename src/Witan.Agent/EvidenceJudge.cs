using System.Security.Cryptography;
using Witan.Attestation;
using Witan.Dstack.Evidence;
using Witan.Voting;

namespace Witan.Agent;

/// <summary>What judging a peer's evidence gave.</summary>
/// <param name="Verdict">The verdict.</param>
/// <param name="Digest">SHA-256 of the signed part of the quote: which statement it was.</param>
public sealed record JudgedEvidence(Witan.Attestation.Verdict Verdict, Digest Digest);

/// <summary>
/// Verifies and appraises a peer's quote with collateral at hand. The collateral is verified once and kept; it is read anew when
/// its file changes.
/// </summary>
public sealed class EvidenceJudge(string collateralPath, TrustRoot root, AppraisalPolicy policy, TimeProvider clock)
{
    private readonly Lock _gate = new();
    private TrustedCollateral? _trusted;
    private DateTime _readAt;

    /// <summary>The policy's name.</summary>
    public string PolicyName => policy.Name;

    /// <summary>Judges a quote in hexadecimal over expected report data. Throws nothing for bad evidence.</summary>
    public JudgedEvidence Judge(string quoteHex, string eventLog, ReportData expected)
    {
        AppraisalPolicy bound = policy with { ReportData = expected.ToBytes() };
        byte[] bytes;
        try
        {
            bytes = Convert.FromHexString(quoteHex);
        }
        catch (FormatException)
        {
            return Refused(new Finding("QUOTE_FORMAT", FindingSeverity.Error, "the quote is not hexadecimal") { Actor = FindingActor.Sender }, bound);
        }

        if (!Quote.TryParse(bytes, out Quote? quote, out Finding? refusal))
            return Refused(refusal, bound);
        if (Trusted(out Finding? missing) is not { } collateral)
            return Refused(missing!, bound);
        if (quote.Tee == TeeType.Tdx && Replayed(quote.TdReport, eventLog) is { } broken)
            return Refused(broken, bound);
        QuoteFacts facts = QuoteVerifier.Verify(quote, collateral, clock.GetUtcNow());
        return new JudgedEvidence(Appraiser.Appraise(facts, bound), new Digest(SHA256.HashData(quote.SignedBytes.Span)));
    }

    // The event log is the peer's word until it replays to the registers that the quote signs.
    private static Finding? Replayed(TdReport report, string eventLog)
    {
        if (!EventLog.TryParse(System.Text.Encoding.UTF8.GetBytes(eventLog), out EventLog? log, out Finding? refusal))
            return refusal;
        for (int i = 0; i < 4; i++)
        {
            // Digests of run-time events are computed from what they say, never read.
            var digests = log.Entries.Where(entry => entry.Register == i)
                .Select(entry => entry.IsRuntime ? entry.ToRuntimeEvent().Digest() : entry.Digest.ToArray());
            if (digests.Any(digest => digest.Length != MeasurementRegister.Size) || !MeasurementRegister.Fold(digests).AsSpan().SequenceEqual(report.Rtmr(i)))
                return new Finding("EVENT_LOG_MISMATCH", FindingSeverity.Error, $"the event log does not replay to RTMR{i}") { Actor = FindingActor.Sender };
        }

        return null;
    }

    private static JudgedEvidence Refused(Finding finding, AppraisalPolicy policy) => new(Appraiser.Refuse(finding, policy), Digest.Zero);

    private TrustedCollateral? Trusted(out Finding? missing)
    {
        missing = null;
        lock (_gate)
        {
            try
            {
                DateTime written = File.GetLastWriteTimeUtc(collateralPath);
                if (_trusted is not null && written == _readAt)
                    return _trusted;
                if (!Collateral.TryParse(File.ReadAllBytes(collateralPath), out Collateral? collateral, out missing))
                    return null;
                CollateralVerification verification = CollateralVerifier.Verify(collateral, root, clock.GetUtcNow());
                (_trusted, _readAt) = (verification.Trusted, written);
                missing = verification.Trusted is null ? verification.Findings[0] : null;
                return _trusted;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                missing = new Finding("COLLATERAL_MISSING", FindingSeverity.Undecided, $"the collateral cannot be read: {e.Message}")
                {
                    Actor = FindingActor.VerifierOperator,
                };
                return null;
            }
        }
    }
}
