using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Witan.Crypto;
using Witan.Dstack.Cloud;
using Witan.Dstack.AppEnvironment;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.Tests.Cloud;

public class EncryptedEnvironmentTests
{
    private static readonly DateTimeOffset Signed = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);

    [Fact]
    public void What_the_sdk_encrypted_is_decrypted()
    {
        JsonElement vector = Vector("env-encryption.json");
        byte[] privateKey = Hex(vector, "recipient_private_key");
        var expected = vector.GetProperty("envs").EnumerateArray().Select(item => (item.GetProperty("key").GetString()!, item.GetProperty("value").GetString()!));
        foreach (JsonElement blob in vector.GetProperty("sdk_ciphertexts_hex").EnumerateArray())
        {
            Assert.True(EncryptedEnvironment.TryDecrypt(privateKey, Convert.FromHexString(blob.GetString()!), out var environment));
            Assert.Equal(expected, environment.Select(entry => (entry.Key, entry.Value)));
        }

        byte[] own = EncryptedEnvironment.Encrypt(Hex(vector, "recipient_public_key"), expected.Select(each => KeyValuePair.Create(each.Item1, each.Item2)));
        Assert.True(EncryptedEnvironment.TryDecrypt(privateKey, own, out var again));
        Assert.Equal(expected, again.Select(entry => (entry.Key, entry.Value)));
        JsonElement fixedRandom = vector.GetProperty("deterministic");
        Assert.Equal(
            Hex(fixedRandom, "ciphertext_hex"),
            EncryptedEnvironment.Encrypt(Hex(vector, "recipient_public_key"), again, Hex(fixedRandom, "ephemeral_secret"), Hex(fixedRandom, "iv")));
    }

    [Fact]
    public void A_changed_or_cut_blob_and_another_key_are_refused()
    {
        byte[] key = X25519.NewPrivateKey();
        byte[] blob = EncryptedEnvironment.Encrypt(X25519.PublicKey(key), [KeyValuePair.Create("A", "b")]);
        Assert.True(EncryptedEnvironment.TryDecrypt(key, blob, out _));
        Assert.False(EncryptedEnvironment.TryDecrypt(X25519.NewPrivateKey(), blob, out _));
        for (int i = 0; i < blob.Length; i++)
        {
            byte[] changed = [.. blob];
            changed[i] ^= 1;
            Assert.False(EncryptedEnvironment.TryDecrypt(key, changed, out _));
            Assert.False(EncryptedEnvironment.TryDecrypt(key, blob.AsSpan(0, i), out _));
        }

        Assert.Throws<ArgumentException>(() => EncryptedEnvironment.Encrypt(new byte[32], []));
    }

    [Theory]
    [InlineData("""{"env":[{"key":null,"value":"b"}]}""")]
    [InlineData("""{"env":[{"key":"A","value":null}]}""")]
    [InlineData("""{"env":[{"key":"A","value":1}]}""")]
    [InlineData("""{"env":[{"key":"A"}]}""")]
    [InlineData("""{"env":["A"]}""")]
    [InlineData("""{"env":{}}""")]
    [InlineData("[]")]
    [InlineData("")]
    public void What_decrypts_to_something_else_is_refused(string plain)
    {
        // As anybody can who knows the public key.
        byte[] key = X25519.NewPrivateKey(), ephemeral = X25519.NewPrivateKey(), text = Encoding.UTF8.GetBytes(plain);
        byte[] blob = [.. X25519.PublicKey(ephemeral), .. new byte[12], .. text, .. new byte[16]];
        Assert.True(X25519.TryAgree(ephemeral, X25519.PublicKey(key), out byte[]? secret));
        using var aes = new AesGcm(secret, 16);
        aes.Encrypt(blob.AsSpan(32, 12), text, blob.AsSpan(44, text.Length), blob.AsSpan(^16..));
        Assert.False(EncryptedEnvironment.TryDecrypt(key, blob, out _));
    }

    [Fact]
    public void The_signer_of_an_environment_key_is_recovered()
    {
        JsonElement vector = Vector("verify-env-encrypt-public-key.json");
        var cipher = new EnvironmentCipher();
        JsonElement legacy = vector.GetProperty("legacy"), dated = vector.GetProperty("v1");
        Assert.Equal(
            legacy.GetProperty("signer").GetString()![2..],
            cipher.RecoverSigner(new EnvironmentKey { PublicKey = Text(legacy, "public_key"), Signature = Text(legacy, "signature") }, Text(legacy, "app_id"), Signed));
        EnvironmentKey key = new() { PublicKey = Text(dated, "public_key"), Timestamp = 1_700_000_000, SignatureV1 = Text(dated, "signature"), Signature = Text(legacy, "signature") };
        string signer = dated.GetProperty("signer").GetString()![2..];
        Assert.Equal(signer, cipher.RecoverSigner(key, "0x" + Text(dated, "app_id"), Signed.AddSeconds(300)));
        Assert.Equal(signer, cipher.RecoverSigner(key, Text(dated, "app_id"), Signed.AddSeconds(-60)));
        Assert.Null(cipher.RecoverSigner(key, Text(dated, "app_id"), Signed.AddSeconds(301)));
        Assert.Null(cipher.RecoverSigner(key, Text(dated, "app_id"), Signed.AddSeconds(-61)));
        Assert.NotEqual(signer, cipher.RecoverSigner(key, Text(legacy, "app_id"), Signed));
        Assert.NotEqual(signer, cipher.RecoverSigner(key with { Timestamp = 1_700_000_001 }, Text(dated, "app_id"), Signed));
        Assert.Null(cipher.RecoverSigner(key with { Timestamp = null }, Text(dated, "app_id"), Signed));
        Assert.Null(cipher.RecoverSigner(key with { SignatureV1 = "zz" }, Text(dated, "app_id"), Signed));
        Assert.Null(cipher.RecoverSigner(new EnvironmentKey(), Text(dated, "app_id"), Signed));
    }

    private static JsonElement Vector(string name) =>
        JsonDocument.Parse(File.ReadAllBytes(SharedData.Path("vectors", "dstack", name))).RootElement;

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private static byte[] Hex(JsonElement element, string name) => Convert.FromHexString(Text(element, name));
}
