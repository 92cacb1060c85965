using System.Numerics;
using System.Security.Cryptography;
using Witan.Crypto;
using Xunit;

namespace Witan.Tests.Crypto;

public class P256Tests
{
    private static readonly BigInteger Order = Number(P256Scalar.Order);

    [Fact]
    public void Scalars_agree_with_big_integers()
    {
        for (int i = 0; i < 200; i++)
        {
            P256Scalar a = P256Scalar.Random(), b = P256Scalar.Random();
            BigInteger x = Number(a.ToBytes()), y = Number(b.ToBytes());
            Assert.Equal((x + y) % Order, Number((a + b).ToBytes()));
            Assert.Equal((x - y + Order) % Order, Number((a - b).ToBytes()));
            Assert.Equal(x * y % Order, Number((a * b).ToBytes()));
            Assert.Equal(BigInteger.One, Number((a * a.Invert()).ToBytes()));
            byte[] wide = RandomNumberGenerator.GetBytes(64);
            Assert.Equal(Number(wide) % Order, Number(P256Scalar.Reduce(wide).ToBytes()));
        }
    }

    [Fact]
    public void Points_agree_with_the_keys_of_the_framework()
    {
        for (int i = 0; i < 20; i++)
        {
            using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            ECParameters parameters = key.ExportParameters(true);
            Assert.True(P256Scalar.TryDecode(parameters.D, out P256Scalar? secret));
            P256Point point = P256Point.MultiplyBase(secret);
            Assert.Equal(parameters.Q.X, point.X());
            Assert.Equal(parameters.Q.Y![31] & 1, point.ToBytes()[0] & 1);
            Assert.Equal(point, P256Point.Generator.Multiply(secret));
        }
    }

    [Fact]
    public void The_shared_product_is_the_sum_of_single_products()
    {
        for (int count = 0; count < 6; count++)
        {
            P256Scalar g = P256Scalar.Random();
            P256Scalar[] scalars = [.. Enumerable.Range(0, count).Select(_ => P256Scalar.Random())];
            P256Point[] points = [.. scalars.Select(_ => P256Point.MultiplyBase(P256Scalar.Random()))];
            P256Point expected = P256Point.MultiplyBase(g);
            for (int i = 0; i < count; i++)
                expected += points[i].Multiply(scalars[i]);
            Assert.Equal(expected, P256Point.MultiplyPublic(g, points, scalars));
        }
    }

    [Fact]
    public void Decoding_refuses_everything_but_the_one_form()
    {
        byte[] good = P256Point.MultiplyBase(P256Scalar.Random()).ToBytes();
        Assert.True(P256Point.TryDecode(good, out P256Point? point));
        Assert.Equal(good, point.ToBytes());
        Assert.False(P256Point.TryDecode(good.AsSpan(1), out _));
        Assert.False(P256Point.TryDecode([.. good, 0], out _));
        Assert.False(P256Point.TryDecode([0], out _));
        foreach (byte prefix in new byte[] { 0, 1, 4, 5, 6, 7, 255 })
            Assert.False(P256Point.TryDecode([prefix, .. good[1..]], out _));
        byte[] prime = Convert.FromHexString("FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF");
        Assert.False(P256Point.TryDecode([2, .. prime], out _));
        Assert.False(P256Point.TryDecode([2, .. Enumerable.Repeat((byte)255, 32)], out _));
        int refused = Enumerable.Range(0, 64).Count(_ => !P256Point.TryDecode([2, .. RandomNumberGenerator.GetBytes(32)], out P256Point? _));
        Assert.InRange(refused, 1, 63);
    }

    [Fact]
    public void The_order_and_above_are_no_scalars()
    {
        Assert.False(P256Scalar.TryDecode(P256Scalar.Order, out _));
        byte[] below = P256Scalar.Order.ToArray();
        below[31]--;
        Assert.True(P256Scalar.TryDecode(below, out P256Scalar? scalar));
        Assert.Equal(P256Scalar.Zero, scalar + P256Scalar.One);
        Assert.True((P256Point.MultiplyBase(scalar) + P256Point.Generator).IsIdentity);
        Assert.False(P256Scalar.TryDecode(new byte[31], out _));
    }

    [Fact]
    public void Many_threads_agree()
    {
        P256Scalar secret = P256Scalar.Random();
        P256Point expected = P256Point.MultiplyBase(secret);
        Parallel.For(0, 500, _ => Assert.Equal(expected, P256Point.Generator.Multiply(secret)));
    }

    [Fact]
    public void Selection_takes_the_one_named()
    {
        P256Scalar a = P256Scalar.Random(), b = P256Scalar.Random();
        Assert.Equal(a, P256Scalar.Select(0, a, b));
        Assert.Equal(b, P256Scalar.Select(1, a, b));
    }

    private static BigInteger Number(ReadOnlySpan<byte> bytes) => new(bytes, isUnsigned: true, isBigEndian: true);
}
