using Witan.Dstack;
using Xunit;

namespace Witan.Tests.Dstack.Keys;

public class KeyViewTests
{
    private static GetKeyResponse Key(string hex = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318") =>
        new(Convert.FromHexString(hex), [], "", "");

    [Fact]
    public void An_Ethereum_address_has_its_checksum_in_the_letters()
    {
        using GetKeyResponse key = Key();
        Assert.Equal("0x2c7536E3605D9C16a7a3D7b1898e529396a65c23", key.EthereumAddress());
    }

    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000", "11111111111111111111111111111111")]
    [InlineData("06ddf6e1d765a193d9cbe146ceeb79ac1cb485ed5f5b37913a8cf5857eff00a9", "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")]
    public void A_Solana_address_is_base_58(string publicKey, string address) =>
        Assert.Equal(address, WalletAddress.Solana(Convert.FromHexString(publicKey)));

    [Fact]
    public void A_disposed_key_is_zeroed_and_gone()
    {
        byte[] given = [.. Enumerable.Repeat((byte)7, 32)];
        var key = new GetKeyResponse(given, [], "", "");
        Assert.All(given, octet => Assert.Equal(0, octet));
        ReadOnlySpan<byte> seen = key.Key;
        Assert.Equal(7, seen[0]);
        key.Dispose();
        Assert.Equal(-1, seen.IndexOfAnyExcept((byte)0));
        Assert.Throws<ObjectDisposedException>(() => key.ToBytes());
    }

    [Fact]
    public void No_text_form_shows_a_key()
    {
        using GetKeyResponse key = Key();
        Assert.DoesNotContain("4c08", key.ToString(), StringComparison.Ordinal);
        using var tls = new GetTlsKeyResponse("-----BEGIN PRIVATE KEY-----".ToCharArray(), ["x"]);
        Assert.DoesNotContain("BEGIN", tls.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_path_of_its_own_for_each_algorithm_gives_other_keys_their_own_place() =>
        Assert.Equal("wallet/main/ed25519", DerivedKeyViews.PathFor("wallet/main/", "ed25519"));
}
