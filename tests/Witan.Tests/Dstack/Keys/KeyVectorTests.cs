using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Witan.Attestation;
using Witan.Crypto;
using Witan.Dstack;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.Tests.Dstack.Keys;

public class KeyVectorTests
{
    private static JsonElement Vectors(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(SharedData.Path("vectors", "dstack", file)));
        return document.RootElement.Clone();
    }

    private static byte[] Bytes(JsonElement element, string name) => Convert.FromHexString(element.GetProperty(name).GetString()!);

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private static byte[][] Chain(JsonElement vector) =>
        [.. vector.GetProperty("signature_chain").EnumerateArray().Select(item => Convert.FromHexString(item.GetString()!))];

    [Fact]
    public void GetKey_derives_signs_and_addresses_as_recorded()
    {
        JsonElement file = Vectors("get-key.json");
        byte[] appKey = Bytes(file, "app_k256_key");
        Assert.Equal(Bytes(file, "app_k256_pubkey"), Secp256k1.PublicKey(appKey));
        int seen = 0;
        foreach (JsonElement vector in file.GetProperty("vectors").EnumerateArray())
        {
            seen++;
            string purpose = Text(vector, "purpose"), algorithm = Text(vector, "algorithm");
            byte[] key = KeyDerivation.DeriveKey(appKey, 32, Encoding.UTF8.GetBytes(Text(vector, "path")));
            Assert.Equal(Bytes(vector, "key"), key);
            byte[][] chain = Chain(vector);
            using var response = new GetKeyResponse(key, chain, purpose, algorithm);
            byte[] publicKey = response.PublicKey();
            Assert.Equal(Bytes(vector, "public_key"), publicKey);
            Assert.Equal(Bytes(vector, "keccak256"), KeySignatureChain.AppDigest(publicKey, purpose));
            Assert.Equal(chain[0], Secp256k1.SignRecoverable(appKey, KeySignatureChain.AppDigest(publicKey, purpose)));
            if (vector.TryGetProperty("eth_address", out JsonElement address))
                Assert.Equal(address.GetString(), response.EthereumAddress().ToLowerInvariant());
        }

        Assert.Equal(12, seen);
    }

    [Fact]
    public void The_reference_chain_of_trust_leads_to_its_root_and_to_no_other()
    {
        JsonElement file = Vectors("get-key.json"), trust = file.GetProperty("chain_of_trust");
        byte[] appId = Bytes(trust, "app_id"), root = Bytes(trust, "kms_root_pubkey_recovered");
        foreach (JsonElement vector in file.GetProperty("vectors").EnumerateArray())
        {
            byte[] publicKey = Bytes(vector, "public_key");
            string purpose = Text(vector, "purpose");
            byte[][] chain = Chain(vector);
            Assert.True(KeySignatureChain.TryVerify(publicKey, purpose, chain, appId, root, out KeySignatureChainFacts? facts, out _));
            Assert.Equal(Bytes(trust, "app_pubkey"), facts.AppPublicKey);

            byte[] otherId = [.. appId.Reverse()], otherKey = [.. publicKey];
            otherKey[5] ^= 1;
            Assert.Equal("KEY_CHAIN_ROOT_MISMATCH", Refusal(publicKey, purpose + "x", chain, appId, root));
            Assert.Equal("KEY_CHAIN_ROOT_MISMATCH", Refusal(publicKey, purpose, chain, otherId, root));
            Assert.Equal("KEY_CHAIN_ROOT_MISMATCH", Refusal(otherKey, purpose, chain, appId, root));
            Assert.Equal("KEY_CHAIN_ROOT_MISMATCH", Refusal(publicKey, purpose, chain, appId, facts.AppPublicKey));
            Assert.Equal("KEY_CHAIN_FORMAT", Refusal(publicKey, purpose, [chain[0]], appId, root));
            Assert.Equal("KEY_CHAIN_FORMAT", Refusal(publicKey, purpose, [chain[0], chain[1][..64]], appId, root));
            Assert.Equal("KEY_CHAIN_FORMAT", Refusal(publicKey, purpose, chain, appId[..19], root));
        }
    }

    [Fact]
    public void App_key_report_data_is_as_the_public_service_makes_it()
    {
        JsonElement fixture = Vectors("get-key.json").GetProperty("rust_fixture");
        byte[] key = KeyDerivation.DeriveKey(Bytes(fixture, "k256_key"), 32, Encoding.UTF8.GetBytes(Text(fixture, "path")));
        Assert.Equal(Bytes(fixture, "derived"), key);
        string Said(byte[] publicKey) => Encoding.ASCII.GetString(AppKeyReportData.Compute(publicKey)).TrimEnd('\0');
        Assert.Equal(Text(fixture, "ed25519_report_data"), Said(Ed25519.PublicKey(key)));
        Assert.Equal(Text(fixture, "secp256k1_report_data"), Said(Secp256k1.PublicKey(key)));
    }

    [Fact]
    public void The_derivations_of_the_key_management_service_are_as_recorded()
    {
        JsonElement file = Vectors("kms-derivation.json"), secret = file.GetProperty("dh_secret");
        byte[] root = Bytes(secret, "root_scalar");
        Assert.Equal(Bytes(secret, "root_p256_pkcs8_der"), KeyDerivation.ToPkcs8(root));
        Assert.Equal(Bytes(secret, "derived_p256_scalar"), KeyDerivation.DeriveKey(root, 32, "context one"u8.ToArray(), "context two"u8.ToArray()));
        Assert.Equal(Bytes(secret, "secret"), KeyDerivation.DeriveDhSecret(root, "context one"u8.ToArray(), "context two"u8.ToArray()));

        JsonElement app = file.GetProperty("kms_app");
        byte[] appId = Bytes(app, "app_id"), instanceId = Bytes(app, "instance_id"), k256 = Bytes(app, "kms_k256_root"), p256 = Bytes(app, "kms_p256_root_scalar");
        Assert.Equal(Bytes(app, "kms_k256_pubkey"), Secp256k1.PublicKey(k256));
        Assert.Equal(Bytes(app, "app_disk_crypt_key"), KeyDerivation.DeriveDhSecret(p256, appId, instanceId, "app-disk-crypt-key"u8.ToArray()));
        Assert.Equal(Bytes(app, "env_crypt_key"), KeyDerivation.DeriveDhSecret(p256, appId, "env-encrypt-key"u8.ToArray()));
        Assert.Equal(Bytes(app, "app_ca_p256_scalar"), KeyDerivation.DeriveKey(p256, 32, appId, "app-ca"u8.ToArray()));
        byte[] appKey = KeyDerivation.DeriveKey(k256, 32, appId, "app-key"u8.ToArray());
        Assert.Equal(Bytes(app, "app_k256_key"), appKey);
        Assert.Equal(Bytes(app, "app_k256_pubkey"), Secp256k1.PublicKey(appKey));
        Assert.Equal(Bytes(app, "k256_signature"), Secp256k1.SignRecoverable(k256, KeySignatureChain.KmsDigest(appId, Secp256k1.PublicKey(appKey))));
    }

    [Fact]
    public void The_P_256_view_is_the_key_of_the_legacy_service()
    {
        JsonElement vector = Vectors("kms-derivation.json").GetProperty("tappd_derive_key");
        byte[] appKey = Bytes(Vectors("get-key.json"), "app_k256_key");
        using var key = new GetKeyResponse(KeyDerivation.DeriveKey(appKey, 32, Encoding.UTF8.GetBytes(Text(vector, "path"))), [], "", "");
        Assert.Equal(Bytes(vector, "p256_scalar"), key.ToBytes());
        using ECDsa view = key.ToP256(), recorded = ECDsa.Create();
        recorded.ImportFromPem(Text(vector, "pem"));
        Assert.Equal(recorded.ExportSubjectPublicKeyInfo(), view.ExportSubjectPublicKeyInfo());
        Assert.Equal(Text(vector, "pem").Trim(), PemEncoding.WriteString("PRIVATE KEY", KeyDerivation.ToPkcs8(key.Key)).Trim());
        using ECDiffieHellman agreement = key.ToP256KeyAgreement();
        Assert.Equal(recorded.ExportSubjectPublicKeyInfo(), agreement.ExportSubjectPublicKeyInfo());
    }

    [Fact]
    public void Signatures_of_Sign_are_as_recorded()
    {
        byte[] appKey = Bytes(Vectors("get-key.json"), "app_k256_key");
        using var key = new GetKeyResponse(KeyDerivation.DeriveKey(appKey, 32, "vms"u8.ToArray()), [], "signing", "");
        foreach (JsonElement vector in Vectors("sign.json").GetProperty("vectors").EnumerateArray())
        {
            byte[] data = Bytes(vector, "data"), signature = Bytes(vector, "signature"), publicKey = Bytes(vector, "public_key");
            switch (Text(vector, "algorithm"))
            {
                case "ed25519":
                    Assert.Equal(signature, key.SignEd25519(data));
                    Assert.True(Ed25519.Verify(publicKey, data, signature));
                    break;
                case "secp256k1":
                    Assert.Equal(signature, key.SignSecp256k1(SHA256.HashData(data))[..64]);
                    Assert.True(Secp256k1.Verify(publicKey, SHA256.HashData(data), signature));
                    break;
                default:
                    Assert.Equal(signature, key.SignSecp256k1(data)[..64]);
                    break;
            }

            Assert.True(KeySignatureChain.TryRecover(publicKey, "signing", Chain(vector)[1..], new byte[20], out KeySignatureChainFacts? facts, out _));
            Assert.Equal(Secp256k1.PublicKey(appKey), facts.AppPublicKey);
        }
    }

    [Fact]
    public void Report_data_of_the_legacy_service_is_as_recorded()
    {
        int seen = 0;
        foreach (JsonElement vector in Vectors("report-data.json").GetProperty("vectors").EnumerateArray())
        {
            seen++;
            Assert.Equal(
                Text(vector, "report_data"),
                Convert.ToHexStringLower(TappdReportData.Compute(Bytes(vector, "content"), Text(vector, "hash_algorithm"), Text(vector, "prefix"))));
        }

        Assert.Equal(27, seen);
    }

    private static string? Refusal(byte[] publicKey, string purpose, byte[][] chain, byte[] appId, byte[] root) =>
        KeySignatureChain.TryVerify(publicKey, purpose, chain, appId, root, out _, out Finding? refusal) ? null : refusal.Code;
}
