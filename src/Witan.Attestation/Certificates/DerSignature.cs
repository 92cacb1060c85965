using System.Formats.Asn1;

namespace Witan.Attestation;

/// <summary>The pieces of DER that certificates and revocation lists share.</summary>
internal static class DerSignature
{
    private const string EcdsaWithSha256 = "1.2.840.10045.4.3.2";
    private const string EcPublicKey = "1.2.840.10045.2.1";
    private const string P256 = "1.2.840.10045.3.1.7";

    public static void ReadAlgorithm(AsnReader reader)
    {
        AsnReader algorithm = reader.ReadSequence();
        if (algorithm.ReadObjectIdentifier() != EcdsaWithSha256)
            throw new FormatException("the signature is not ECDSA with SHA-256");
        algorithm.ThrowIfNotEmpty();
    }

    /// <summary>The signature as r ‖ s.</summary>
    public static byte[] Read(AsnReader reader)
    {
        byte[] bits = reader.ReadBitString(out int unused);
        if (unused != 0)
            throw new FormatException("the signature has broken bits");
        var outer = new AsnReader(bits, AsnEncodingRules.DER);
        AsnReader pair = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        byte[] result = new byte[64];
        Place(pair.ReadIntegerBytes().Span, result.AsSpan(0, 32));
        Place(pair.ReadIntegerBytes().Span, result.AsSpan(32, 32));
        pair.ThrowIfNotEmpty();
        return result;
    }

    public static ReadOnlyMemory<byte> ReadPublicKey(AsnReader reader)
    {
        AsnReader info = reader.ReadSequence();
        AsnReader algorithm = info.ReadSequence();
        if (algorithm.ReadObjectIdentifier() != EcPublicKey || algorithm.ReadObjectIdentifier() != P256)
            throw new FormatException("the key is not of P-256");
        algorithm.ThrowIfNotEmpty();
        byte[] point = info.ReadBitString(out int unused);
        info.ThrowIfNotEmpty();
        return unused == 0 && point.Length == 65 && point[0] == 4 ? point.AsMemory(1) : throw new FormatException("the key is no uncompressed point");
    }

    public static DateTimeOffset ReadTime(AsnReader reader) =>
        reader.PeekTag() == new Asn1Tag(UniversalTagNumber.UtcTime) ? reader.ReadUtcTime() : reader.ReadGeneralizedTime();

    public static string CommonName(AsnReader name)
    {
        string found = "";
        while (name.HasData)
        {
            AsnReader part = name.ReadSetOf().ReadSequence();
            string oid = part.ReadObjectIdentifier();
            UniversalTagNumber kind = (UniversalTagNumber)part.PeekTag().TagValue;
            if (oid == "2.5.4.3")
                found = part.ReadCharacterString(kind);
        }

        return found;
    }

    public static string Unsigned(ReadOnlySpan<byte> integer)
    {
        int start = integer.IndexOfAnyExcept((byte)0);
        return start < 0 ? "" : Convert.ToHexStringLower(integer[start..]);
    }

    private static void Place(ReadOnlySpan<byte> integer, Span<byte> to)
    {
        if (integer[0] >= 0x80)
            throw new FormatException("the signature has a negative value");
        ReadOnlySpan<byte> value = integer[0] == 0 ? integer[1..] : integer;
        if (value.Length > to.Length)
            throw new FormatException("the signature has a value that is too long");
        value.CopyTo(to[(to.Length - value.Length)..]);
    }
}
