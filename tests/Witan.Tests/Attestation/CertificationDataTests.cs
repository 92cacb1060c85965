using System.Security.Cryptography;
using System.Text;
using Witan.Attestation;
using Xunit;

namespace Witan.Tests.Attestation;

/// <summary>Certification data of types 1 to 5: where the PCK chain comes from, and what a quote says where it carries none.</summary>
public sealed class CertificationDataTests : IDisposable
{
    private readonly SimulatedPlatform _platform = new("certification");

    public void Dispose() => _platform.Dispose();

    [Theory]
    [InlineData(1, 36)]
    [InlineData(1, 34)]
    [InlineData(2, 276)]
    [InlineData(2, 274)]
    [InlineData(3, 404)]
    [InlineData(4, 0)]
    public void Without_a_chain_nothing_is_decided_and_with_one_everything(int type, int size)
    {
        byte[] data = type == 4 ? Leaf().RawData : Ppid(size);
        Quote quote = SimulatedPlatform.Parse(SimulatedPlatform.WithCertification(_platform.QuoteBytes(), type, data));
        QuoteFacts without = QuoteVerifier.Verify(quote, _platform.Trusted(), SimulatedPlatform.At);
        Assert.Equal(Authenticity.Undetermined, without.Authenticity);
        Assert.Equal(("PCK_CHAIN_UNAVAILABLE", FindingSeverity.Undecided), (without.Findings[0].Code, without.Findings[0].Severity));
        Assert.Equal(PckChainSource.Unavailable, without.PckChainSource);
        // Nobody signed the debug bit either, as far as is known here.
        byte[] debug = quote.Bytes.ToArray();
        debug[48 + 120] |= 1;
        Verdict verdict = Appraiser.Appraise(QuoteVerifier.Verify(SimulatedPlatform.Parse(debug), _platform.Trusted(), SimulatedPlatform.At), AppraisalPolicy.Strict);
        Assert.Equal((AppraisalOutcome.Undecided, "PCK_CHAIN_UNAVAILABLE"), (verdict.Outcome, verdict.Cause!.Code));
        Assert.Contains(verdict.Findings, finding => finding is { Code: "POLICY_TD_DEBUG", Severity: FindingSeverity.Warning });

        _platform.Json["pck_certificate_chain"] = _platform.Pki.PckChainPem;
        QuoteFacts with = QuoteVerifier.Verify(quote, _platform.Trusted(), SimulatedPlatform.At);
        Assert.True(with.Authenticity == Authenticity.Genuine, string.Join("; ", with.Findings));
        Assert.Equal(PckChainSource.Collateral, with.PckChainSource);
        Assert.Equal("Intel SGX PCK Platform CA", with.PckCaCertificate!.SubjectName);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_leaf_in_the_quote_goes_with_the_two_above_it(bool pem)
    {
        byte[] leaf = pem ? Encoding.ASCII.GetBytes(Leaf().ExportCertificatePem()) : Leaf().RawData;
        Quote quote = SimulatedPlatform.Parse(SimulatedPlatform.WithCertification(_platform.QuoteBytes(), 4, leaf));
        _platform.Json["pck_certificate_chain"] = _platform.Json["pck_crl_issuer_chain"]!.GetValue<string>();
        TrustedCollateral collateral = _platform.Trusted();
        var cache = new VerificationCache();
        foreach (VerificationCache? memory in new[] { null, cache, cache })
        {
            QuoteFacts facts = QuoteVerifier.Verify(quote, collateral, SimulatedPlatform.At, memory);
            Assert.True(facts.Authenticity == Authenticity.Genuine, string.Join("; ", facts.Findings));
            Assert.Equal(PckChainSource.QuoteAndCollateral, facts.PckChainSource);
        }

        leaf[leaf.Length / 2] ^= 0x55;
        Quote damaged = SimulatedPlatform.Parse(SimulatedPlatform.WithCertification(_platform.QuoteBytes(), 4, leaf));
        Assert.Equal(Authenticity.NotGenuine, QuoteVerifier.Verify(damaged, collateral, SimulatedPlatform.At, cache).Authenticity);
    }

    [Theory]
    [InlineData("garbage", "PCK_CHAIN_FORMAT")]
    [InlineData("two", "PCK_CHAIN_LENGTH")]
    [InlineData("leaf", "PCK_CHAIN_FORMAT")]
    [InlineData("root", "ROOT_CA_INVALID")]
    [InlineData("stranger", "ROOT_CA_UNTRUSTED")]
    public void A_chain_of_the_collateral_that_is_of_no_use_is_the_verifiers_own(string fault, string code)
    {
        using var stranger = new SimulatedPlatform("stranger");
        string[] chain = [.. _platform.Pki.PckChainPem.Split("-----BEGIN", StringSplitOptions.RemoveEmptyEntries).Select(part => "-----BEGIN" + part)];
        _platform.Json["pck_certificate_chain"] = fault switch
        {
            "garbage" => "no certificate at all",
            "two" => chain[0] + chain[1],
            "leaf" => Damaged(chain[0], 4) + chain[1] + chain[2],
            "root" => chain[0] + chain[1] + Damaged(chain[2], -1),
            _ => stranger.Pki.PckChainPem,
        };
        Quote quote = SimulatedPlatform.Parse(_platform.QuoteBytes());
        Verdict verdict = Appraiser.Appraise(QuoteVerifier.Verify(quote, _platform.Trusted(), SimulatedPlatform.At), AppraisalPolicy.Phala with { AcceptSimulated = true });
        Assert.Equal((AppraisalOutcome.Undecided, code), (verdict.Outcome, verdict.Cause!.Code));
        Assert.Equal((FindingActor.VerifierOperator, "pck_certificate_chain"), (verdict.Cause.Actor, verdict.Cause.Subject));
        Assert.StartsWith("pck_certificate_chain of the collateral:", verdict.Cause.Message, StringComparison.Ordinal);
        if (fault != "stranger")
            Assert.Equal("Fetch the collateral again.", verdict.Cause.Remedy);
    }

    [Fact]
    public void A_quotes_own_chain_packed_with_the_collateral_is_the_quotes()
    {
        byte[] certification = Encoding.ASCII.GetBytes(_platform.Pki.PckChainPem.Replace("MII", "MIJ", StringComparison.Ordinal) + "\n");
        Quote quote = SimulatedPlatform.Parse(SimulatedPlatform.WithCertification(_platform.QuoteBytes(), 5, [.. certification, 0]));
        _platform.Json["pck_certificate_chain"] = Encoding.ASCII.GetString(certification);
        QuoteFacts facts = QuoteVerifier.Verify(quote, _platform.Trusted(), SimulatedPlatform.At);
        Assert.Equal((Authenticity.NotGenuine, FindingActor.Sender), (facts.Authenticity, facts.Findings.First(finding => finding.Severity == FindingSeverity.Error).Actor));
    }

    [Fact]
    public void A_damaged_root_of_an_issuer_chain_is_the_verifiers_own_and_named()
    {
        string[] chain = [.. _platform.Json["tcb_info_issuer_chain"]!.GetValue<string>().Split("-----BEGIN", StringSplitOptions.RemoveEmptyEntries).Select(part => "-----BEGIN" + part)];
        _platform.Json["tcb_info_issuer_chain"] = chain[0] + Damaged(chain[1], -1);
        Finding finding = _platform.Collateral().Findings.First(found => found.Code == "ROOT_CA_INVALID");
        Assert.Equal((FindingActor.VerifierOperator, "TCB info issuer chain"), (finding.Actor, finding.Subject));
        Assert.Contains("TCB info issuer chain", finding.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_chain_in_the_quote_is_named_as_such()
    {
        Quote quote = SimulatedPlatform.Parse(_platform.QuoteBytes());
        QuoteFacts facts = QuoteVerifier.Verify(quote, _platform.Trusted(), SimulatedPlatform.At);
        Assert.Equal(PckChainSource.Quote, facts.PckChainSource);
        Assert.Null(PpidCertificationData.Of(quote));
    }

    [Theory]
    [InlineData(1, 36, 16)]
    [InlineData(1, 34, 16)]
    [InlineData(2, 276, 256)]
    [InlineData(2, 274, 256)]
    [InlineData(3, 404, 384)]
    [InlineData(3, 402, 384)]
    public void The_platform_is_named_by_its_ppid(int type, int size, int ppid)
    {
        byte[] data = Ppid(size);
        PpidCertificationData asked = PpidCertificationData.Of(SimulatedPlatform.Parse(SimulatedPlatform.WithCertification(_platform.QuoteBytes(), type, data)))!;
        Assert.Equal(data[..ppid], asked.Ppid.ToArray());
        Assert.Equal(data[ppid..(ppid + 16)], asked.CpuSvn.ToArray());
        Assert.Equal(data[ppid + 16] | (data[ppid + 17] << 8), asked.PceSvn);
        Assert.Equal(data[(ppid + 18)..], asked.PceId.ToArray());
        Assert.Equal(type != 1, asked.IsEncrypted);
        Assert.Equal(type, asked.Type);
        Assert.Null(PpidCertificationData.Of(SimulatedPlatform.Parse(SimulatedPlatform.WithCertification(_platform.QuoteBytes(), type, data[1..]))));
    }

    [Fact]
    public void A_platform_that_was_updated_but_not_registered_again_is_told_so()
    {
        _platform.Json["pck_certificate_chain"] = _platform.Pki.PckChainPem;
        byte[] cpuSvn = [5, 5, 5, 5, 5, 5, 5, 5, 0, 0, 0, 0, 0, 0, 0, 0];
        foreach ((byte pceSvn, bool noted) in new[] { ((byte)13, false), ((byte)14, true) })
        {
            byte[] data = [.. new byte[16], .. cpuSvn, pceSvn, 0, 0, 0];
            Quote quote = SimulatedPlatform.Parse(SimulatedPlatform.WithCertification(_platform.QuoteBytes(), 1, data));
            QuoteFacts facts = QuoteVerifier.Verify(quote, _platform.Trusted(), SimulatedPlatform.At);
            Assert.Equal(noted, facts.Findings.Any(finding => finding.Code == "PCK_CERT_OTHER_TCB"));
            Assert.Equal(Authenticity.Genuine, facts.Authenticity);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(6)]
    [InlineData(7)]
    public void Other_types_are_refused(int type)
    {
        Assert.False(Quote.TryParse(SimulatedPlatform.WithCertification(_platform.QuoteBytes(), type, [1, 2, 3]), out _, out Finding? refusal));
        Assert.Equal("QUOTE_CERTIFICATION_TYPE_UNSUPPORTED", refusal.Code);
    }

    private System.Security.Cryptography.X509Certificates.X509Certificate2 Leaf() =>
        System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPem(_platform.Pki.PckChainPem);

    // The last byte belongs to the signature; the fifth to the form.
    private static string Damaged(string pem, int at)
    {
        PemFields fields = PemEncoding.Find(pem);
        byte[] der = Convert.FromBase64String(pem[fields.Base64Data]);
        der[at < 0 ? der.Length + at : at] ^= 0x55;
        return PemEncoding.WriteString("CERTIFICATE", der) + "\n";
    }

    private static byte[] Ppid(int size) => RandomNumberGenerator.GetBytes(size);
}
