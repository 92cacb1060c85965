using System.Text.Json;
using Witan.Attestation;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.Tests.Attestation.Ias;

/// <summary>Real EPID reports: status, advisories and level are the listed ones; what is unsigned or changed never passes.</summary>
public class RealReportTests
{
    public static TheoryData<string> Signed => [.. IasCase.Signed];

    public static TheoryData<string> Unsigned => [.. SharedData.Files("data/ias/unsigned", "*.json").Select(path => Path.GetFileName(path)!)];

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Signed))]
    public void A_signed_report_gives_the_listed_level(string name)
    {
        JsonElement expected = IasCase.Expected(name);
        IasFacts facts = IasCase.Load(name).Verify();
        Assert.True(facts.Authenticity == Authenticity.Genuine, string.Join("; ", facts.Findings));
        Assert.Equal(expected.GetProperty("status").GetString(), facts.Report.StatusText);
        Assert.Equal(expected.GetProperty("advisoryIds").EnumerateArray().Select(id => id.GetString()!), facts.Report.AdvisoryIds);
        Assert.Equal(expected.GetProperty("debug").GetBoolean(), facts.Report.QuoteBody.Report.IsDebug);
        Assert.Equal(expected.GetProperty("at").GetDateTime(), facts.Report.Timestamp.UtcDateTime);
        Finding expired = Assert.Single(facts.Findings, finding => finding.Code == "IAS_SIGNER_EXPIRED_SINCE");
        Assert.Contains("expired on 2026-11-20", expired.Message, StringComparison.Ordinal);

        Verdict verdict = Appraiser.Appraise(facts, AppraisalPolicy.Phala);
        Assert.Equal(expected.GetProperty("confidenceLevel").GetInt32(), verdict.ConfidenceLevel);
        bool debug = expected.GetProperty("debug").GetBoolean();
        Assert.Equal(debug ? AppraisalOutcome.Rejected : AppraisalOutcome.Accepted, verdict.Outcome);
        Assert.Equal(debug, verdict.Cause?.Code == "POLICY_SGX_DEBUG");
        if (debug)
            Assert.Null(Appraiser.Appraise(facts, AppraisalPolicy.Strict).ConfidenceLevel);
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Signed))]
    public void The_platform_info_blob_is_of_the_quotes_group(string name)
    {
        IasFacts facts = IasCase.Load(name).Verify();
        Assert.Equal(facts.Report.PlatformInfo.IsEmpty, facts.PlatformInfo is null);
        if (facts.PlatformInfo is not { } blob)
            return;
        Assert.Equal(facts.Report.QuoteBody.EpidGroup, blob.EpidGroup);
        Assert.Equal(facts.Report.Status == IasQuoteStatus.GroupOutOfDate, blob.GroupFlags.HasFlag(EpidGroupConditions.OutOfDate));
        Assert.Equal(facts.Report.StatusText.Contains("CONFIGURATION", StringComparison.Ordinal), blob.TcbFlags == TcbConditions.ConfigurationNeeded);
        Assert.DoesNotContain(facts.Findings, finding => finding.Code.EndsWith("_UNKNOWN_FLAG", StringComparison.Ordinal));
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Unsigned))]
    public void An_unsigned_report_never_passes(string name)
    {
        byte[] body = File.ReadAllBytes(SharedData.Path("data", "ias", "unsigned", name));
        IasFacts bare = IasCase.Verify(body, default, default, IasTrustRoot.Intel, IasCase.Now);
        // With somebody else's signature it is worse than without any.
        IasCase other = IasCase.Load(IasCase.Signed.First());
        IasFacts borrowed = IasCase.Verify(body, other.Signature, other.Certificate, IasTrustRoot.Intel, IasCase.Now);
        Assert.Equal(Authenticity.Undetermined, bare.Authenticity);
        Assert.Equal(Authenticity.NotGenuine, borrowed.Authenticity);
        foreach (AppraisalPolicy policy in new[] { AppraisalPolicy.Phala, AppraisalPolicy.PhalaDocs, AppraisalPolicy.Strict })
        {
            Verdict verdict = Appraiser.Appraise(bare, policy);
            Assert.Equal(AppraisalOutcome.Undecided, verdict.Outcome);
            Assert.DoesNotContain(verdict.Findings, finding => finding.Severity == FindingSeverity.Error);
            Assert.Null(verdict.ConfidenceLevel);
            Assert.Contains("if the report were genuine", verdict.LevelRule, StringComparison.Ordinal);
            Assert.Contains(verdict.Findings, finding => finding.Code == "IAS_SIGNATURE_MISSING");
            verdict = Appraiser.Appraise(borrowed, policy);
            Assert.Equal(AppraisalOutcome.Rejected, verdict.Outcome);
            Assert.Equal("IAS_SIGNATURE_INVALID", verdict.Cause!.Code);
        }
    }

    [Theory]
    [InlineData("phala_2021-09-12_SW_HARDENING_NEEDED.json", 2, null, 2)]
    [InlineData("phala_2023-10-18_GROUP_OUT_OF_DATE.json", 5, 5, 5)]
    public void The_published_form_is_read_in_hexadecimal_and_in_base64(string name, int phala, int? docs, int strict)
    {
        byte[] file = File.ReadAllBytes(SharedData.Path("data", "machine", "ias", name));
        IasFacts facts = IasCase.Verify(file, default, default, IasTrustRoot.Intel, IasCase.Now);
        Assert.Equal(Authenticity.Genuine, facts.Authenticity);
        Verdict verdict = Appraiser.Appraise(facts, AppraisalPolicy.Phala);
        Assert.Equal((AppraisalOutcome.Accepted, phala), (verdict.Outcome, verdict.ConfidenceLevel));
        Assert.Equal(docs, Appraiser.Appraise(facts, AppraisalPolicy.PhalaDocs).ConfidenceLevel);
        Assert.Equal(strict, Appraiser.Appraise(facts, AppraisalPolicy.Strict).ConfidenceLevel);
    }

    [Fact]
    public void What_is_short_is_named()
    {
        byte[] file = File.ReadAllBytes(SharedData.Path("data", "machine", "ias", "phala_2023-10-18_GROUP_OUT_OF_DATE.json"));
        IasFacts facts = IasCase.Verify(file, default, default, IasTrustRoot.Intel, IasCase.Now);
        Assert.Equal((EpidGroupConditions.OutOfDate, TcbConditions.CpuSvnOutOfDate, 0x0B56u, 13), (facts.PlatformInfo!.GroupFlags, facts.PlatformInfo.TcbFlags, facts.PlatformInfo.EpidGroup, facts.PlatformInfo.TargetPceSvn));
        Assert.Equal([("CPUSVN byte 0", 0x02, 0x15), ("CPUSVN byte 6", 0x00, 0x0e)], facts.Shortfall.Select(item => (item.Component, item.Have, item.Need)));
        Finding microcode = Assert.Single(facts.Findings, finding => finding.Code == "IAS_CPUSVN_OUT_OF_DATE");
        Assert.Equal(FindingActor.PlatformOperator, microcode.Actor);
        Assert.Contains("BIOS", microcode.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void A_report_from_the_future_is_refused()
    {
        IasCase real = IasCase.Load(IasCase.Signed.First());
        IasFacts facts = IasCase.Verify(real.Body, real.Signature, real.Certificate, IasTrustRoot.Intel, new DateTimeOffset(2018, 3, 30, 14, 0, 0, TimeSpan.Zero));
        Assert.Equal("IAS_REPORT_FROM_FUTURE", Appraiser.Appraise(facts, AppraisalPolicy.Phala).Cause!.Code);
    }

    [Fact]
    public void Every_form_of_signature_and_certificate_is_the_same_evidence()
    {
        IasCase real = IasCase.Load(IasCase.Signed.Last());
        byte[] signature = Convert.FromBase64String(System.Text.Encoding.ASCII.GetString(real.Signature));
        string pem = System.Text.Encoding.ASCII.GetString(real.Certificate), root = File.ReadAllText(SharedData.Path("data", "ias", "ias_root.pem"));
        byte[] der = Convert.FromBase64String(string.Concat(pem.Split('\n').Where(line => !line.StartsWith('-'))));
        string base64 = Convert.ToBase64String(signature);
        string[] signatures = [base64, base64 + "\n", "X-IASReport-Signature: " + base64 + "\r\n", Convert.ToHexString(signature), Uri.EscapeDataString(base64)];
        string[] certificates = [pem, pem + root, root + pem, Uri.EscapeDataString(pem + root), "x-iasreport-signing-certificate: " + Uri.EscapeDataString(pem), Convert.ToBase64String(der), Convert.ToHexStringLower(der)];
        foreach (byte[] form in signatures.Select(System.Text.Encoding.ASCII.GetBytes).Append(signature))
            Assert.Equal(Authenticity.Genuine, IasCase.Verify(real.Body, form, real.Certificate, IasTrustRoot.Intel, IasCase.Now).Authenticity);
        foreach (byte[] form in certificates.Select(System.Text.Encoding.ASCII.GetBytes).Append(der))
            Assert.Equal(Authenticity.Genuine, IasCase.Verify(real.Body, real.Signature, form, IasTrustRoot.Intel, IasCase.Now).Authenticity);
        Assert.Equal("IAS_CERTIFICATE_MISSING", IasCase.Verify(real.Body, real.Signature, System.Text.Encoding.ASCII.GetBytes(root), IasTrustRoot.Intel, IasCase.Now).Findings[0].Code);
    }
}
