using System.Formats.Asn1;
using System.Numerics;

namespace Witan.Attestation;

/// <summary>
/// Reads the extensions that name keys and places: key identifiers and CRL distribution points (RFC 5280, 4.2.1). They must be there,
/// but no check depends on what they say, as in Intel's library: one that cannot be read gives nothing.
/// </summary>
internal static class KeyIdentifiers
{
    private static readonly Asn1Tag Zero = new(TagClass.ContextSpecific, 0);
    private static readonly Asn1Tag Uri = new(TagClass.ContextSpecific, 6);

    /// <summary>The key identifier of an authority key identifier; empty where it names the key otherwise.</summary>
    public static byte[] ReadAuthority(byte[]? content) => Read(content, static reader =>
    {
        AsnReader members = reader.ReadSequence();
        return members.HasData && members.PeekTag().HasSameClassAndValue(Zero) ? members.ReadOctetString(Zero) : [];
    }) ?? [];

    /// <summary>A subject key identifier.</summary>
    public static byte[] ReadSubject(byte[]? content) => Read(content, static reader => reader.ReadOctetString()) ?? [];

    /// <summary>A CRL number.</summary>
    public static BigInteger? ReadNumber(byte[]? content) => Read(content, static reader => (BigInteger?)reader.ReadInteger());

    /// <summary>The URIs of the full names of CRL distribution points.</summary>
    public static List<string> ReadDistributionPoints(byte[]? content) => Read(content, ReadUris) ?? [];

    private static T? Read<T>(byte[]? content, Func<AsnReader, T> read)
    {
        if (content is null)
            return default;
        try
        {
            return read(new AsnReader(content, AsnEncodingRules.DER));
        }
        catch (AsnContentException)
        {
            return default;
        }
    }

    private static List<string> ReadUris(AsnReader reader)
    {
        var uris = new List<string>();
        AsnReader points = reader.ReadSequence();
        while (points.HasData)
        {
            AsnReader point = points.ReadSequence();
            if (!point.HasData || !point.PeekTag().HasSameClassAndValue(Zero))
                continue;
            AsnReader name = point.ReadSequence(Zero);
            if (!name.HasData || !name.PeekTag().HasSameClassAndValue(Zero))
                continue;
            AsnReader names = name.ReadSequence(Zero);
            while (names.HasData)
            {
                if (names.PeekTag().HasSameClassAndValue(Uri))
                    uris.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, Uri));
                else
                    names.ReadEncodedValue();
            }
        }

        return uris;
    }
}
