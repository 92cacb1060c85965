using System.Security.Cryptography;
using System.Text;
using Witan.Crypto;
using Xunit;

namespace Witan.Tests.Crypto;

public class KeccakTests
{
    [Theory]
    [InlineData("", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")]
    [InlineData("abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45")]
    public void Keccak_256_of_known_texts(string text, string expected) =>
        Assert.Equal(expected, Convert.ToHexStringLower(Keccak.Hash256(Encoding.ASCII.GetBytes(text))));

    [Fact]
    public void With_the_padding_of_SHA_3_it_is_the_frameworks_SHA_3_at_every_length_around_a_block()
    {
        Assert.SkipUnless(SHA3_256.IsSupported, "needs SHA-3 in libcrypto");
        byte[] data = [.. Enumerable.Range(0, 300).Select(i => (byte)(i * 7))];
        for (int length = 0; length <= data.Length; length++)
        {
            ReadOnlySpan<byte> part = data.AsSpan(0, length);
            Assert.Equal(SHA3_256.HashData(part), Keccak.Hash(part, 32, 6));
            Assert.Equal(SHA3_384.HashData(part), Keccak.Hash(part, 48, 6));
            Assert.Equal(SHA3_512.HashData(part), Keccak.Hash(part, 64, 6));
        }
    }
}
