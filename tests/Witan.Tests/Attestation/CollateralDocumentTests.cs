using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Witan.Attestation;
using Xunit;

namespace Witan.Tests.Attestation;

/// <summary>TCB info, QE identity and the collateral around them, each rule broken once, under a good signature.</summary>
public sealed class CollateralDocumentTests : IDisposable
{
    private readonly SimulatedPlatform _platform = new("documents");

    public void Dispose() => _platform.Dispose();

    [Theory]
    [InlineData("\"version\":3", "\"version\":4", "TCB_INFO_VERSION_UNSUPPORTED")]
    [InlineData("\"version\":3", "\"version\":\"3\"", "TCB_INFO_INVALID")]
    [InlineData("\"version\":3,", "", "TCB_INFO_FORMAT")]
    [InlineData("\"id\":\"TDX\",", "", "TCB_INFO_FORMAT")]
    [InlineData("\"id\":\"TDX\"", "\"id\":\"SEV\"", "TCB_INFO_INVALID")]
    [InlineData("\"id\":\"TDX\"", "\"id\":\"SGX\"", "TCB_INFO_INVALID")]
    [InlineData("\"tcbType\":0", "\"tcbType\":1", "TCB_INFO_INVALID")]
    [InlineData("\"pceId\":\"0000\"", "\"pceId\":\"00\"", "TCB_INFO_INVALID")]
    [InlineData("\"fmspc\":\"d0d0d0d0d0d0\"", "\"fmspc\":\"d0d0d0d0d0dg\"", "TCB_INFO_INVALID")]
    [InlineData("\"pcesvn\":13", "\"pcesvn\":65536", "TCB_INFO_INVALID")]
    [InlineData("\"pcesvn\":13", "\"pcesvn\":-1", "TCB_INFO_INVALID")]
    [InlineData("\"pcesvn\":13", "\"pcesvn\":13.0", "TCB_INFO_INVALID")]
    [InlineData("\"pcesvn\":13", "\"pcesvn\":\"13\"", "TCB_INFO_INVALID")]
    [InlineData("\"pcesvn\":13", "\"pcesvn\":13,\"pcesvn\":13", "TCB_INFO_FORMAT")]
    [InlineData("\"pcesvn\":13", "\"pcesvn\":13,\"\\u0070cesvn\":13", "TCB_INFO_FORMAT")]
    [InlineData("\"pcesvn\":13", "\"pcesvn\":13,\"x\":1,\"x\":2", "TCB_INFO_FORMAT")]
    [InlineData("\"pcesvn\":13", "\"pcesvn\":13,\"x\":{\"y\":1,\"y\":2}", "TCB_INFO_FORMAT")]
    [InlineData("\"pcesvn\":13,", "", "TCB_INFO_FORMAT")]
    [InlineData("[{\"svn\":5}", "[{\"svn\":256}", "TCB_INFO_INVALID")]
    [InlineData("[{\"svn\":5}", "[{\"svn\":5},{\"svn\":5}", "TCB_INFO_INVALID")]
    [InlineData("[{\"svn\":5},", "[", "TCB_INFO_INVALID")]
    [InlineData("[{\"svn\":5}", "[5", "TCB_INFO_INVALID")]
    [InlineData("[{\"svn\":5}", "[{\"category\":\"BIOS\"}", "TCB_INFO_FORMAT")]
    [InlineData("[{\"svn\":5}", "[{\"svn\":5,\"category\":1}", "TCB_INFO_INVALID")]
    [InlineData("\"TDX_01\"", "\"TDX_0\"", "TCB_INFO_INVALID")]
    [InlineData("\"TDX_01\"", "\"TDX_0x\"", "TCB_INFO_INVALID")]
    [InlineData("T00:00:00Z\",\"tcbStatus\":\"UpToDate\"}]}", "T00:00:00Z\",\"tcbStatus\":\"Fine\"}]}", "TCB_INFO_INVALID")]
    [InlineData("2025-01-01T00:00:00Z", "2025-02-31T00:00:00Z", "TCB_INFO_INVALID")]
    [InlineData("2025-01-01T00:00:00Z", "2025-01-01T23:59:60Z", "TCB_INFO_INVALID")]
    [InlineData("2025-01-01T00:00:00Z", "2025-01-01T00:00:00+00:00", "TCB_INFO_INVALID")]
    [InlineData("2025-01-01T00:00:00Z", "2025-01-01T00:00:00.5Z", "TCB_INFO_INVALID")]
    [InlineData("\"tcbStatus\":\"UpToDate\"}]}", "\"tcbStatus\":\"UpToDate\",\"advisoryIDs\":[1]}]}", "TCB_INFO_INVALID")]
    [InlineData("\"tcbStatus\":\"UpToDate\"}]}", "\"tcbStatus\":\"UpToDate\",\"advisoryIDs\":\"INTEL-SA-00001\"}]}", "TCB_INFO_INVALID")]
    [InlineData("{\"id\":\"TDX\"", "[{\"id\":\"TDX\"", "TCB_INFO_FORMAT")]
    public void Each_rule_of_TCB_info_has_its_refusal(string find, string put, string code)
    {
        string text = _platform.Json["tcb_info"]!.GetValue<string>();
        Assert.Contains(find, text, StringComparison.Ordinal);
        _platform.Sign("tcb_info", text.Replace(find, put, StringComparison.Ordinal));
        CollateralVerification verification = _platform.Collateral();
        Assert.Null(verification.Trusted);
        Assert.Equal(code, verification.Findings[0].Code);
    }

    [Theory]
    [InlineData("}")]
    [InlineData(" {}")]
    [InlineData("x")]
    public void Nothing_may_follow_the_document(string tail)
    {
        _platform.Sign("tcb_info", _platform.Json["tcb_info"]!.GetValue<string>() + tail);
        Assert.Equal("TCB_INFO_FORMAT", _platform.Collateral().Findings[0].Code);
    }

    [Theory]
    [InlineData("\"version\":2", "\"version\":3", "QE_IDENTITY_VERSION_UNSUPPORTED")]
    [InlineData("\"version\":2,", "", "QE_IDENTITY_FORMAT")]
    [InlineData("\"miscselect\":\"00000000\"", "\"miscselect\":\"000000\"", "QE_IDENTITY_INVALID")]
    [InlineData("\"isvprodid\":2", "\"isvprodid\":65536", "QE_IDENTITY_INVALID")]
    [InlineData("\"attributes\":\"11", "\"attributes\":\"15", "QE_IDENTITY_INVALID")]
    [InlineData("\"tcbStatus\":\"UpToDate\"", "\"tcbStatus\":\"ConfigurationNeeded\"", "QE_IDENTITY_INVALID")]
    [InlineData("\"isvsvn\":4", "\"isvsvn\":4,\"isvsvn\":4", "QE_IDENTITY_FORMAT")]
    public void Each_rule_of_QE_identity_has_its_refusal(string find, string put, string code)
    {
        string text = _platform.Json["qe_identity"]!.GetValue<string>();
        Assert.Contains(find, text, StringComparison.Ordinal);
        _platform.Sign("qe_identity", text.Replace(find, put, StringComparison.Ordinal));
        Assert.Equal(code, _platform.Collateral().Findings[0].Code);
    }

    [Fact]
    public void The_order_of_members_and_of_levels_and_unknown_members_do_not_matter()
    {
        JsonObject info = JsonNode.Parse(_platform.Json["tcb_info"]!.GetValue<string>())!.AsObject();
        JsonArray levels = info["tcbLevels"]!.AsArray();
        for (int lower = 1; lower <= 3; lower++)
        {
            JsonObject level = levels[0]!.DeepClone().AsObject();
            level["tcb"]!["pcesvn"] = 13 - lower;
            level["tcbStatus"] = "OutOfDate";
            levels.Insert(0, level);
        }

        var turned = new JsonObject(info.Reverse().Select(member => KeyValuePair.Create(member.Key, member.Value?.DeepClone()))) { ["unknown"] = new JsonArray(1, new JsonObject()) };
        _platform.Sign("tcb_info", turned.ToJsonString());
        TrustedCollateral collateral = _platform.Trusted();
        Assert.Equal([13, 12, 11, 10], collateral.TcbInfo.Levels.Select(level => level.PceSvn));
        Assert.Equal(TcbStatus.UpToDate, Judge(collateral).Tcb!.Status);
    }

    [Fact]
    public void Two_levels_with_the_same_SVNs_make_it_invalid()
    {
        JsonObject info = JsonNode.Parse(_platform.Json["tcb_info"]!.GetValue<string>())!.AsObject();
        info["tcbLevels"]!.AsArray().Add(info["tcbLevels"]![0]!.DeepClone());
        _platform.Sign("tcb_info", info.ToJsonString());
        Assert.Equal("TCB_INFO_INVALID", _platform.Collateral().Findings[0].Code);
    }

    [Theory]
    [InlineData("\"TDX_01\"", "\"tdx_01\"", null)]
    [InlineData("\"TDX_01\"", "\"TDX_02\"", "TDX_MODULE_IDENTITY_MISSING")]
    [InlineData("\"tcb\":{\"isvsvn\":5},\"tcbDate\":\"2025-01-01T00:00:00Z\",\"tcbStatus\":\"UpToDate\"", "\"tcb\":{\"isvsvn\":5},\"tcbDate\":\"2025-01-01T00:00:00Z\",\"tcbStatus\":\"ConfigurationNeeded\"", "TCB_LEVEL_UNSUPPORTED")]
    [InlineData("\"tcb\":{\"isvsvn\":5}", "\"tcb\":{\"isvsvn\":6}", "TCB_LEVEL_UNSUPPORTED")]
    public void The_modules_own_identity_judges_it(string find, string put, string? code)
    {
        string text = _platform.Json["tcb_info"]!.GetValue<string>();
        Assert.Contains(find, text, StringComparison.Ordinal);
        _platform.Sign("tcb_info", text.Replace(find, put, StringComparison.Ordinal));
        QuoteFacts facts = Judge(_platform.Trusted());
        Assert.Equal(code, facts.Findings is [var first, ..] ? first.Code : null);
        if (code == "TCB_LEVEL_UNSUPPORTED")
            Assert.Equal("TDX module", facts.Findings[0].Subject);
    }

    [Fact]
    public void Every_field_is_reachable()
    {
        TrustedCollateral collateral = _platform.Trusted();
        TdxModuleIdentity module = collateral.TcbInfo.FindModule(1)!;
        Assert.Equal("ffffffffffffffff", Convert.ToHexStringLower(module.AttributesMask.Span));
        Assert.Equal(2, collateral.QeIdentity.Version);
        Assert.Equal(1, collateral.RootCrl.Number);
        Assert.Equal(collateral.PckCaCertificate.SubjectKeyIdentifier.ToArray(), collateral.PckCrl.AuthorityKeyIdentifier.ToArray());
        Assert.Equal(collateral.RootCertificate.SubjectKeyIdentifier.ToArray(), collateral.PckCaCertificate.AuthorityKeyIdentifier.ToArray());
        Assert.Equal(["https://development.invalid/root.der"], collateral.PckCaCertificate.CrlDistributionPoints);
        Assert.Equal(48, collateral.RootKeyHash().Length);
        Assert.True(collateral.EarliestIssueDate <= collateral.LatestIssueDate && collateral.LatestStart <= collateral.EarliestExpiry);
        _platform.RevokePck();
        RevokedCertificate revoked = Assert.Single(_platform.Trusted().PckCrl.Revoked);
        Assert.Equal(SimulatedPlatform.At.AddDays(-1), revoked.RevokedAt);
        Assert.Equal(7, _platform.Trusted().PckCrl.Number);
    }

    [Fact]
    public void Collateral_comes_in_variants()
    {
        byte[] crl = Convert.FromHexString(_platform.Json["root_ca_crl"]!.GetValue<string>());
        string fingerprint = _platform.Trusted().Fingerprint;
        foreach (JsonNode variant in new JsonNode[]
        {
            JsonValue.Create(Convert.ToHexString(crl) + "\n"), JsonValue.Create(Convert.ToBase64String(crl)),
            JsonValue.Create(System.Security.Cryptography.PemEncoding.WriteString("X509 CRL", crl)), new JsonArray([.. crl.Select(octet => (JsonNode)octet)]),
        })
        {
            _platform.Json["root_ca_crl"] = variant;
            Assert.Equal(fingerprint, _platform.Trusted().Fingerprint);
        }

        _platform.Json["tcb_info"] = $"{{\"tcbInfo\":{_platform.Json["tcb_info"]!.GetValue<string>()},\"signature\":\"{_platform.Json["tcb_info_signature"]!.GetValue<string>()}\"}}";
        _platform.Json.Remove("tcb_info_signature");
        Assert.Equal(fingerprint, _platform.Trusted().Fingerprint);
    }

    [Fact]
    public void All_that_is_wrong_is_said_in_the_order_of_the_checks()
    {
        _platform.Json["tcb_info_issuer_chain"] = _platform.Json["pck_crl_issuer_chain"]!.GetValue<string>();
        _platform.Json["root_ca_crl"] = "3000";
        _platform.Json["tcb_info"] = "{}";
        _platform.Json["qe_identity_signature"] = new string('1', 128);
        CollateralVerification verification = _platform.Collateral();
        Assert.Null(verification.Trusted);
        Assert.Equal(
            ["TCB_SIGNING_CERT_MISSING", "CRL_FORMAT", "TCB_INFO_FORMAT", "QE_IDENTITY_SIGNATURE_INVALID"],
            verification.Findings.Select(finding => finding.Code));
    }

    [Fact]
    public void A_missing_member_is_undecided_and_named()
    {
        foreach (string name in _platform.Json.Select(member => member.Key).ToArray())
        {
            JsonObject without = _platform.Json.DeepClone().AsObject();
            without.Remove(name);
            Assert.False(Collateral.TryParse(Encoding.UTF8.GetBytes(without.ToJsonString()), out _, out Finding? refusal));
            Assert.Equal(("COLLATERAL_MISSING", FindingSeverity.Undecided), (refusal.Code, refusal.Severity));
            Assert.EndsWith(name, refusal.Message, StringComparison.Ordinal);
        }

        foreach (string bad in new[] { "", "[]", "{", "{\"root_ca_crl\":1}", "{\"tcb_info\":\"a\",\"tcb_info\":\"a\"}", "null" })
        {
            Assert.False(Collateral.TryParse(Encoding.UTF8.GetBytes(bad), out _, out Finding? refusal));
            Assert.Equal("COLLATERAL_FORMAT", refusal.Code);
        }
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(30, "EVALUATION_NUMBERS_EXPIRED")]
    [InlineData(-3, "EVALUATION_NUMBERS_NOT_YET_VALID")]
    public void Evaluation_numbers_are_verified_as_the_rest(int days, string? code)
    {
        TcbEvaluationDataNumbersVerification verification = Numbers(EvaluationNumbers(), days);
        Assert.NotNull(verification.Numbers);
        Assert.Equal([20, 19], verification.Numbers.Numbers.Select(number => number.Number));
        Assert.Equal(TeeType.Tdx, verification.Numbers.Tee);
        Assert.Equal(code, verification.Findings is [var first, ..] ? first.Code : null);
        Assert.DoesNotContain(verification.Findings, finding => finding.Severity == FindingSeverity.Error);
    }

    [Theory]
    [InlineData("tcbEvalNumbers", "tcbNumbers", "EVALUATION_NUMBERS_FORMAT")]
    [InlineData("\"version\":1", "\"version\":2", "EVALUATION_NUMBERS_INVALID")]
    [InlineData("\"tcbEvaluationDataNumber\":20", "\"tcbEvaluationDataNumber\":19", "EVALUATION_NUMBERS_INVALID")]
    public void Each_rule_of_evaluation_numbers_has_its_refusal(string find, string put, string code)
    {
        TcbEvaluationDataNumbersVerification verification = Numbers(EvaluationNumbers().Replace(find, put, StringComparison.Ordinal), 0);
        Assert.Null(verification.Numbers);
        Assert.Equal(code, verification.Findings[0].Code);
    }

    [Fact]
    public void Evaluation_numbers_that_were_changed_are_refused()
    {
        string text = EvaluationNumbers();
        TcbEvaluationDataNumbersVerification changed = Numbers(text, 0, sign: text.Replace("20", "21", StringComparison.Ordinal));
        Assert.Null(changed.Numbers);
        Assert.Equal("EVALUATION_NUMBERS_SIGNATURE_INVALID", changed.Findings[0].Code);
    }

    private TcbEvaluationDataNumbersVerification Numbers(string text, int days, string? sign = null) => TcbEvaluationDataNumbersVerifier.Verify(
        Encoding.UTF8.GetBytes($"{{\"tcbEvaluationDataNumbers\":{text},\"signature\":\"{_platform.Signature(sign ?? text)}\"}}"),
        Encoding.ASCII.GetBytes(_platform.Json["tcb_info_issuer_chain"]!.GetValue<string>()),
        _platform.Trusted(),
        SimulatedPlatform.At.AddDays(days));

    private static string EvaluationNumbers() => string.Create(CultureInfo.InvariantCulture,
        $"{{\"id\":\"TDX\",\"version\":1,\"issueDate\":\"{SimulatedPlatform.At.AddDays(-2):yyyy-MM-dd'T'HH:mm:ss'Z'}\",\"nextUpdate\":\"{SimulatedPlatform.At.AddDays(28):yyyy-MM-dd'T'HH:mm:ss'Z'}\",\"tcbEvalNumbers\":[")
        + "{\"tcbEvaluationDataNumber\":19,\"tcbRecoveryEventDate\":\"2025-05-13T00:00:00Z\",\"tcbDate\":\"2025-05-14T00:00:00Z\"},"
        + "{\"tcbEvaluationDataNumber\":20,\"tcbRecoveryEventDate\":\"2025-08-12T00:00:00Z\",\"tcbDate\":\"2025-08-13T00:00:00Z\"}]}";

    private QuoteFacts Judge(TrustedCollateral collateral) =>
        QuoteVerifier.Verify(SimulatedPlatform.Parse(_platform.QuoteBytes()), collateral, SimulatedPlatform.At);
}
