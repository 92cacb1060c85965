using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Witan.Attestation;
using Witan.Crypto;
using Witan.Dstack;
using Witan.Dstack.AppEnvironment;
using Witan.Dstack.Compose;
using Witan.Dstack.Evidence;
using Xunit;

namespace Witan.SystemTests.Dstack;

/// <summary>Every method of the JavaScript SDK against the simulator, compared with this product's client on the same sockets.</summary>
public class JsSdkTests
{
    private static readonly byte[] Message = "Test message for signing"u8.ToArray();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_method_works_and_says_what_our_client_says(bool overHttp)
    {
        await using JsSdk sdk = await JsSdk.StartAsync();
        string address = sdk.Announcement.GetProperty("address").GetString()!;
        JsonElement js = overHttp ? await sdk.CallAllAsync(address, address) : await sdk.CallAllAsync(sdk.Guest, sdk.Tappd);
        using var client = new DstackClient(overHttp ? address : sdk.Guest);
        using var legacy = new TappdClient(overHttp ? address : sdk.Tappd);
        Assert.True(js.GetProperty("isReachable").GetBoolean());
        Assert.True(await IsReachableAsync(client));
        Assert.True(js.GetProperty("tappdIsReachable").GetBoolean());
        Assert.Equal((await client.VersionAsync(Cancel)).Version, Text(js, "version", "version"));
        await CompareInfoAsync(js, client, legacy);
        await CompareKeysAsync(js, client);
        await CompareEvidenceAsync(js, sdk, client);
        CompareCertificates(js);
        await CompareSignaturesAsync(js, client);
        await CompareLegacyAsync(js, sdk, legacy);
        await CompareWalletsAsync(js, client);
        Assert.Equal("deriveKey is deprecated, please use getKey instead.", Text(js, "deriveKey", "error"));
        Assert.Equal("Unix socket file /nowhere/dstack.sock does not exist", Text(js, "missing", "error"));
        Assert.Equal("Event name cannot be empty", Text(js, "emitEventEmpty", "error"));
        Assert.True(js.GetProperty("signRsa").TryGetProperty("error", out _));
        Assert.Equal("sent", js.GetProperty("emitEvent").GetString());
    }

    [Fact]
    public async Task An_event_that_it_emits_is_measured_by_agents_that_have_the_method()
    {
        await using JsSdk sdk = await JsSdk.StartAsync("--agent-version", "0.5.11");
        JsonElement js = await sdk.CallAllAsync(sdk.Guest, sdk.Tappd);
        Assert.Equal("0.5.11", Text(js, "version", "version"));
        using var client = new DstackClient(sdk.Guest);
        GetQuoteResponse after = await client.GetQuoteAsync(new byte[1], Cancel);
        DstackFacts facts = Verify(sdk, JsonSerializer.SerializeToUtf8Bytes(new { quote = after.Quote, event_log = after.EventLog, vm_config = after.VmConfig }), new byte[1]);
        RuntimeEvent emitted = Assert.Single(facts.Identity.ApplicationEvents);
        Assert.Equal(("from-javascript", "payload"), (emitted.Name, Encoding.ASCII.GetString(emitted.Payload.Span)));
    }

    [Fact]
    public async Task The_keys_of_the_upstream_simulator_are_served_under_its_profile()
    {
        await using JsSdk sdk = await JsSdk.StartAsync("--profile", "upstream-fixture");
        JsonElement js = await sdk.CallAllAsync(sdk.Guest, sdk.Tappd);
        Assert.Equal("5bb4ff9a3837357f19dc176407a5709c62eb6c56", Text(js, "info", "app_id"));
        Assert.Equal("f6c1ed94488394d78e0a4e5ab75d62e9f085d73b0b555d0614fb90ca13d9464d", Text(js, "getKey", "key"));
    }

    [Fact]
    public async Task Its_helpers_compute_what_ours_compute()
    {
        await using JsSdk sdk = await JsSdk.StartAsync();
        const string compose = """{"runner":"docker-compose","name":"é<&>\u2028","n":[1e21,0.5,-0,1e-7],"bash_script":"x","pre_launch_script":"","docker_compose_file":"services: {}"}""";
        byte[] secret = RandomNumberGenerator.GetBytes(32), kms = [.. Enumerable.Repeat((byte)0x11, 32)], appId = RandomNumberGenerator.GetBytes(20);
        byte[] publicKey = X25519.PublicKey(secret);
        long now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        byte[] moment = new byte[8];
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(moment, now);
        byte[] prefix = "dstack-env-encrypt-pubkey:"u8.ToArray();
        byte[] undated = Secp256k1.SignRecoverable(kms, Keccak.Hash256([.. prefix, .. appId, .. publicKey]));
        byte[] dated = Secp256k1.SignRecoverable(kms, Keccak.Hash256([.. prefix, .. appId, .. moment, .. publicKey]));
        using JsonDocument parsed = JsonDocument.Parse(compose);
        JsonElement js = await sdk.CallAllAsync(sdk.Guest, sdk.Tappd, new
        {
            compose = parsed.RootElement,
            environment = new[] { new { key = "TOKEN", value = "s3cret \"é\" 🦀" } },
            environmentKey = Convert.ToHexStringLower(publicKey),
            appId = Convert.ToHexStringLower(appId),
            signature = Convert.ToHexStringLower(undated),
            datedSignature = Convert.ToHexStringLower(dated),
            timestamp = now,
        });
        Assert.Equal(Convert.ToHexStringLower(ComposeHash.OfObject(parsed.RootElement)), Text(js, "composeHash", "plain"));
        Assert.Equal(Convert.ToHexStringLower(ComposeHash.OfObject(parsed.RootElement, normalise: true)), Text(js, "composeHash", "normal"));
        Assert.True(EncryptedEnvironment.TryDecrypt(secret, Convert.FromHexString(js.GetProperty("environment").GetString()!), out IReadOnlyDictionary<string, string>? environment));
        Assert.Equal("s3cret \"é\" 🦀", environment["TOKEN"]);
        Assert.True(EnvironmentKeySignature.TryRecover(publicKey, appId, undated, out byte[]? signer));
        Assert.Equal("0x" + Convert.ToHexStringLower(signer), Text(js, "environmentKey", "legacy"));
        Assert.Equal("0x" + Convert.ToHexStringLower(signer), Text(js, "environmentKey", "dated"));
    }

    // Ours gives an agent half a second as well.
    private static async Task<bool> IsReachableAsync(DstackClient client)
    {
        for (int i = 0; i < 40; i++)
        {
            if (await client.IsReachableAsync(Cancel))
                return true;
        }

        return false;
    }

    private static async Task CompareInfoAsync(JsonElement js, DstackClient client, TappdClient legacy)
    {
        InfoResponse info = await client.InfoAsync(Cancel), old = await legacy.InfoAsync(Cancel);
        JsonElement said = js.GetProperty("info");
        Assert.Equal((info.AppId, info.InstanceId, info.ComposeHash), (Text(said, "app_id"), Text(said, "instance_id"), Text(said, "compose_hash")));
        Assert.Equal((info.AppId, info.InstanceId), (old.AppId, old.InstanceId));
        JsonElement tcb = said.GetProperty("tcb_info");
        Witan.Dstack.TcbInfo ours = info.ReadTcbInfo()!;
        Assert.Equal((ours.MrTd, ours.Rtmr3, ours.AppCompose, ours.MrAggregated), (Text(tcb, "mrtd"), Text(tcb, "rtmr3"), Text(tcb, "app_compose"), Text(tcb, "mr_aggregated")));
        Assert.Equal(info.ComposeHash, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Text(tcb, "app_compose")))));
    }

    private static async Task CompareKeysAsync(JsonElement js, DstackClient client)
    {
        foreach ((string step, string path, string purpose, string algorithm) in new[] { ("getKey", "/", "test", "secp256k1"), ("getKeyDefault", "", "", "secp256k1"), ("getKeyK256", "/", "test", "k256"), ("getKeyEd25519", "/", "test", "ed25519") })
        {
            using GetKeyResponse key = await client.GetKeyAsync(path, purpose, algorithm, Cancel);
            Assert.Equal(Convert.ToHexStringLower(key.Key), Text(js, step, "key"));
            Assert.Equal(key.SignatureChain.Select(Convert.ToHexStringLower), Texts(js.GetProperty(step), "chain"));
        }

        Assert.True(js.GetProperty("getKeyRsa").TryGetProperty("error", out _));
    }

    private static async Task CompareEvidenceAsync(JsonElement js, JsSdk sdk, DstackClient client)
    {
        byte[] short_ = Padded("report data"u8), full = [.. Enumerable.Repeat((byte)7, 64)];
        GetQuoteResponse ours = await client.GetQuoteAsync("report data"u8.ToArray(), Cancel);
        foreach ((string step, byte[] reportData) in new[] { ("getQuote", short_), ("getQuoteBytes", full), ("tdxQuoteRaw", short_) })
        {
            JsonElement quote = js.GetProperty(step);
            DstackFacts facts = Verify(sdk, JsonSerializer.SerializeToUtf8Bytes(quote), reportData);
            Assert.Equal(facts.Registers.Select(register => Convert.ToHexStringLower(register.Quoted.Span)), Texts(quote, "replayed"));
            Assert.Equal(Convert.ToHexStringLower(reportData), Text(quote, "report_data"));
            Assert.Equal((ours.EventLog, ours.VmConfig), (Text(quote, "event_log"), Text(quote, "vm_config")));
        }

        Verify(sdk, JsonSerializer.SerializeToUtf8Bytes(js.GetProperty("attest")), short_);
        Assert.True(js.GetProperty("getQuoteTooLong").TryGetProperty("error", out _));
    }

    private static void CompareCertificates(JsonElement js)
    {
        JsonElement plain = js.GetProperty("getTlsKey"), full = js.GetProperty("getTlsKeyFull");
        foreach (JsonElement key in new[] { plain, full })
        {
            using ECDsa parsed = ECDsa.Create();
            parsed.ImportFromPem(Text(key, "key"));
            byte[] der = Convert.FromHexString(Text(key, "der"));
            using ECDsa again = ECDsa.Create();
            again.ImportPkcs8PrivateKey(der, out _);
            Assert.Equal(Convert.ToHexStringLower(der[..32]), Text(key, "first"));
            using X509Certificate2 leaf = X509Certificate2.CreateFromPem(Texts(key, "chain").First());
            Assert.Equal(parsed.ExportSubjectPublicKeyInfo(), leaf.PublicKey.ExportSubjectPublicKeyInfo());
        }

        Assert.NotEqual(Text(plain, "key"), Text(full, "key"));
        using X509Certificate2 certificate = X509Certificate2.CreateFromPem(Texts(full, "chain").First());
        Assert.Equal("test-subject", certificate.GetNameInfo(X509NameType.SimpleName, false));
        Assert.NotNull(certificate.Extensions["1.3.6.1.4.1.62397.1.8"]);
        Assert.NotNull(certificate.Extensions["1.3.6.1.4.1.62397.1.9"]);
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1_900_000_000).UtcDateTime, certificate.NotAfter.ToUniversalTime());
    }

    private static async Task CompareSignaturesAsync(JsonElement js, DstackClient client)
    {
        foreach (string algorithm in new[] { "ed25519", "secp256k1", "secp256k1_prehashed" })
        {
            byte[] data = algorithm == "secp256k1_prehashed" ? SHA256.HashData(Message) : Message;
            SignResponse ours = await client.SignAsync(algorithm, data, Cancel);
            JsonElement signed = js.GetProperty("sign_" + algorithm);
            Assert.Equal((Convert.ToHexStringLower(ours.Signature), Convert.ToHexStringLower(ours.PublicKey)), (Text(signed, "signature"), Text(signed, "publicKey")));
            Assert.Equal(ours.SignatureChain, Texts(signed, "chain"));
            Assert.True(signed.GetProperty("valid").GetBoolean());
            Assert.False(signed.GetProperty("other").GetBoolean());
        }
    }

    private static async Task CompareLegacyAsync(JsonElement js, JsSdk sdk, TappdClient legacy)
    {
        using GetTlsKeyResponse ours = await legacy.DeriveKeyAsync("/", new TlsKeyOptions { Subject = "test" }, cancellationToken: Cancel);
        Assert.Equal(new string(ours.KeyPem), Text(js, "tappdDeriveKey", "key"));
        Assert.Equal(new string(ours.KeyPem), Text(js, "tappdDeriveKeyAgain", "key"));
        foreach (string algorithm in new[] { "", "sha256", "sha384", "sha512", "sha3-256", "sha3-384", "sha3-512", "keccak256", "keccak384", "keccak512" })
        {
            JsonElement quote = js.GetProperty(algorithm.Length == 0 ? "tappdTdxQuote" : "tappdTdxQuote_" + algorithm);
            DstackFacts facts = Verify(sdk, JsonSerializer.SerializeToUtf8Bytes(quote), TappdReportData.Compute("test data"u8, algorithm));
            Assert.Equal(facts.Registers.Select(register => Convert.ToHexStringLower(register.Quoted.Span)), Texts(quote, "replayed"));
        }

        // The SDK pads raw content on the left, unlike everything else.
        Verify(sdk, JsonSerializer.SerializeToUtf8Bytes(js.GetProperty("tappdTdxQuote_raw")), [.. new byte[55], .. "test data"u8]);
    }

    private static async Task CompareWalletsAsync(JsonElement js, DstackClient client)
    {
        using GetKeyResponse wallet = await client.GetKeyAsync("wallet", cancellationToken: Cancel);
        Assert.Equal(wallet.EthereumAddress(), Text(js, "viem", "address"));
        Assert.Equal(wallet.EthereumAddress(), Text(js, "viem", "secure"));
        Assert.Equal(wallet.SolanaAddress(), Text(js, "solana", "address"));
        Assert.Equal(wallet.SolanaAddress(), Text(js, "solana", "secure"));
    }

    // As the SDK gives it, fields of its own included, judged under the development root.
    private static DstackFacts Verify(JsSdk sdk, byte[] evidence, byte[] reportData)
    {
        Assert.True(TrustRoot.TryCreate(File.ReadAllBytes(sdk.Root), true, out TrustRoot? root, out _));
        Assert.True(Collateral.TryParse(File.ReadAllBytes(sdk.Collateral), out Collateral? collateral, out _));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        Assert.True(DstackEvidence.TryParse(evidence, out DstackEvidence? parsed, out Finding? refusal), refusal?.ToString());
        DstackFacts facts = DstackEvidence.Verify(parsed, CollateralVerifier.Verify(collateral, root, now).Trusted, new EvidenceExpectations { ReportData = Padded(reportData) }, now);
        Assert.True(facts.Authenticity == Authenticity.Genuine, string.Join("; ", facts.Findings));
        return facts;
    }

    private static byte[] Padded(ReadOnlySpan<byte> data)
    {
        byte[] padded = new byte[64];
        data.CopyTo(padded);
        return padded;
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private static string Text(JsonElement js, string step, string name) =>
        js.GetProperty(step).TryGetProperty(name, out JsonElement value) ? value.GetString()! : throw new InvalidOperationException($"{step}: {js.GetProperty(step)}");

    private static IEnumerable<string> Texts(JsonElement element, string name) => element.GetProperty(name).EnumerateArray().Select(item => item.GetString()!);
}
