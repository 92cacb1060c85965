using System.Security.Cryptography;
using Witan.Crypto;
using Xunit;

namespace Witan.Tests.Crypto;

/// <summary>Verification over libcrypto against signatures of the framework, and everything that is no key or no signature.</summary>
public class EcdsaP256KeyTests
{
    private const string Order = "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551";
    private const string Prime = "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF";

    [Fact]
    public void What_the_framework_signs_is_verified()
    {
        for (int i = 0; i < 300; i++)
        {
            using var signer = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            byte[] data = RandomNumberGenerator.GetBytes(i);
            byte[] signature = signer.SignData(data, HashAlgorithmName.SHA256);
            Assert.True(EcdsaP256Key.TryCreate(Point(signer), out EcdsaP256Key? key));
            Assert.True(key.Verify(data, signature));
            Assert.False(key.Verify([.. data, 0], signature));
            signature[i % 64] ^= 1;
            Assert.False(key.Verify(data, signature));
            key.Dispose();
        }
    }

    // RFC 6979, A.2.5, SHA-256 over "sample".
    [Fact]
    public void A_known_signature_is_verified()
    {
        byte[] point = Convert.FromHexString("60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB67903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299");
        byte[] signature = Convert.FromHexString("EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8");
        Assert.True(EcdsaP256Key.TryCreate(point, out EcdsaP256Key? key));
        Assert.True(key.Verify("sample"u8, signature));
        Assert.False(key.Verify("Sample"u8, signature));
    }

    [Fact]
    public void The_other_signature_of_the_pair_is_verified_and_none_out_of_range()
    {
        using var signer = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        byte[] signature = signer.SignData([1, 2, 3], HashAlgorithmName.SHA256);
        Assert.True(EcdsaP256Key.TryCreate(Point(signer), out EcdsaP256Key? key));
        var order = new System.Numerics.BigInteger(Convert.FromHexString(Order), isUnsigned: true, isBigEndian: true);
        var s = new System.Numerics.BigInteger(signature.AsSpan(32), isUnsigned: true, isBigEndian: true);
        Assert.True(key.Verify([1, 2, 3], [.. signature[..32], .. Big(order - s)]));
        foreach (byte[] bad in new[] { new byte[32], Big(order), Big(order + 1), [.. Enumerable.Repeat((byte)0xFF, 32)] })
        {
            Assert.False(key.Verify([1, 2, 3], [.. bad, .. signature[32..]]));
            Assert.False(key.Verify([1, 2, 3], [.. signature[..32], .. bad]));
        }

        Assert.False(key.Verify([1, 2, 3], new byte[64]));
        Assert.False(key.Verify([1, 2, 3], signature.AsSpan(0, 63)));
        Assert.False(key.Verify([1, 2, 3], []));
        Assert.False(key.VerifyHash(new byte[31], signature));
    }

    [Fact]
    public void What_is_no_point_is_no_key()
    {
        using var signer = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        byte[] point = Point(signer);
        for (int bit = 0; bit < 512; bit++)
        {
            byte[] other = [.. point];
            other[bit / 8] ^= (byte)(1 << (bit % 8));
            // A curve holds at most two y for an x: a flip in y leaves it, a flip in x all but never hits another point.
            Assert.False(EcdsaP256Key.TryCreate(other, out _));
        }

        Assert.False(EcdsaP256Key.TryCreate(new byte[64], out _));
        Assert.False(EcdsaP256Key.TryCreate(point.AsSpan(0, 63), out _));
        Assert.False(EcdsaP256Key.TryCreate([4, .. point], out _));
        // (0, √b) is a point; (p, √b) is the same one in a form that is not allowed.
        byte[] root = Convert.FromHexString("66485C780E2F83D72433BD5D84A06BB6541C2AF31DAE871728BF856A174F93F4");
        Assert.True(EcdsaP256Key.TryCreate([.. new byte[32], .. root], out EcdsaP256Key? zero));
        Assert.False(zero.Verify([1], [.. root, .. root]));
        Assert.False(EcdsaP256Key.TryCreate([.. Convert.FromHexString(Prime), .. root], out _));
    }

    [Fact]
    public async Task One_key_serves_many_threads()
    {
        using var signer = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        byte[] data = [1, 2, 3], signature = signer.SignData(data, HashAlgorithmName.SHA256);
        Assert.True(EcdsaP256Key.TryCreate(Point(signer), out EcdsaP256Key? key));
        bool[] good = await Task.WhenAll(Enumerable.Range(0, 8).Select(thread => Task.Run(() => Enumerable.Range(0, 200).All(i =>
            key.Verify(data, signature) && !key.Verify([(byte)thread, (byte)i], signature)))));
        Assert.All(good, Assert.True);
    }

    private static byte[] Point(ECDsa key) => key.ExportParameters(false).Q is { X: { } x, Y: { } y } ? [.. x, .. y] : [];

    private static byte[] Big(System.Numerics.BigInteger value)
    {
        byte[] bytes = new byte[32];
        value.TryWriteBytes(bytes, out int written, isUnsigned: true, isBigEndian: true);
        return [.. new byte[32 - written], .. bytes[..written]];
    }
}
