using System.Formats.Asn1;
using System.Security.Cryptography;

namespace Witan.Fuzz.Pki;

/// <summary>A certificate to be: every part can be made wrong before it is signed.</summary>
public sealed class TestCertificate
{
    /// <summary>The extensions that Intel requires, by object identifier.</summary>
    public static readonly string[] Required = ["2.5.29.35", "2.5.29.31", "2.5.29.14", "2.5.29.15", "2.5.29.19"];

    private static readonly System.Collections.Concurrent.ConcurrentDictionary<string, byte[]> Issued = new(StringComparer.Ordinal);

    /// <summary>Common name of the subject.</summary>
    public required string Name { get; set; }

    /// <summary>Common name of the issuer.</summary>
    public required string Issuer { get; set; }

    /// <summary>The subject's key.</summary>
    public required ECDsa Key { get; set; }

    /// <summary>The key that signs it.</summary>
    public required ECDsa Signer { get; set; }

    /// <summary>Serial number, big-endian.</summary>
    public required byte[] Serial { get; set; }

    /// <summary>First second.</summary>
    public DateTimeOffset NotBefore { get; set; } = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Last second.</summary>
    public DateTimeOffset NotAfter { get; set; } = new(2045, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>What basic constraints say.</summary>
    public bool IsCa { get; set; }

    /// <summary>Path length of basic constraints.</summary>
    public int? PathLength { get; set; }

    /// <summary>First byte of key usage: 0x06 signs certificates and lists, 0xC0 signs data.</summary>
    public byte KeyUsage { get; set; } = 0xC0;

    /// <summary>Object identifiers of extensions that are left out.</summary>
    public HashSet<string> Omitted { get; } = [];

    /// <summary>Further extensions, each with whether it is critical.</summary>
    public List<(string Oid, bool Critical)> Others { get; } = [];

    /// <summary>Content of the SGX extension; null for none.</summary>
    public byte[]? SgxExtension { get; set; }

    /// <summary>SubjectPublicKeyInfo instead of the key's; null for the key's.</summary>
    public byte[]? PublicKeyInfo { get; set; }

    /// <summary>Object identifier of the signature algorithm.</summary>
    public string Algorithm { get; set; } = "1.2.840.10045.4.3.2";

    /// <summary>Changes the finished DER.</summary>
    public Func<byte[], byte[]> Finish { get; set; } = der => der;

    /// <summary>The certificate in DER.</summary>
    public byte[] Der()
    {
        var body = new AsnWriter(AsnEncodingRules.DER);
        using (body.PushSequence())
        {
            using (body.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
                body.WriteInteger(2);
            body.WriteInteger(new System.Numerics.BigInteger(Serial, isUnsigned: true, isBigEndian: true));
            WriteAlgorithm(body, Algorithm);
            WriteName(body, Issuer);
            using (body.PushSequence())
            {
                WriteTime(body, NotBefore);
                WriteTime(body, NotAfter);
            }

            WriteName(body, Name);
            body.WriteEncodedValue(PublicKeyInfo ?? Key.ExportSubjectPublicKeyInfo());
            using (body.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 3)))
            using (body.PushSequence())
                WriteExtensions(body);
        }

        byte[] content = body.Encode();
        // ECDSA signatures are random; the same certificate asked for twice must be the same bytes.
        string key = Convert.ToHexString(content) + Convert.ToHexString(Signer.ExportSubjectPublicKeyInfo());
        return Finish(Issued.GetOrAdd(key, _ => Signed(content, Signer, Algorithm)));
    }

    /// <summary>The certificate in PEM.</summary>
    public string Pem() => PemEncoding.WriteString("CERTIFICATE", Der()) + "\n";

    internal static byte[] Signed(byte[] body, ECDsa signer, string algorithm)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteEncodedValue(body);
            WriteAlgorithm(writer, algorithm);
            writer.WriteBitString(signer.SignData(body, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
        }

        return writer.Encode();
    }

    internal static void WriteAlgorithm(AsnWriter writer, string algorithm)
    {
        using (writer.PushSequence())
            writer.WriteObjectIdentifier(algorithm);
    }

    internal static void WriteName(AsnWriter writer, string commonName)
    {
        using (writer.PushSequence())
        {
            foreach ((string oid, string value) in new[] { ("2.5.4.3", commonName), ("2.5.4.10", "Witan tests (not Intel)"), ("2.5.4.6", "XX") })
            {
                using (writer.PushSetOf())
                using (writer.PushSequence())
                {
                    writer.WriteObjectIdentifier(oid);
                    writer.WriteCharacterString(UniversalTagNumber.PrintableString, value);
                }
            }
        }
    }

    internal static void WriteTime(AsnWriter writer, DateTimeOffset time)
    {
        if (time.Year < 2050)
            writer.WriteUtcTime(time);
        else
            writer.WriteGeneralizedTime(time, omitFractionalSeconds: true);
    }

    internal static void WriteExtension(AsnWriter writer, string oid, byte[] content, bool critical = false)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(oid);
            if (critical)
                writer.WriteBoolean(true);
            writer.WriteOctetString(content);
        }
    }

    private void WriteExtensions(AsnWriter writer)
    {
        foreach (string oid in Required.Where(oid => !Omitted.Contains(oid)))
            WriteExtension(writer, oid, Content(oid));
        if (SgxExtension is not null)
            WriteExtension(writer, TestPckExtension.Oid, SgxExtension);
        foreach ((string oid, bool critical) in Others)
            WriteExtension(writer, oid, [0x30, 0x00], critical);
    }

    private byte[] Content(string oid)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        if (oid == "2.5.29.19")
        {
            using (writer.PushSequence())
            {
                if (IsCa)
                    writer.WriteBoolean(true);
                if (PathLength is { } length)
                    writer.WriteInteger(length);
            }
        }
        else if (oid == "2.5.29.15")
        {
            writer.WriteBitString([KeyUsage], System.Numerics.BitOperations.TrailingZeroCount(KeyUsage));
        }
        else
        {
            writer.WriteOctetString([1, 2, 3, 4]);
        }

        return writer.Encode();
    }
}
