namespace Witan.Crypto;

/// <summary>The DER form that libcrypto wants of a signature r ‖ s.</summary>
internal static class EcdsaSignature
{
    /// <summary>Two integers of up to 33 bytes with their headers, in a sequence.</summary>
    public const int MaximumDerSize = 2 + (2 * (2 + 33));

    /// <summary>Writes SEQUENCE { INTEGER r, INTEGER s }, canonical, and returns its length.</summary>
    public static int WriteDer(ReadOnlySpan<byte> signature, Span<byte> der)
    {
        int at = 2;
        WriteInteger(signature[..32], der, ref at);
        WriteInteger(signature[32..], der, ref at);
        der[0] = 0x30;
        der[1] = (byte)(at - 2);
        return at;
    }

    private static void WriteInteger(ReadOnlySpan<byte> value, Span<byte> der, ref int at)
    {
        int zeros = value.IndexOfAnyExcept((byte)0);
        value = zeros < 0 ? value[^1..] : value[zeros..];
        int padding = value[0] >> 7;
        der[at] = 2;
        der[at + 1] = (byte)(value.Length + padding);
        der[at + 2] = 0;
        value.CopyTo(der[(at + 2 + padding)..]);
        at += 2 + padding + value.Length;
    }
}
