using System.Text;
using Witan.Attestation;
using Xunit;

namespace Witan.Tests.Attestation.Ias;

/// <summary>What nobody has published: OK and the revoked statuses, unknown words, broken bodies, wrong signers.</summary>
public class SyntheticReportTests(SyntheticReportTests.Service service) : IClassFixture<SyntheticReportTests.Service>
{
    private static readonly AppraisalPolicy Policy = AppraisalPolicy.Phala with { AcceptSimulated = true };

    [Theory]
    [InlineData("OK", "", 1, 1, 1)]
    [InlineData("OK", "INTEL-SA-00219", 1, null, 2)]
    [InlineData("SW_HARDENING_NEEDED", "", 2, 2, 2)]
    [InlineData("SW_HARDENING_NEEDED", "INTEL-SA-00334", 2, null, 2)]
    [InlineData("SW_HARDENING_NEEDED", "INTEL-SA-00615", 2, null, 4)]
    [InlineData("CONFIGURATION_NEEDED", "", 3, 3, 3)]
    [InlineData("CONFIGURATION_AND_SW_HARDENING_NEEDED", "INTEL-SA-00389", 3, 3, 3)]
    [InlineData("CONFIGURATION_AND_SW_HARDENING_NEEDED", "INTEL-SA-00161", 4, 4, 4)]
    [InlineData("GROUP_OUT_OF_DATE", "INTEL-SA-00161", 5, 5, 5)]
    [InlineData("SIGNATURE_INVALID", "", null, null, null)]
    [InlineData("GROUP_REVOKED", "", null, null, null)]
    [InlineData("SIGNATURE_REVOKED", "", null, null, null)]
    [InlineData("KEY_REVOKED", "", null, null, null)]
    [InlineData("SIGRL_VERSION_MISMATCH", "", null, null, null)]
    [InlineData("ok", "", null, null, null)]
    [InlineData("UpToDate", "", null, null, null)]
    public void All_ten_statuses_and_no_other_have_their_level(string status, string advisory, int? phala, int? docs, int? strict)
    {
        IasFacts facts = service.It.Verify(IasTestService.Body(status, advisory.Length == 0 ? "" : $",\"advisoryIDs\":[\"{advisory}\"]"));
        Assert.Equal(Authenticity.Genuine, facts.Authenticity);
        Verdict verdict = Appraiser.Appraise(facts, Policy);
        Assert.Equal(phala, verdict.ConfidenceLevel);
        Assert.Equal(phala is null ? AppraisalOutcome.Rejected : AppraisalOutcome.Accepted, verdict.Outcome);
        Assert.True(verdict.IsSimulated);
        Assert.Equal(docs, Appraiser.Appraise(facts, AppraisalPolicy.PhalaDocs).ConfidenceLevel);
        Assert.Equal(strict, Appraiser.Appraise(facts, AppraisalPolicy.Strict).ConfidenceLevel);
        Assert.Equal("POLICY_SIMULATED", Appraiser.Appraise(facts, AppraisalPolicy.Phala).Findings.First(finding => finding.Severity == FindingSeverity.Error && finding.Code.StartsWith("POLICY", StringComparison.Ordinal)).Code);
    }

    [Fact]
    public void The_policy_is_asked_as_for_quotes()
    {
        IasFacts facts = service.It.Verify(IasTestService.Body("GROUP_OUT_OF_DATE", ",\"advisoryIDs\":[\"INTEL-SA-00161\"]"), IasTestService.At.AddDays(3));
        (AppraisalPolicy Policy, AppraisalOutcome Outcome, string? Code)[] cases =
        [
            (Policy with { WorstLevel = 4 }, AppraisalOutcome.Rejected, "POLICY_TCB_STATUS"),
            (Policy with { RejectedAdvisories = ["INTEL-SA-00161"] }, AppraisalOutcome.Rejected, "POLICY_ADVISORY"),
            (Policy with { MrEnclave = [new string('1', 64)] }, AppraisalOutcome.Rejected, "POLICY_MEASUREMENT"),
            (Policy with { MrEnclave = [new string('0', 64)] }, AppraisalOutcome.Accepted, null),
            (Policy with { MrTd = [new string('0', 96)] }, AppraisalOutcome.Rejected, "POLICY_MEASUREMENT"),
            (Policy with { ReportData = new byte[64] }, AppraisalOutcome.Accepted, null),
            (Policy with { ReportData = Enumerable.Repeat((byte)1, 64).ToArray() }, AppraisalOutcome.Rejected, "POLICY_REPORT_DATA"),
            (Policy with { MinimumProvenance = Provenance.P1 }, AppraisalOutcome.Rejected, "POLICY_PLATFORM_IDENTITY"),
            (Policy with { MinimumEvaluationDataNumber = 1 }, AppraisalOutcome.Undecided, "POLICY_EVALUATION_NUMBER"),
            (Policy with { MinimumTcbDate = IasTestService.At }, AppraisalOutcome.Undecided, "POLICY_TCB_DATE"),
        ];
        foreach ((AppraisalPolicy policy, AppraisalOutcome outcome, string? code) in cases)
        {
            Verdict verdict = Appraiser.Appraise(facts, policy);
            Assert.Equal((outcome, code), (verdict.Outcome, verdict.Cause?.Code));
        }
    }

    [Fact]
    public void The_signers_chain_is_judged_at_the_reports_time()
    {
        Assert.Equal("IAS_CHAIN_AT_REPORT_TIME", service.It.Verify(IasTestService.Body("OK")).Findings[0].Code);
        Assert.Equal("IAS_SIGNER_EXPIRED_SINCE", service.It.Verify(IasTestService.Body("OK"), IasTestService.At.AddYears(5)).Findings[0].Code);
        IasFacts expired = new IasTestService(IasTestService.At).Verify(IasTestService.Body("OK"));
        Assert.Equal((Authenticity.NotGenuine, "IAS_CERTIFICATE_EXPIRED"), (expired.Authenticity, expired.Findings[0].Code));
        Assert.Equal(Authenticity.Genuine, new IasTestService(IasTestService.At.AddSeconds(1)).Verify(IasTestService.Body("OK")).Authenticity);
        Assert.Equal("IAS_CERTIFICATE_MISSING", new IasTestService(signerName: "Somebody").Verify(IasTestService.Body("OK")).Findings[0].Code);
        Assert.Equal("IAS_CERTIFICATE_INVALID", new IasTestService(isCa: true).Verify(IasTestService.Body("OK")).Findings[0].Code);
        byte[] body = Encoding.UTF8.GetBytes(IasTestService.Body("OK"));
        Assert.Equal("IAS_CERTIFICATE_UNTRUSTED", IasCase.Verify(body, new byte[256], service.It.Certificate, IasTrustRoot.Intel, IasTestService.At).Findings[0].Code);
        Assert.Equal("IAS_SIGNATURE_INVALID", IasCase.Verify(body, new byte[256], service.It.Certificate, service.It.Root, IasTestService.At).Findings.First(finding => finding.Severity == FindingSeverity.Error).Code);
    }

    [Theory]
    [InlineData("\"version\":4", "\"version\":6")]
    [InlineData("\"version\":4", "\"version\":4,\"version\":4")]
    [InlineData("\"version\":4", "\"version\":\"4\"")]
    [InlineData("07:08:09.000001", "07:08:09Z")]
    [InlineData("\"id\":\"1\"", "\"id\":1")]
    [InlineData("\"id\":\"1\"", "\"id\":\"1\",\"platformInfoBlob\":\"123\"")]
    [InlineData("\"id\":\"1\"", "\"id\":\"1\",\"advisoryIDs\":\"INTEL-SA-00334\"")]
    [InlineData("AA\"", "A=\"")]
    [InlineData("AAAA\"", "\"")]
    [InlineData("}", "}}")]
    [InlineData("isvEnclaveQuoteStatus", "status")]
    public void A_broken_body_is_refused_even_when_it_is_signed(string from, string to)
    {
        string body = IasTestService.Body("OK").Replace(from, to, StringComparison.Ordinal);
        Assert.NotEqual(IasTestService.Body("OK"), body);
        Assert.False(IasReport.TryParse(Encoding.UTF8.GetBytes(body), out _, out Finding? refusal));
        Assert.Equal("IAS_REPORT_FORMAT", refusal.Code);
        Assert.Equal(AppraisalOutcome.Rejected, Appraiser.Refuse(refusal, Policy).Outcome);
    }

    [Fact]
    public void A_debug_enclave_is_rejected_by_every_policy()
    {
        IasFacts facts = service.It.Verify(IasTestService.Body("OK", debug: true));
        foreach (AppraisalPolicy policy in new[] { Policy, AppraisalPolicy.PhalaDocs, AppraisalPolicy.Strict })
            Assert.Contains(Appraiser.Appraise(facts, policy).Findings, finding => finding is { Code: "POLICY_SGX_DEBUG", Severity: FindingSeverity.Error });
        Assert.Null(Appraiser.Appraise(facts, AppraisalPolicy.Strict).ConfidenceLevel);
    }

    public sealed class Service
    {
        internal IasTestService It { get; } = new();
    }
}
