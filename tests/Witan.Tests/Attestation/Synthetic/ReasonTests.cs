using System.Text;
using System.Text.Json.Nodes;
using Witan.Attestation;
using Witan.Fuzz.Pki;
using Witan.Tests.Attestation.Ias;
using Xunit;

namespace Witan.Tests.Attestation.Synthetic;

/// <summary>What is wrong is said with its reason and its place, in our words, and to whom it helps.</summary>
public class ReasonTests
{
    private static readonly Dictionary<string, (Action<TestAuthority> Change, string Code, string Reason)> Cases = new()
    {
        ["PPID"] = (a => a.Extension.Ppid = [1, 2], "PCK_EXTENSION_INVALID", "PPID has 2 bytes, not 16"),
        ["FMSPC"] = (a => a.Extension.Fmspc = [0, 0, 0, 0, 0], "PCK_EXTENSION_INVALID", "FMSPC has 5 bytes, not 6"),
        ["component"] = (a => a.Extension.Components[3] = 256, "PCK_EXTENSION_INVALID", "component 3 is no number from 0 to 255"),
        ["members"] = (a => a.Extension.Omitted.Add("6"), "PCK_EXTENSION_INVALID", "it has 6 members, not 5 or 7"),
        ["certificate"] = (a => a.Pck.Algorithm = "1.2.840.10045.4.3.3", "PCK_CHAIN_FORMAT", "certificate 1 of the PCK chain is not as Intel issues them: the signature is not ECDSA with SHA-256"),
        ["extension"] = (a => a.Pck.Others.Add(("1.2.3.4", true)), "PCK_CHAIN_FORMAT", "the extension 1.2.3.4 is critical and unknown"),
        ["cut list"] = (a => a.RootCrl.Finish = der => der[..^1], "CRL_FORMAT", "it is no strict DER"),
        ["delta list"] = (a => a.PckCrl.Others.Add(("2.5.29.27", true)), "CRL_FORMAT", "the extension 2.5.29.27 is critical and unknown"),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_reason_is_said(string name)
    {
        var authority = new TestAuthority(tdx: true);
        Cases[name].Change(authority);
        Finding cause = Judgement.Of(authority).Verdict.Cause!;
        Assert.Equal(Cases[name].Code, cause.Code);
        Assert.EndsWith(Cases[name].Reason, cause.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_place_in_a_document_is_said()
    {
        var authority = new TestAuthority(tdx: true);
        Judgement.At(authority.TcbInfo, "tcbLevels", 1, "tcb", "sgxtcbcomponents", 2)["svn"] = 300;
        Finding value = Judgement.Of(authority).Verdict.Cause!;
        Assert.Equal("TCB info: member svn is no number from 0 to 255 (at tcbLevels[1].tcb.sgxtcbcomponents[2].svn)", value.Message);
        Assert.Equal(authority.TcbInfo.ToJsonString().IndexOf("300", StringComparison.Ordinal), value.Offset);

        authority = new TestAuthority(tdx: true);
        Judgement.At(authority.TcbInfo, "tcbLevels", 1, "tcb").Remove("pcesvn");
        Finding missing = Judgement.Of(authority).Verdict.Cause!;
        Assert.Equal("TCB info cannot be read: member pcesvn is missing (at tcbLevels[1].tcb)", missing.Message);
        Assert.NotNull(missing.Offset);
    }

    [Theory]
    [InlineData(5000)]
    [InlineData(10)]
    [InlineData(1)]
    public void A_cut_file_breaks_at_an_offset_and_in_a_member(int length)
    {
        byte[] whole = new TestAuthority(tdx: false).CollateralBytes();
        Assert.False(Collateral.TryParse(whole.AsMemory(0, length), out _, out Finding? refusal));
        Assert.Equal("COLLATERAL_FORMAT", refusal.Code);
        Assert.InRange(refusal.Offset!.Value, 0, length);
        Assert.DoesNotContain("LineNumber", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("BytePosition", refusal.Message, StringComparison.Ordinal);
        if (length == 5000)
            Assert.Contains("(at ", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_advisory_with_control_characters_is_none()
    {
        var authority = new TestAuthority(tdx: true);
        authority.TcbInfo["tcbLevels"]![1]!["advisoryIDs"] = new JsonArray("INTEL-SA-00001\u001b[2J");
        Finding cause = Judgement.Of(authority).Verdict.Cause!;
        Assert.Equal("TCB_INFO_INVALID", cause.Code);
        Assert.DoesNotContain(cause.Message, char.IsControl);
    }

    [Fact]
    public void Who_looks_at_the_clock_is_not_told_to_provision()
    {
        var early = new TestAuthority(tdx: true);
        early.Pck.NotBefore = TestAuthority.Noon.AddDays(1);
        Finding clock = Judgement.Of(early).Verdict.Cause!;
        Assert.Equal(("PCK_NOT_YET_VALID", FindingActor.VerifierOperator), (clock.Code, clock.Actor));
        Assert.StartsWith("Look at the clocks", clock.Remedy, StringComparison.Ordinal);
        var late = new TestAuthority(tdx: true);
        late.Pck.NotAfter = TestAuthority.Noon.AddDays(-1);
        Finding expired = Judgement.Of(late).Verdict.Cause!;
        Assert.Equal(("PCK_EXPIRED", FindingActor.PlatformOperator, "Provision the platform's PCK certificate again."), (expired.Code, expired.Actor, expired.Remedy));
    }

    [Fact]
    public void A_genuine_report_is_verified_evidence_of_no_platform()
    {
        var service = new IasTestService();
        Verdict genuine = Appraiser.Appraise(service.Verify(IasTestService.Body("OK")), AppraisalPolicy.Phala with { AcceptSimulated = true });
        Assert.Equal((Provenance.P0, "a report of the attestation service names no platform"), (genuine.Provenance.Level, genuine.Provenance.Evidence));
        IasFacts unsigned = IasCase.Verify(Encoding.UTF8.GetBytes(IasTestService.Body("OK")), default, default, service.Root, IasTestService.At);
        Assert.Equal("no verified evidence of a platform", Appraiser.Appraise(unsigned, AppraisalPolicy.Phala).Provenance.Evidence);
    }
}
