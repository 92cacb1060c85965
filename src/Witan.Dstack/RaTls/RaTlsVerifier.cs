using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Witan.Attestation;
using Witan.Dstack.CollateralService;
using Witan.Dstack.Evidence;

namespace Witan.Dstack.RaTls;

/// <summary>
/// Judges certificates by the evidence in them: dates, binding of the quote to the certificate's own key, quote, registers, identity,
/// policy. Names and issuers do not matter: the TLS handshake proves the key, and the quote vouches for the key. Everything
/// that is not accepted is refused.
/// </summary>
public sealed class RaTlsVerifier(RaTlsTrust trust, TimeProvider clock)
{
    /// <summary>Judges a certificate. Never throws for what a certificate holds.</summary>
    public RaTlsPeer Verify(X509Certificate2 certificate)
    {
        string fingerprint = Convert.ToHexStringLower(SHA256.HashData(certificate.RawDataMemory.Span));
        DateTimeOffset at = clock.GetUtcNow();
        if (!RaTlsEvidence.TryRead(certificate, out RaTlsEvidence? evidence, out Finding? refusal))
            return new RaTlsPeer(Appraiser.Refuse(refusal, trust.Policy.Platform), null, null, fingerprint);
        var findings = new FindingList();
        CheckDates(certificate, at, findings);
        TrustedCollateral? collateral = PlatformFamily.TryOf(evidence.Evidence.Quote, out PlatformFamily? family, out Finding? unknown) ? trust.Collateral(family) : null;
        if (family is null)
            findings.Add(unknown!);
        else if (collateral is null)
            findings.Add(Missing(family));
        EvidenceExpectations expected = trust.Expectations with { ReportData = RaTlsBinding.ReportData(certificate) };
        DstackFacts facts = DstackEvidence.Verify(evidence.Evidence, collateral, expected, at);
        CheckClaims(evidence, facts, findings);
        facts = facts with
        {
            Findings = [.. findings.All, .. facts.Findings],
            Authenticity = findings.HasErrors ? Authenticity.NotGenuine : facts.Authenticity,
        };
        return new RaTlsPeer(DstackAppraiser.Appraise(facts, trust.Policy), facts, evidence, fingerprint);
    }

    private static void CheckDates(X509Certificate2 certificate, DateTimeOffset at, FindingList findings)
    {
        DateTimeOffset from = new(certificate.NotBefore.ToUniversalTime()), to = new(certificate.NotAfter.ToUniversalTime());
        if (at < from)
            findings.Fail("RATLS_CERTIFICATE_NOT_YET_VALID", "certificate", $"the certificate is valid from {from.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}", FindingActor.Sender, "Check both clocks.");
        if (at > to)
            findings.Fail("RATLS_CERTIFICATE_EXPIRED", "certificate", $"the certificate was valid until {to.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}", FindingActor.Sender, "Have it issued again.");
    }

    // The issuer's words must be the quote's; nothing else is done with them.
    private static void CheckClaims(RaTlsEvidence evidence, DstackFacts facts, FindingList findings)
    {
        AppIdentity identity = facts.Identity;
        Compare("app_id", evidence.AppId, identity.AppId, findings);
        if (evidence.AppInfo is not { } info)
            return;
        Compare("app_id of the application info", info.AppId, identity.AppId, findings);
        Compare("compose_hash", info.ComposeHash, identity.ComposeHash, findings);
        if (info.InstanceId.Length > 0 || identity.InstanceId is { Length: > 0 })
            Compare("instance_id", info.InstanceId, identity.InstanceId, findings);
        if (!info.MrAggregated.Span.SequenceEqual(facts.Measurements.Aggregated.Span))
        {
            findings.Add(new Finding("RATLS_MEASUREMENT_DIFFERS", FindingSeverity.Warning, "the certificate's mr_aggregated is not the one that follows from its quote")
            {
                Subject = "certificate",
                Actor = FindingActor.Sender,
                Evidence = $"{Convert.ToHexStringLower(info.MrAggregated.Span)} said, {Convert.ToHexStringLower(facts.Measurements.Aggregated.Span)} measured",
            });
        }
    }

    private static void Compare(string name, ReadOnlyMemory<byte>? said, ReadOnlyMemory<byte>? measured, FindingList findings)
    {
        if (said is not { } claim || (measured is { } value && value.Span.SequenceEqual(claim.Span)))
            return;
        findings.Fail(
            "RATLS_CLAIM_MISMATCH", "certificate", $"the certificate's {name} is not the one that was measured", FindingActor.Sender, null,
            $"{Convert.ToHexStringLower(claim.Span)} said, {(measured is { } found ? Convert.ToHexStringLower(found.Span) : "nothing")} measured");
    }

    private static Finding Missing(PlatformFamily family) => new(
        "COLLATERAL_MISSING", FindingSeverity.Undecided, $"there is no collateral at hand for {family}: who signed the quote was not checked")
    {
        Subject = "quote",
        Actor = FindingActor.VerifierOperator,
        Remedy = $"Fetch it before connecting: witan collateral fetch, or CollateralClient.GetAsync for {family}.",
        Evidence = family.ToString(),
    };
}
