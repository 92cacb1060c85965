using Witan.Crypto;
using Xunit;

namespace Witan.Tests.Crypto;

public class X25519Tests
{
    // RFC 7748, section 6.1.
    [Fact]
    public void Two_sides_agree_as_in_the_rfc()
    {
        byte[] alice = Convert.FromHexString("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
        byte[] bob = Convert.FromHexString("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
        Assert.Equal("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a", Convert.ToHexStringLower(X25519.PublicKey(alice)));
        Assert.Equal("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f", Convert.ToHexStringLower(X25519.PublicKey(bob)));
        Assert.True(X25519.TryAgree(alice, X25519.PublicKey(bob), out byte[]? one));
        Assert.True(X25519.TryAgree(bob, X25519.PublicKey(alice), out byte[]? two));
        Assert.Equal("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742", Convert.ToHexStringLower(one));
        Assert.Equal(one, two);
    }

    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")]
    [InlineData("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    public void A_peer_key_of_small_order_is_refused(string peer) =>
        Assert.False(X25519.TryAgree(X25519.NewPrivateKey(), Convert.FromHexString(peer), out _));

    [Fact]
    public void Wrong_lengths_are_refused()
    {
        Assert.False(X25519.TryAgree(X25519.NewPrivateKey(), new byte[31], out _));
        Assert.Throws<ArgumentException>(() => X25519.PublicKey(new byte[33]));
    }
}
