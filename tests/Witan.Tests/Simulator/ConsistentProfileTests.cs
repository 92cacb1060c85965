using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Witan.Attestation;
using Witan.Crypto;
using Witan.Dstack;
using Witan.Dstack.Evidence;
using Xunit;

namespace Witan.Tests.Simulator;

/// <summary>Everything the consistent profile says verifies together, in every form in which it says it.</summary>
public sealed class ConsistentProfileTests
{
    private const string Compose = """{"manifest_version":2,"name":"café","runner":"docker-compose","docker_compose_file":"services: {}","key_provider":"kms","public_tcbinfo":false}""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static EvidenceExpectations Expected(SimulatedAgent agent, byte[] reportData) => new()
    {
        ReportData = reportData,
        AppCompose = Encoding.UTF8.GetBytes(agent.Machine.AppCompose),
        AppId = Convert.FromHexString(agent.Machine.AppId),
        InstanceId = Convert.FromHexString(agent.Machine.InstanceId),
    };

    [Theory]
    [InlineData(null)]
    [InlineData(Compose)]
    [InlineData("""{"manifest_version":"3","name":"two","event_log_version":2,"key_provider":"none"}""")]
    public async Task Evidence_in_every_form_is_genuine_and_accepted_by_a_policy_that_lists_everything(string? compose)
    {
        await using SimulatedAgent agent = await SimulatedAgent.StartAsync(SimulatedAgent.With(compose));
        using var client = new DstackClient(agent.Guest);
        using var legacy = new TappdClient(agent.Tappd);
        byte[] reportData = RandomNumberGenerator.GetBytes(64);
        GetQuoteResponse quote = await client.GetQuoteAsync(reportData, Cancel);
        TdxQuoteResponse old = await legacy.RawQuoteAsync(reportData, Cancel);
        AttestResponse attestation = await client.AttestAsync(reportData, Cancel);
        byte[][] forms =
        [
            JsonSerializer.SerializeToUtf8Bytes(new { quote = quote.Quote, event_log = quote.EventLog, report_data = quote.ReportData, vm_config = quote.VmConfig, attestation = quote.Attestation }),
            JsonSerializer.SerializeToUtf8Bytes(new { quote = quote.Quote, event_log = quote.EventLog, vm_config = quote.VmConfig }),
            JsonSerializer.SerializeToUtf8Bytes(new { quote = old.Quote, event_log = old.EventLog, hash_algorithm = old.HashAlgorithm, prefix = old.Prefix, vm_config = quote.VmConfig }),
            JsonSerializer.SerializeToUtf8Bytes(new { attestation = attestation.Attestation }),
            attestation.AttestationBytes(),
            Encoding.ASCII.GetBytes(attestation.Attestation),
        ];
        foreach (byte[] form in forms)
        {
            DstackFacts facts = agent.Verify(form, Expected(agent, reportData));
            Assert.True(facts.Authenticity == Authenticity.Genuine, string.Join("; ", facts.Findings));
            Assert.DoesNotContain(facts.Findings, finding => finding.Severity >= FindingSeverity.Warning);
            Assert.Equal(OsImageBinding.Measured, facts.OsImage.Binding);
            Assert.Equal(agent.Machine.MrAggregated(), Convert.ToHexStringLower(facts.Measurements.Aggregated.Span));
            Assert.True(facts.Identity.IsReady);
            var policy = new DstackPolicy
            {
                Platform = AppraisalPolicy.Phala with { AcceptSimulated = true },
                OsImages = OsImageRule.ByHash(agent.Machine.OsImageHash),
                ComposeHashes = [agent.Machine.ComposeHash],
                AppIds = [agent.Machine.AppId],
                KeyProviders = [facts.Identity.KeyProvider!],
            };
            Verdict verdict = DstackAppraiser.Appraise(facts, policy);
            Assert.True(verdict is { Outcome: AppraisalOutcome.Accepted, IsSimulated: true }, string.Join("; ", verdict.Findings));
            Assert.Equal(AppraisalOutcome.Rejected, DstackAppraiser.Appraise(facts, policy with { Platform = AppraisalPolicy.Phala }).Outcome);
            Assert.Equal(AppraisalOutcome.Rejected, DstackAppraiser.Appraise(facts, policy with { ComposeHashes = [new string('0', 64)] }).Outcome);
        }
    }

    [Fact]
    public async Task Keys_lead_to_the_key_service_and_info_agrees_with_the_evidence()
    {
        await using SimulatedAgent agent = await SimulatedAgent.StartAsync(SimulatedAgent.With(Compose));
        using var client = new DstackClient(agent.Guest);
        InfoResponse info = await client.InfoAsync(Cancel);
        Witan.Dstack.TcbInfo tcb = info.ReadTcbInfo()!;
        Assert.Equal(Compose, tcb.AppCompose);
        Assert.Equal("café", info.AppName);
        DstackFacts facts = agent.Verify(JsonSerializer.SerializeToUtf8Bytes(new
        {
            quote = (await client.GetQuoteAsync(new byte[1], Cancel)).Quote,
            event_log = tcb.EventLog,
            vm_config = info.VmConfig,
        }));
        Assert.Equal(Authenticity.Genuine, facts.Authenticity);
        Assert.Equal(tcb.Rtmr3, Convert.ToHexStringLower(facts.Registers[3].Quoted.Span));
        byte[]? root = null;
        foreach (string algorithm in new[] { "ed25519", "secp256k1", "k256", "" })
        {
            using GetKeyResponse key = await client.GetKeyAsync("wallet", "signing", algorithm, Cancel);
            Assert.True(KeySignatureChain.TryRecover(key.PublicKey(), "signing", key.SignatureChain, Convert.FromHexString(info.AppId), out KeySignatureChainFacts? chain, out _));
            Assert.Equal(root ??= chain.KmsPublicKey, chain.KmsPublicKey);
            Assert.True(key.TryVerifyChain(Convert.FromHexString(info.AppId), root, out _, out _));
            Assert.False(key.TryVerifyChain(Convert.FromHexString(info.AppId), chain.AppPublicKey, out _, out Finding? refusal));
            Assert.Equal("KEY_CHAIN_ROOT_MISMATCH", refusal.Code);
        }
    }

    [Fact]
    public async Task The_same_seed_is_the_same_machine_and_another_seed_another()
    {
        async Task<(string, string, string, string)> Who(byte seed)
        {
            await using SimulatedAgent agent = await SimulatedAgent.StartAsync(SimulatedAgent.With() with { Seed = [.. Enumerable.Repeat(seed, 32)] });
            using var client = new DstackClient(agent.Guest);
            using GetKeyResponse key = await client.GetKeyAsync("a", cancellationToken: Cancel);
            InfoResponse info = await client.InfoAsync(Cancel);
            return (Convert.ToHexStringLower(key.Key), info.InstanceId, info.ReadTcbInfo()!.Rtmr3, info.KeyProviderInfo);
        }

        (string, string, string, string) first = await Who(1), again = await Who(1), other = await Who(2);
        Assert.Equal(first, again);
        Assert.NotEqual(first.Item1, other.Item1);
        Assert.NotEqual(first.Item2, other.Item2);
        Assert.NotEqual(first.Item3, other.Item3);
        Assert.NotEqual(first.Item4, other.Item4);
    }

    [Fact]
    public async Task Evidence_from_before_a_restart_is_the_same_and_verifies_after_it()
    {
        async Task<byte[]> Ask(SimulatedAgent agent)
        {
            using var client = new DstackClient(agent.Guest);
            GetQuoteResponse answer = await client.GetQuoteAsync(new byte[] { 1 }, Cancel);
            return JsonSerializer.SerializeToUtf8Bytes(new { quote = answer.Quote, event_log = answer.EventLog, vm_config = answer.VmConfig, attestation = answer.Attestation });
        }

        byte[] before;
        await using (SimulatedAgent agent = await SimulatedAgent.StartAsync())
            before = await Ask(agent);
        await using SimulatedAgent again = await SimulatedAgent.StartAsync();
        DstackFacts facts = again.Verify(before);
        Assert.True(facts.Authenticity == Authenticity.Genuine, string.Join("; ", facts.Findings));
        Assert.Equal(before, await Ask(again));
    }

    [Fact]
    public async Task The_public_service_hides_measurements_where_the_compose_file_says_so_and_attests_the_signing_key()
    {
        await using SimulatedAgent agent = await SimulatedAgent.StartAsync(SimulatedAgent.With(Compose));
        using var worker = new WorkerClient(agent.Address.ToString());
        using var client = new DstackClient(agent.Guest);
        Assert.Null((await worker.InfoAsync(Cancel)).ReadTcbInfo());
        foreach (string algorithm in new[] { "ed25519", "secp256k1" })
        {
            GetQuoteResponse evidence = await worker.GetAttestationForAppKeyAsync(algorithm, Cancel);
            SignResponse signed = await client.SignAsync(algorithm, new byte[3], Cancel);
            Assert.Equal(AppKeyReportData.Compute(signed.PublicKey), Convert.FromHexString(evidence.ReportData));
            Assert.True(await client.VerifyAsync(algorithm, new byte[3], signed.Signature, signed.PublicKey, Cancel));
            Assert.False(await client.VerifyAsync(algorithm, new byte[4], signed.Signature, signed.PublicKey, Cancel));
        }

        byte[] digest = SHA256.HashData("x"u8);
        SignResponse direct = await client.SignAsync("secp256k1_prehashed", digest, Cancel);
        Assert.True(Secp256k1.Verify(direct.PublicKey, digest, direct.Signature));
        Assert.True(await client.VerifyAsync("secp256k1", "x"u8.ToArray(), direct.Signature, direct.PublicKey, Cancel));
    }

    [Fact]
    public async Task Events_of_the_app_extend_the_register_in_the_order_of_the_log_even_at_once()
    {
        await using SimulatedAgent agent = await SimulatedAgent.StartAsync(SimulatedAgent.With(version: "0.5.9"));
        using var client = new DstackClient(agent.Guest);
#pragma warning disable CS0618 // the obsolete method of older agents is what is simulated
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => client.EmitEventAsync($"event-{i}", new byte[] { (byte)i }, Cancel)));
        await client.EmitEventAsync("app-id", new byte[20], Cancel);
#pragma warning restore CS0618
        GetQuoteResponse quote = await client.GetQuoteAsync(new byte[1], Cancel);
        DstackFacts facts = agent.Verify(JsonSerializer.SerializeToUtf8Bytes(new { quote = quote.Quote, event_log = quote.EventLog }));
        Assert.Equal(Authenticity.Genuine, facts.Authenticity);
        Assert.Equal(21, facts.Identity.ApplicationEvents.Count);
        Assert.Equal(agent.Machine.AppId, Convert.ToHexStringLower(facts.Identity.AppId!.Value.Span));
        Assert.Contains(facts.Findings, finding => finding.Code == "EVENT_AFTER_READY");
    }
}
