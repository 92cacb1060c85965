using System.Security.Cryptography;
using System.Text;
using Witan.Crypto;
using Xunit;

namespace Witan.Tests.Crypto;

public class Secp256k1Tests
{
    private static readonly byte[] Key = Convert.FromHexString("0000000000000000000000000000000000000000000000000000000000000001");

    // Known answers for the deterministic nonce over this curve, as signed by many wallets: key 1, SHA-256 of the text.
    [Theory]
    [InlineData("Satoshi Nakamoto", "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8", "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5")]
    [InlineData("All those moments will be lost in time, like tears in rain. Time to die...", "8600dbd41e348fe5c9465ab92d23e3db8b98b873beecd930736488696438cb6b", "547fe64427496db33bf66019dacbf0039c04199abb0122918601db38a72cfc21")]
    public void Signatures_are_deterministic_and_have_a_low_s(string text, string r, string s) =>
        Assert.Equal(r + s, Convert.ToHexStringLower(Secp256k1.Sign(Key, SHA256.HashData(Encoding.ASCII.GetBytes(text)))));

    [Fact]
    public void A_signature_verifies_here_and_by_the_framework_and_recovers_its_key()
    {
        for (int i = 0; i < 20; i++)
        {
            byte[] key = SHA256.HashData([(byte)i]), digest = SHA256.HashData([(byte)i, 1]);
            byte[] publicKey = Secp256k1.PublicKey(key), signature = Secp256k1.SignRecoverable(key, digest);
            Assert.True(Secp256k1.Verify(publicKey, digest, signature.AsSpan(0, 64)));
            Assert.True(Secp256k1.TryRecover(digest, signature, out byte[]? recovered));
            Assert.Equal(publicKey, recovered);
            Assert.True(Secp256k1.TryDecompress(publicKey, out byte[]? point));
            using var framework = ECDsa.Create(new ECParameters
            {
                Curve = ECCurve.CreateFromValue("1.3.132.0.10"),
                Q = new ECPoint { X = point[1..33], Y = point[33..] },
            });
            Assert.True(framework.VerifyHash(digest, signature.AsSpan(0, 64)));
        }
    }

    [Fact]
    public void Any_changed_byte_of_a_signature_gives_another_key_or_none()
    {
        byte[] digest = SHA256.HashData("x"u8), publicKey = Secp256k1.PublicKey(Key), signature = Secp256k1.SignRecoverable(Key, digest);
        for (int i = 0; i < signature.Length; i++)
        {
            byte[] changed = [.. signature];
            changed[i] ^= 1;
            Assert.False(Secp256k1.TryRecover(digest, changed, out byte[]? recovered) && recovered.AsSpan().SequenceEqual(publicKey), $"byte {i}");
            Assert.True(i == 64 || !Secp256k1.Verify(publicKey, digest, changed.AsSpan(0, 64)), $"byte {i}");
        }
    }

    [Fact]
    public void The_mirrored_signature_with_a_high_s_is_refused()
    {
        byte[] digest = SHA256.HashData("x"u8), signature = Secp256k1.SignRecoverable(Key, digest);
        using (var scratch = new Secp256k1Arithmetic())
            scratch.Negate(signature.AsSpan(32, 32), signature.AsSpan(32, 32));
        signature[64] ^= 1;
        Assert.False(Secp256k1.Verify(Secp256k1.PublicKey(Key), digest, signature.AsSpan(0, 64)));
        Assert.False(Secp256k1.TryRecover(digest, signature, out _));
    }

    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141")]
    [InlineData("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")]
    [InlineData("01")]
    public void Numbers_that_are_no_private_key_are_refused(string key)
    {
        Assert.False(Secp256k1.IsPrivateKey(Convert.FromHexString(key)));
        Assert.Throws<ArgumentException>(() => Secp256k1.PublicKey(Convert.FromHexString(key)));
    }

    [Fact]
    public void Bytes_that_are_no_point_are_refused()
    {
        byte[] beyondTheField = [2, .. Enumerable.Repeat((byte)0xFF, 32)];
        byte[] offTheCurve = [4, .. new byte[64]];
        foreach (byte[] bytes in new[] { beyondTheField, offTheCurve, [], [2], [5, .. new byte[32]], new byte[65] })
        {
            Assert.False(Secp256k1.TryDecompress(bytes, out _));
            Assert.False(Secp256k1.Verify(bytes, new byte[32], [.. Key, .. Key]));
        }
    }
}
