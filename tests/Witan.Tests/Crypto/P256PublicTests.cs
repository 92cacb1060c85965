using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using Witan.Crypto;
using Xunit;

namespace Witan.Tests.Crypto;

/// <summary>The managed arithmetic against big integers and against libcrypto.</summary>
public class P256PublicTests
{
    private static readonly BigInteger Prime = BigInteger.Parse("0FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF", NumberStyles.HexNumber);

    public static TheoryData<string> Edges =>
    [
        "0", "1", "2", "3",
        "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFE",
        "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFD",
        "FFFFFFFF000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
        "00000000FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
        "8000000000000000000000000000000000000000000000000000000000000000",
    ];

    [Fact]
    public void The_field_agrees_with_big_integers()
    {
        List<BigInteger> numbers = [.. Edges.Select(edge => BigInteger.Parse("0" + edge.Data, NumberStyles.HexNumber))];
        numbers.AddRange(Enumerable.Range(0, 200).Select(_ => new BigInteger(RandomNumberGenerator.GetBytes(32), isUnsigned: true) % Prime));
        foreach (BigInteger a in numbers)
        {
            P256Field x = Field(a);
            Assert.Equal(a, Number(x));
            Assert.Equal(BigInteger.ModPow(a, Prime - 2, Prime), Number(x.Invert()));
            Assert.Equal((Prime - a) % Prime, Number(-x));
            Assert.Equal(!a.IsEven, x.IsOdd);
            P256Field square = x.Square();
            Assert.Contains(Number(square.SquareRoot()!.Value), new[] { a, (Prime - a) % Prime });
            // -1 is no square modulo p, so exactly one of x and -x is, but for zero.
            if (!a.IsZero)
                Assert.True(x.SquareRoot() is null ^ (-x).SquareRoot() is null);
            foreach (BigInteger b in numbers.Take(30))
            {
                P256Field y = Field(b);
                Assert.Equal(a * b % Prime, Number(x * y));
                Assert.Equal((a + b) % Prime, Number(x + y));
                Assert.Equal((a - b + Prime) % Prime, Number(x - y));
            }
        }

        Assert.Null(P256Field.FromBytes(Prime.ToByteArray(isUnsigned: true, isBigEndian: true)));
        Assert.Null(P256Field.FromBytes(Enumerable.Repeat((byte)255, 32).ToArray()));
    }

    [Fact]
    public void Decoding_agrees_with_big_integers_and_libcrypto_on_good_and_bad_bytes()
    {
        BigInteger b = BigInteger.Parse("5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B", NumberStyles.HexNumber);
        IEnumerable<byte[]> edges = new[] { "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF", new string('F', 64), new string('0', 64) }
            .Select(x => Convert.FromHexString("02" + x));
        foreach (byte[] bytes in Enumerable.Range(0, 500).Select(i => (byte[])[(byte)(i % 5), .. RandomNumberGenerator.GetBytes(32)]).Concat(edges))
        {
            var x = new BigInteger(bytes.AsSpan(1), isUnsigned: true, isBigEndian: true);
            BigInteger square = (BigInteger.ModPow(x, 3, Prime) - (3 * x) + b) % Prime;
            bool expected = bytes[0] is 2 or 3 && x < Prime && BigInteger.ModPow((square + Prime) % Prime, (Prime - 1) / 2, Prime).IsOne;
            Assert.Equal(expected, P256Point.TryDecode(bytes, out P256Point? point));
            Assert.Equal(expected, P256PublicPoint.TryDecode(bytes, out P256PublicPoint other));
            if (!expected)
                continue;
            Assert.Equal(bytes, other.ToBytes());
            Assert.Equal(P256PublicPoint.From(point!), other);
            // libcrypto takes the coordinates, and comes to the same bytes by its own way.
            P256Point zero = point! + -point!, same = zero + point!;
            Assert.True(zero.IsIdentity);
            Assert.Equal(bytes, same.ToBytes());
            Assert.Equal(point, same);
            Assert.NotEqual(point, -point!);
            byte[] coordinates = new byte[P256PublicPoint.CoordinatesSize];
            other.WriteCoordinatesTo(coordinates);
            Assert.True(P256PublicPoint.TryDecodeCoordinates(coordinates, out P256PublicPoint third));
            Assert.Equal(other, third);
            coordinates[^1] ^= 1;
            Assert.False(P256PublicPoint.TryDecodeCoordinates(coordinates, out _));
        }

        Assert.False(P256PublicPoint.TryDecode([], out _));
        Assert.False(P256PublicPoint.TryDecode(new byte[34], out _));
        Assert.False(P256PublicPoint.TryDecodeCoordinates(new byte[64], out _));
        Assert.False(P256PublicPoint.TryDecodeCoordinates(new byte[63], out _));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(17)]
    [InlineData(70)]
    [InlineData(300)]
    [InlineData(1100)]
    [InlineData(4200)]
    public void Sums_agree_with_libcrypto(int count)
    {
        var points = new P256Point[count];
        var scalars = new P256Scalar[count];
        for (int i = 0; i < count; i++)
        {
            // Equal and opposite points and edge scalars among them, for the exceptional cases.
            points[i] = i % 7 == 3 ? points[i - 1] : i % 7 == 5 ? -points[i - 1] : P256Point.MultiplyBase(P256Scalar.Random());
            scalars[i] = i % 5 == 0 ? P256Scalar.FromInt64(i) : i % 5 == 1 ? P256Scalar.Zero - P256Scalar.FromInt64(i) : P256Scalar.Random();
        }

        byte[] bytes = [.. scalars.SelectMany(scalar => scalar.ToBytes())];
        P256PublicPoint? sum = P256PublicSum.Multiply([.. points.Select(P256PublicPoint.From)], bytes);
        P256Point expected = P256Point.MultiplyPublic(null, points, scalars);
        Assert.Equal(expected.IsIdentity ? null : P256PublicPoint.From(expected), sum);
    }

    [Fact]
    public void A_sum_that_cancels_is_the_identity()
    {
        P256PublicPoint point = P256PublicPoint.From(P256Point.Generator);
        Assert.Null(P256PublicSum.Multiply([point], P256Scalar.Order));
        Assert.Null(P256PublicSum.Multiply([], []));
        Assert.Null(P256PublicSum.Multiply([point, P256PublicPoint.From(-P256Point.Generator)], [.. new byte[31], 9, .. new byte[31], 9]));
        Assert.Equal(point, P256PublicSum.Multiply([point], [.. new byte[31], 1]));
    }

    private static P256Field Field(BigInteger value)
    {
        byte[] bytes = new byte[32];
        byte[] raw = value.ToByteArray(isUnsigned: true, isBigEndian: true);
        raw.CopyTo(bytes, 32 - raw.Length);
        return P256Field.FromBytes(bytes)!.Value;
    }

    private static BigInteger Number(P256Field value)
    {
        byte[] bytes = new byte[32];
        value.WriteTo(bytes);
        return new BigInteger(bytes, isUnsigned: true, isBigEndian: true);
    }
}
