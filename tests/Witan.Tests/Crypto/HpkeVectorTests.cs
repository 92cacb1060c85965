using System.Text;
using Witan.Crypto;
using Xunit;

namespace Witan.Tests.Crypto;

/// <summary>RFC 9180, appendix A.3.1: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, base mode, sequence number 0.</summary>
public class HpkeVectorTests
{
    private const ushort Aes128Gcm = 1;
    private static readonly byte[] Info = Encoding.ASCII.GetBytes("Ode on a Grecian Urn");
    private static readonly byte[] Associated = Encoding.ASCII.GetBytes("Count-0");
    private static readonly byte[] Text = Encoding.ASCII.GetBytes("Beauty is truth, truth beauty");

    [Theory]
    [InlineData(
        "4270e54ffd08d79d5928020af4686d8f6b7d35dbe470265f1f5aa22816ce860e",
        "4995788ef4b9d6132b249ce59a77281493eb39af373d236a1fe415cb0c2d7beb")]
    [InlineData(
        "668b37171f1072f3cf12ea8a236a45df23fc13b82af3609ad1e354f6ef817550",
        "f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2")]
    public void Key_pairs_are_derived_as_in_the_rfc(string secret, string expected)
    {
        using P256Scalar key = Hpke.DeriveKeyPair(Convert.FromHexString(secret)).Private;
        Assert.Equal(expected, Convert.ToHexStringLower(key.ToBytes()));
    }

    [Fact]
    public void Sealing_gives_the_bytes_of_the_rfc_and_they_open()
    {
        (P256Scalar ephemeral, _) = Hpke.DeriveKeyPair(Convert.FromHexString("4270e54ffd08d79d5928020af4686d8f6b7d35dbe470265f1f5aa22816ce860e"));
        (P256Scalar secret, P256Point recipient) = Hpke.DeriveKeyPair(Convert.FromHexString("668b37171f1072f3cf12ea8a236a45df23fc13b82af3609ad1e354f6ef817550"));
        byte[] message = Hpke.Seal(recipient, ephemeral, Aes128Gcm, Info, Associated, Text);
        Assert.Equal(
            "04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac98536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4"
            + "5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f9076ac232e3ab2523f39513434",
            Convert.ToHexStringLower(message));
        Assert.True(Hpke.TryOpen(secret, Aes128Gcm, Info, Associated, message, out byte[]? opened));
        Assert.Equal(Text, opened);
    }
}
