using System.Security.Cryptography;
using System.Text.Json;
using Witan.Dstack;
using Witan.Dstack.Evidence;
using Witan.Dstack.Simulator;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.Tests.Simulator;

/// <summary>The profile that tests of the other SDKs expect answers every recorded key, signature and identity, over the sockets.</summary>
public sealed class UpstreamFixtureTests : IAsyncLifetime
{
    private SimulatedAgent _agent = null!;
    private DstackClient _client = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _agent = await SimulatedAgent.StartAsync(SimulatedAgent.With(profile: SimulatorProfile.UpstreamFixture));
        _client = new DstackClient(_agent.Guest);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _agent.DisposeAsync();
    }

    [Fact]
    public async Task GetKey_answers_the_recorded_keys_and_chains()
    {
        JsonElement file = Vectors("get-key.json");
        foreach (JsonElement vector in file.GetProperty("vectors").EnumerateArray())
        {
            using GetKeyResponse key = await _client.GetKeyAsync(Text(vector, "path"), Text(vector, "purpose"), Text(vector, "algorithm"), Cancel);
            Assert.Equal(Text(vector, "key"), Convert.ToHexStringLower(key.Key));
            Assert.Equal(vector.GetProperty("signature_chain").EnumerateArray().Select(item => item.GetString()), key.SignatureChain.Select(Convert.ToHexStringLower));
        }
    }

    [Fact]
    public async Task The_keys_that_a_peers_test_hard_codes_are_recovered()
    {
        InfoResponse info = await _client.InfoAsync(Cancel);
        using GetKeyResponse key = await _client.GetKeyAsync("wallet", "ethereum", "", Cancel);
        Assert.True(KeySignatureChain.TryRecover(key.PublicKey(), "ethereum", key.SignatureChain, Convert.FromHexString(info.AppId), out KeySignatureChainFacts? facts, out _));
        Assert.Equal("02818494263695e8839122dbd88e281d7380622999df4e60a14befa0f2d096fc7c", Convert.ToHexStringLower(facts.AppPublicKey));
        Assert.Equal("0321529e458424ab1f710a3a57ec4dad2fb195ddca572f7469242ba6c7563085b6", Convert.ToHexStringLower(facts.KmsPublicKey));
        Assert.Equal("5bb4ff9a3837357f19dc176407a5709c62eb6c56", info.AppId);
        Assert.Equal("1691ed1b47506cad7d08834668691d88246f5b1f", info.InstanceId);
        Assert.Equal("c143116fef3940e7f776bfc0919c256232ae5338a6e948c96b711e0b2383483a", info.ComposeHash);
        Assert.Equal("e61be43dd1cc6a6f5edefd7c51b608983780839b0000ce60dd99737dcffe09b9", info.OsImageHash);
    }

    [Fact]
    public async Task Sign_answers_the_recorded_signatures()
    {
        foreach (JsonElement vector in Vectors("sign.json").GetProperty("vectors").EnumerateArray())
        {
            SignResponse signed = await _client.SignAsync(Text(vector, "algorithm"), Convert.FromHexString(Text(vector, "data")), Cancel);
            Assert.Equal(Text(vector, "signature"), Convert.ToHexStringLower(signed.Signature));
            Assert.Equal(Text(vector, "public_key"), Convert.ToHexStringLower(signed.PublicKey));
            Assert.Equal(vector.GetProperty("signature_chain").EnumerateArray().Select(item => item.GetString()), signed.SignatureChain);
            Assert.True(await _client.VerifyAsync(Text(vector, "algorithm"), Convert.FromHexString(Text(vector, "data")), signed.Signature, signed.PublicKey, Cancel));
        }
    }

    [Fact]
    public async Task The_legacy_service_answers_the_recorded_key_and_report_data()
    {
        using var legacy = new TappdClient(_agent.Tappd);
        JsonElement derived = Vectors("kms-derivation.json").GetProperty("tappd_derive_key");
        using GetTlsKeyResponse key = await legacy.DeriveKeyAsync(Text(derived, "path"), cancellationToken: Cancel);
        Assert.Equal(Text(derived, "pem"), new string(key.KeyPem));
        using GetTlsKeyResponse random = await legacy.DeriveKeyAsync(Text(derived, "path"), randomSeed: true, cancellationToken: Cancel);
        Assert.NotEqual(Text(derived, "pem"), new string(random.KeyPem));
        foreach (JsonElement vector in Vectors("report-data.json").GetProperty("vectors").EnumerateArray())
        {
            string algorithm = Text(vector, "hash_algorithm"), prefix = Text(vector, "prefix");
            TdxQuoteResponse quote = await legacy.TdxQuoteAsync(Convert.FromHexString(Text(vector, "content")), algorithm, prefix, Cancel);
            Assert.Equal(Text(vector, "report_data"), quote.Quote.Substring(568 * 2, 128));
            Assert.Equal((algorithm, prefix), (quote.HashAlgorithm, quote.Prefix));
        }
    }

    [Fact]
    public async Task Its_keys_are_those_of_the_published_file()
    {
        JsonElement file = Vectors("simulator-appkeys.json");
        using GetTlsKeyResponse tls = await _client.GetTlsKeyAsync(new TlsKeyOptions { Subject = "x" }, Cancel);
        Assert.Equal(Text(file, "ca_cert").Trim(), tls.CertificateChain[^1].Trim());
        using var authority = ECDsa.Create();
        authority.ImportFromPem(Text(file.GetProperty("key_provider").GetProperty("None"), "key"));
        using var certificate = System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPem(tls.CertificateChain[^1]);
        Assert.Equal(authority.ExportSubjectPublicKeyInfo(), certificate.PublicKey.ExportSubjectPublicKeyInfo());
    }

    [Fact]
    public async Task Its_evidence_is_signed_and_replays_but_is_of_no_compose_file()
    {
        GetQuoteResponse quote = await _client.GetQuoteAsync(new byte[1], Cancel);
        byte[] evidence = JsonSerializer.SerializeToUtf8Bytes(new { quote = quote.Quote, event_log = quote.EventLog, vm_config = quote.VmConfig, attestation = quote.Attestation });
        Assert.Equal(Witan.Attestation.Authenticity.Genuine, _agent.Verify(evidence).Authenticity);
        DstackFacts against = _agent.Verify(evidence, new EvidenceExpectations { AppCompose = System.Text.Encoding.UTF8.GetBytes(_agent.Machine.AppCompose) });
        Assert.Contains(against.Findings, finding => finding.Code == "COMPOSE_HASH_MISMATCH");
    }

    private static JsonElement Vectors(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(SharedData.Path("vectors", "dstack", file)));
        return document.RootElement.Clone();
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
