using System.Numerics;
using System.Text;

namespace Witan.Voting;

/// <summary>The alphabet of Bitcoin, without 0, O, I and l.</summary>
internal static class Base58
{
    private const string Alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

    internal static string Encode(ReadOnlySpan<byte> bytes)
    {
        var value = new BigInteger(bytes, isUnsigned: true, isBigEndian: true);
        var text = new StringBuilder();
        while (!value.IsZero)
        {
            value = BigInteger.DivRem(value, 58, out BigInteger digit);
            text.Insert(0, Alphabet[(int)digit]);
        }

        foreach (byte zero in bytes)
        {
            if (zero != 0)
                break;
            text.Insert(0, '1');
        }

        return text.ToString();
    }

    /// <summary>Null where the text has another letter. The caller has limited its length.</summary>
    internal static byte[]? Decode(ReadOnlySpan<char> text)
    {
        BigInteger value = BigInteger.Zero;
        foreach (char letter in text)
        {
            int digit = Alphabet.IndexOf(letter, StringComparison.Ordinal);
            if (digit < 0)
                return null;
            value = (value * 58) + digit;
        }

        int zeros = text.IndexOfAnyExcept('1') is var first && first < 0 ? text.Length : first;
        byte[] rest = value.IsZero ? [] : value.ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[zeros], .. rest];
    }
}
