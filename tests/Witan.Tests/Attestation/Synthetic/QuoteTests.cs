using System.Buffers.Binary;
using Witan.Attestation;
using Witan.Fuzz.Pki;
using Xunit;

namespace Witan.Tests.Attestation.Synthetic;

/// <summary>Quotes of every version and body, and every way in which one can be wrong.</summary>
public class QuoteTests
{
    private static readonly byte[] Order = Convert.FromHexString("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");

    private static readonly Dictionary<string, Case> Cases = new()
    {
        ["SGX in version 4"] = new(false, a => a.Quote.Version = 4, null),
        ["SGX in version 5"] = new(false, a => Version5(a, 1, TestDocuments.SgxReport()), null),
        ["TD 1.0 in version 5"] = new(true, a => Version5(a, 2, TestDocuments.TdReport(584)), null),
        ["TD 1.5 in version 5"] = new(true, a => Version5(a, 3, TestDocuments.TdReport(648)), null),
        ["TD 1.5 extended in version 5"] = new(true, a => Version5(a, 4, TestDocuments.TdReport(885)), null),
        ["SGX body in a TDX quote"] = new(true, a => Version5(a, 1, TestDocuments.SgxReport()), "QUOTE_BODY_INVALID"),
        ["TD body in an SGX quote"] = new(false, a => Version5(a, 2, TestDocuments.TdReport(584)), "QUOTE_BODY_INVALID"),
        ["body size wrong"] = new(true, a =>
        {
            Version5(a, 3, TestDocuments.TdReport(648));
            a.Quote.BodySize = 647;
        }, "QUOTE_BODY_INVALID"),
        ["body type 0"] = new(true, a => Version5(a, 0, TestDocuments.TdReport(584)), "QUOTE_BODY_INVALID"),
        ["body type 5"] = new(true, a => Version5(a, 5, TestDocuments.TdReport(584)), "QUOTE_BODY_INVALID"),
        ["body type 65535"] = new(true, a => Version5(a, 65535, TestDocuments.TdReport(584)), "QUOTE_BODY_INVALID"),
        ["P-384 key type"] = new(true, a => a.Quote.KeyType = 3, "QUOTE_KEY_TYPE_UNSUPPORTED"),
        ["key type 0"] = new(true, a => a.Quote.KeyType = 0, "QUOTE_KEY_TYPE_UNSUPPORTED"),
        ["key type 1"] = new(true, a => a.Quote.KeyType = 1, "QUOTE_KEY_TYPE_UNSUPPORTED"),
        ["TDX in version 3"] = new(true, a => a.Quote.Version = 3, "QUOTE_TEE_TYPE_UNSUPPORTED"),
        ["TEE type 0x82"] = new(true, a => a.Quote.Tee = 0x82, "QUOTE_TEE_TYPE_UNSUPPORTED"),
        ["version 2"] = new(false, a => a.Quote.Version = 2, "QUOTE_VERSION_UNSUPPORTED"),
        ["version 6"] = new(false, a => a.Quote.Version = 6, "QUOTE_VERSION_UNSUPPORTED"),
        ["another vendor"] = new(false, a => a.Quote.Vendor[0] ^= 1, "QUOTE_QE_VENDOR_UNKNOWN"),
        ["type 1 without a chain"] = new(true, a => Certified(a, 1, 36, false), "PCK_CHAIN_UNAVAILABLE"),
        ["type 2 without a chain"] = new(true, a => Certified(a, 2, 276, false), "PCK_CHAIN_UNAVAILABLE"),
        ["type 3 without a chain"] = new(false, a => Certified(a, 3, 404, false), "PCK_CHAIN_UNAVAILABLE"),
        ["type 4 without a chain"] = new(false, a => Certified(a, 4, 500, false), "PCK_CHAIN_UNAVAILABLE"),
        ["type 1 with a chain"] = new(true, a => Certified(a, 1, 36, true), null),
        ["type 2 with a chain"] = new(false, a => Certified(a, 2, 276, true), null),
        ["type 3 with a chain"] = new(true, a => Certified(a, 3, 404, true), null),
        ["type 4 with a chain"] = new(false, a => Certified(a, 4, 500, true), null),
        ["type 0"] = new(true, a => Certified(a, 0, 36, true), "QUOTE_CERTIFICATION_TYPE_UNSUPPORTED"),
        ["type 6 inside"] = new(true, a => Certified(a, 6, 36, true), "QUOTE_CERTIFICATION_TYPE_UNSUPPORTED"),
        ["type 7"] = new(false, a => Certified(a, 7, 36, true), "QUOTE_CERTIFICATION_TYPE_UNSUPPORTED"),
        ["outer type 5"] = new(true, a => a.Quote.OuterType = 5, "QUOTE_CERTIFICATION_TYPE_UNSUPPORTED"),
        ["no QE authentication data"] = new(true, a => a.Quote.AuthData = [], null),
        ["31 bytes of it"] = new(true, a => a.Quote.AuthData = new byte[31], null),
        ["33 bytes of it"] = new(false, a => a.Quote.AuthData = new byte[33], null),
        ["more of it than a quote may have"] = new(false, a => a.Quote.AuthData = new byte[65535], "QUOTE_TOO_LARGE"),
        ["as much of it as a quote may have"] = new(false, a => a.Quote.AuthData = new byte[60000], null),
        ["certification data over its bound"] = new(false, a => a.Quote.Certification = new byte[33 * 1024], "QUOTE_TOO_LARGE"),
        ["QE report data tail not zero"] = new(true, a => a.Quote.QeReport[352] = 1, null, "QE_REPORT_DATA_TAIL_NONZERO"),
        ["QE in debug mode"] = new(true, a => a.Quote.QeReport[48] |= 2, "QE_ATTRIBUTES_MISMATCH", "POLICY_QE_DEBUG"),
        ["enclave in debug mode"] = new(false, a => a.Quote.Body[48] |= 2, "POLICY_SGX_DEBUG"),
        ["TD in debug mode"] = new(true, a => a.Quote.Body[120] |= 1, "POLICY_TD_DEBUG"),
        ["TD that can be profiled"] = new(true, a => a.Quote.Body[120] |= 0x10, "POLICY_TD_DEBUG"),
        ["TD with a reserved bit"] = new(true, a => a.Quote.Body[121] |= 1, "POLICY_TD_ATTRIBUTES"),
        ["TD with bit 39"] = new(true, a => a.Quote.Body[124] |= 0x80, "POLICY_TD_ATTRIBUTES"),
        ["TD with PERFMON"] = new(true, a => a.Quote.Body[127] |= 0x80, null),
        ["TD without SEPT_VE_DISABLE"] = new(true, a => a.Quote.Body[123] = 0, "POLICY_SEPT_VE_DISABLE"),
        ["TD with a service TD"] = new(true, a =>
        {
            Version5(a, 3, TestDocuments.TdReport(648));
            a.Quote.Body[600] = 1;
        }, "POLICY_SERVICE_TD"),
        ["bytes behind the quote"] = new(true, a => a.Quote.Trailing = new byte[100], null, "QUOTE_TRAILING_BYTES"),
        ["slack in the authentication data, version 3"] = new(false, a => a.Quote.Slack = new byte[3], null, "QUOTE_AUTH_DATA_SLACK"),
        ["slack in the authentication data, version 4"] = new(true, a => a.Quote.Slack = new byte[3], null, "QUOTE_AUTH_DATA_SLACK"),
        ["slack in the outer block"] = new(true, a => a.Quote.InnerSlack = new byte[3], "QUOTE_AUTH_DATA_INVALID"),
        ["length of the authentication data at its limit"] = new(true, a => a.Quote.Finish = bytes => With32(bytes, 632, uint.MaxValue), "QUOTE_TRUNCATED"),
        ["length of the outer block at its limit"] = new(true, a => a.Quote.Finish = bytes => With32(bytes, 636 + 130, uint.MaxValue), "QUOTE_AUTH_DATA_INVALID"),
        ["length of the certification data at its limit"] = new(false, a => a.Quote.Finish = bytes => With32(bytes, 436 + 580 + 32, uint.MaxValue), "QUOTE_AUTH_DATA_INVALID"),
        ["bit of the signature"] = new(true, a => a.Quote.ChangeSignature = Flip(7), "QUOTE_SIGNATURE_INVALID"),
        ["bit of the QE report's signature"] = new(true, a => a.Quote.ChangeQeSignature = Flip(40), "QE_REPORT_SIGNATURE_INVALID"),
        ["r of zero"] = new(true, a => a.Quote.ChangeSignature = signature => [.. new byte[32], .. signature[32..]], "QUOTE_SIGNATURE_INVALID"),
        ["s of zero"] = new(true, a => a.Quote.ChangeQeSignature = signature => [.. signature[..32], .. new byte[32]], "QE_REPORT_SIGNATURE_INVALID"),
        ["signature of zeros"] = new(false, a => a.Quote.ChangeSignature = _ => new byte[64], "QUOTE_SIGNATURE_INVALID"),
        ["r not below the order"] = new(true, a => a.Quote.ChangeSignature = signature => [.. Order, .. signature[32..]], "QUOTE_SIGNATURE_INVALID"),
        ["s not below the order"] = new(true, a => a.Quote.ChangeSignature = signature => [.. signature[..32], .. Enumerable.Repeat((byte)0xFF, 32)], "QUOTE_SIGNATURE_INVALID"),
        ["the other s"] = new(true, a => a.Quote.ChangeSignature = TestQuote.Negated, null),
        ["the other s of the QE report"] = new(false, a => a.Quote.ChangeQeSignature = TestQuote.Negated, null),
        ["attestation key off the curve"] = new(true, a => a.Quote.AttestationPoint = [.. Enumerable.Repeat((byte)1, 64)], "ATTESTATION_KEY_INVALID"),
        ["attestation key of zeros"] = new(true, a => a.Quote.AttestationPoint = new byte[64], "ATTESTATION_KEY_INVALID"),
        ["attestation key not below the prime"] = new(true, a => a.Quote.AttestationPoint = [.. Enumerable.Repeat((byte)0xFF, 64)], "ATTESTATION_KEY_INVALID"),
        ["attestation key that is not bound"] = new(true, a =>
        {
            a.Quote.BindKey = false;
            a.Quote.QeReport[320] = 1;
        }, "QE_REPORT_DATA_MISMATCH"),
        ["QE report of another platform"] = new(true, a => a.Quote.PckKey = TestAuthority.Key("stranger"), "QE_REPORT_SIGNATURE_INVALID"),
        ["quote signed by another key"] = new(false, a => a.Quote.Finish = bytes => With(bytes, 48 + 64, 0x55), "QUOTE_SIGNATURE_INVALID"),
        ["several things at once, the first in order first"] = new(true, a =>
        {
            a.Quote.ChangeSignature = Flip(7);
            a.Quote.ChangeQeSignature = Flip(7);
            a.Quote.Body[120] |= 1;
            a.PckCrl.Revoked.Add(a.Pck.Serial);
            a.TcbInfo["fmspc"] = "D0D0D0D0D0D1";
        }, "PCK_REVOKED", "TCB_INFO_FMSPC_MISMATCH", "QE_REPORT_SIGNATURE_INVALID", "QUOTE_SIGNATURE_INVALID", "POLICY_TD_DEBUG"),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_change_has_its_cause(string name) => Judgement.Check(Cases, name);

    [Fact]
    public void A_configuration_of_an_enclave_can_be_pinned()
    {
        var authority = new TestAuthority(tdx: false);
        byte[] id = [.. Enumerable.Range(1, 64).Select(i => (byte)i)];
        id.CopyTo(authority.Quote.Body, 192);
        authority.Quote.Body[260] = 3;
        AppraisalPolicy policy = AppraisalPolicy.Phala with { Name = "ours", ConfigId = [Convert.ToHexStringLower(id)], MinimumConfigSvn = 3 };
        Assert.Null(Judgement.Of(authority, policy).Cause);
        Finding older = Judgement.Of(authority, policy with { MinimumConfigSvn = 4 }).Verdict.Cause!;
        Assert.Equal(("POLICY_MEASUREMENT", "CONFIGSVN"), (older.Code, older.Subject));
        Finding other = Judgement.Of(authority, policy with { ConfigId = [new string('0', 128)] }).Verdict.Cause!;
        Assert.Equal(("POLICY_MEASUREMENT", "CONFIGID"), (other.Code, other.Subject));
        // A policy that pins an enclave's configuration accepts no TD.
        Assert.Equal("POLICY_MEASUREMENT", Judgement.Of(new TestAuthority(tdx: true), policy).Cause);
    }

    [Theory]
    [InlineData(0x01)]
    [InlineData(0x10)]
    [InlineData(0x80)]
    public void A_td_that_the_host_can_look_into_has_no_level_and_no_tier(int attributes)
    {
        var authority = new TestAuthority(tdx: true);
        authority.Quote.Body[120] |= (byte)attributes;
        Judgement judgement = Judgement.Of(authority);
        Assert.Equal((AppraisalOutcome.Rejected, null, null), (judgement.Verdict.Outcome, judgement.Verdict.ConfidenceLevel, judgement.Verdict.EffectiveTier));
        Assert.Contains(judgement.Verdict.Caps, cap => cap is { Code: "DEBUG", Tier: null });
        TrustworthinessVector vector = AppraisalClaims.Of(judgement.Facts!, judgement.Verdict, AppraisalPolicy.Phala, new Dictionary<string, string>()).Vector;
        Assert.Equal(((sbyte?)96, (sbyte?)96), (vector.RuntimeOpaque, vector.Configuration));
    }

    [Fact]
    public void The_test_root_is_not_trusted_unless_it_is_given()
    {
        var authority = new TestAuthority(tdx: true);
        Assert.True(Witan.Attestation.Collateral.TryParse(authority.CollateralBytes(), out var collateral, out _));
        var verification = Witan.Attestation.CollateralVerifier.Verify(collateral, Witan.Attestation.TrustRoot.Intel, TestAuthority.Noon);
        Assert.Null(verification.Trusted);
        Assert.Equal("ROOT_CA_UNTRUSTED", verification.Findings[0].Code);
    }

    private static void Version5(TestAuthority a, int type, byte[] body)
    {
        a.Quote.Version = 5;
        a.Quote.BodyType = type;
        a.Quote.Body = body;
    }

    private static void Certified(TestAuthority a, int type, int size, bool supplied)
    {
        a.Quote.CertificationType = type;
        a.Quote.Certification = new byte[size];
        if (supplied)
            a.ChangeCollateral = file => file["pck_certificate_chain"] = a.CertificateOrder();
    }

    private static Func<byte[], byte[]> Flip(int at) => signature => With(signature, at, (byte)(signature[at] ^ 1));

    private static byte[] With(byte[] bytes, int at, byte value)
    {
        byte[] copy = [.. bytes];
        copy[at] = value;
        return copy;
    }

    private static byte[] With32(byte[] bytes, int at, uint value)
    {
        byte[] copy = [.. bytes];
        BinaryPrimitives.WriteUInt32LittleEndian(copy.AsSpan(at), value);
        return copy;
    }
}
