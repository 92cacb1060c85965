using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Witan.Attestation;
using Witan.Dstack;
using Witan.Dstack.Evidence;
using Witan.Dstack.RaTls;
using Xunit;

namespace Witan.Tests.Simulator;

/// <summary>Certificates as the agent issues them: names, usages, validity, chain, and evidence that binds the key.</summary>
public sealed class SimulatedCertificateTests : IAsyncLifetime
{
    private const string Arc = "1.3.6.1.4.1.62397.1";
    private SimulatedAgent _agent = null!;
    private DstackClient _client = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _agent = await SimulatedAgent.StartAsync();
        _client = new DstackClient(_agent.Guest);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _agent.DisposeAsync();
    }

    [Fact]
    public async Task A_leaf_leads_to_the_root_says_what_was_asked_and_its_key_is_new_each_time()
    {
        var options = new TlsKeyOptions
        {
            Subject = "council, \"one\"",
            AltNames = ["b.example", "a.example", "127.0.0.1", "::1"],
            ServerAuth = true,
            ClientAuth = true,
            NotBefore = DateTimeOffset.FromUnixTimeSeconds(1_750_000_000),
            NotAfter = DateTimeOffset.FromUnixTimeSeconds(1_900_000_000),
        };
        using GetTlsKeyResponse one = await _client.GetTlsKeyAsync(options, Cancel), two = await _client.GetTlsKeyAsync(options, Cancel);
        Assert.False(one.KeyPem.SequenceEqual(two.KeyPem));
        Assert.Equal(3, one.CertificateChain.Count);
        using X509Certificate2 leaf = one.ToCertificate();
        Assert.Equal("council, \"one\"", leaf.GetNameInfo(X509NameType.SimpleName, false));
        Assert.Equal((options.NotBefore.Value.UtcDateTime, options.NotAfter.Value.UtcDateTime), (leaf.NotBefore.ToUniversalTime(), leaf.NotAfter.ToUniversalTime()));
        var names = leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single();
        Assert.Equal(["b.example", "a.example"], names.EnumerateDnsNames());
        Assert.Equal(["127.0.0.1", "::1"], names.EnumerateIPAddresses().Select(address => address.ToString()));
        Assert.Equal(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"], leaf.Extensions.OfType<X509EnhancedKeyUsageExtension>().Single().EnhancedKeyUsages.Cast<System.Security.Cryptography.Oid>().Select(usage => usage.Value));
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(X509Certificate2.CreateFromPem(one.CertificateChain[2]));
        chain.ChainPolicy.ExtraStore.Add(X509Certificate2.CreateFromPem(one.CertificateChain[1]));
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        Assert.True(chain.Build(leaf), string.Join("; ", chain.ChainStatus.Select(status => status.StatusInformation)));
        Assert.Equal(_agent.Machine.AppId, Convert.ToHexStringLower(Content(leaf, 3)!));
        Assert.Equal("app:custom", Encoding.ASCII.GetString(Content(leaf, 4)!));
        Assert.Null(Content(leaf, 8));
        Assert.Null(Content(leaf, 9));
        Assert.Equal("app:ca", Encoding.ASCII.GetString(Content(chain.ChainElements[1].Certificate, 4)!));
    }

    [Fact]
    public async Task What_is_no_address_is_a_DNS_name_whatever_DNS_would_say()
    {
        string[] names = ["*.example", "not a name", new string('a', 300), "5", "127.1", "0x7f000001", "[::1]", "fe80::1%1"];
        using GetTlsKeyResponse key = await _client.GetTlsKeyAsync(new TlsKeyOptions { Subject = "x", AltNames = [.. names, "10.0.0.1", "FE80::1"] }, Cancel);
        using X509Certificate2 leaf = key.ToCertificate();
        X509SubjectAlternativeNameExtension written = leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single();
        Assert.Equal(names, written.EnumerateDnsNames());
        Assert.Equal(["10.0.0.1", "fe80::1"], written.EnumerateIPAddresses().Select(address => address.ToString()));
    }

    [Fact]
    public async Task Without_usages_there_is_no_such_extension()
    {
        using GetTlsKeyResponse key = await _client.GetTlsKeyAsync(new TlsKeyOptions { Subject = "x", ServerAuth = false }, Cancel);
        using X509Certificate2 leaf = key.ToCertificate();
        Assert.Empty(leaf.Extensions.OfType<X509EnhancedKeyUsageExtension>());
        Assert.Empty(leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>());
    }

    [Fact]
    public async Task Evidence_in_the_certificate_binds_its_key_and_verifies()
    {
        using GetTlsKeyResponse key = await _client.GetTlsKeyAsync(new TlsKeyOptions { Subject = "x", RaTls = true, AppInfo = true }, Cancel);
        using X509Certificate2 leaf = key.ToCertificate();
        byte[] reportData = TappdReportData.Compute(leaf.PublicKey.ExportSubjectPublicKeyInfo(), prefix: "ratls-cert");
        DstackFacts facts = _agent.Verify(Content(leaf, 8)!, new EvidenceExpectations { ReportData = reportData });
        Assert.True(facts.Authenticity == Authenticity.Genuine, string.Join("; ", facts.Findings));
        Assert.True(RaTlsEvidence.TryRead(leaf, out RaTlsEvidence? read, out Finding? refusal), refusal?.ToString());
        Assert.Equal(("app:custom", false), (read.SpecialUsage, read.IsLegacy));
        Assert.Equal(_agent.Machine.AppId, Convert.ToHexStringLower(read.AppInfo!.AppId.Span));
        Assert.Equal(_agent.Machine.MrAggregated(), Convert.ToHexStringLower(read.AppInfo.MrAggregated.Span));
        Assert.Equal(facts.Measurements.System.ToArray(), read.AppInfo.MrSystem.ToArray());
    }

    [Fact]
    public async Task Info_shows_a_certificate_with_evidence()
    {
        InfoResponse info = await _client.InfoAsync(Cancel);
        using X509Certificate2 leaf = X509Certificate2.CreateFromPem(info.AppCert);
        Assert.Equal("demo-cert", leaf.GetNameInfo(X509NameType.SimpleName, false));
        Assert.NotNull(Content(leaf, 8));
        Assert.Equal(info.AppCert, (await _client.InfoAsync(Cancel)).AppCert);
    }

    private static byte[]? Content(X509Certificate2 certificate, int number) =>
        certificate.Extensions[$"{Arc}.{number}"] is { } extension ? AsnDecoder.ReadOctetString(extension.RawData, AsnEncodingRules.DER, out _) : null;
}
