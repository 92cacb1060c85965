using System.Security.Cryptography;
using Witan.Crypto;
using Xunit;

namespace Witan.Tests.Crypto;

public class Ed25519AndHpkeTests
{
    // RFC 8032, section 7.1, tests 1 to 3: seed, public key, message, signature.
    [Theory]
    [InlineData(
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")]
    [InlineData(
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")]
    public void Ed25519_gives_the_vectors_of_the_rfc(string seed, string publicKey, string message, string signature)
    {
        byte[] key = Convert.FromHexString(seed), text = Convert.FromHexString(message);
        Assert.Equal(publicKey, Convert.ToHexStringLower(Ed25519.PublicKey(key)));
        Assert.Equal(signature, Convert.ToHexStringLower(Ed25519.Sign(key, text)));
        Assert.True(Ed25519.Verify(Ed25519.PublicKey(key), text, Ed25519.Sign(key, text)));
    }

    [Fact]
    public void A_changed_signature_key_or_message_is_refused()
    {
        byte[] seed = RandomNumberGenerator.GetBytes(32), message = "a ballot"u8.ToArray();
        byte[] key = Ed25519.PublicKey(seed), signature = Ed25519.Sign(seed, message);
        for (int i = 0; i < signature.Length * 8; i++)
        {
            byte[] changed = [.. signature];
            changed[i / 8] ^= (byte)(1 << (i % 8));
            Assert.False(Ed25519.Verify(key, message, changed));
        }

        Assert.False(Ed25519.Verify(key, "a ballots"u8, signature));
        Assert.False(Ed25519.Verify(new byte[31], message, signature));
        Assert.False(Ed25519.Verify(key, message, signature.AsSpan(1)));
        Assert.Throws<ArgumentException>(() => Ed25519.Sign(new byte[31], message));
    }

    [Fact]
    public void Sealing_opens_only_for_its_key_context_and_bytes()
    {
        (P256Scalar secret, P256Point recipient) = Hpke.DeriveKeyPair(RandomNumberGenerator.GetBytes(32));
        byte[] sealedMessage = Hpke.Seal(recipient, "context"u8, "header"u8, "share"u8);
        Assert.Equal("share"u8.Length + Hpke.Overhead, sealedMessage.Length);
        Assert.True(Hpke.TryOpen(secret, "context"u8, "header"u8, sealedMessage, out byte[]? message));
        Assert.Equal("share"u8.ToArray(), message);
        Assert.False(Hpke.TryOpen(secret, "contexts"u8, "header"u8, sealedMessage, out _));
        Assert.False(Hpke.TryOpen(secret, "context"u8, "headers"u8, sealedMessage, out _));
        Assert.False(Hpke.TryOpen(P256Scalar.Random(), "context"u8, "header"u8, sealedMessage, out _));
        for (int i = 0; i < sealedMessage.Length; i++)
        {
            byte[] changed = [.. sealedMessage];
            changed[i] ^= 1;
            Assert.False(Hpke.TryOpen(secret, "context"u8, "header"u8, changed, out _));
        }

        Assert.False(Hpke.TryOpen(secret, "context"u8, "header"u8, [], out _));
    }

    [Fact]
    public void The_same_secret_gives_the_same_key_pair()
    {
        byte[] secret = RandomNumberGenerator.GetBytes(32);
        Assert.Equal(Hpke.DeriveKeyPair(secret).Public, Hpke.DeriveKeyPair(secret).Public);
    }
}
