using System.Formats.Asn1;
using System.Security.Cryptography;

namespace Witan.Fuzz.Pki;

/// <summary>A revocation list to be.</summary>
public sealed class TestCrl
{
    /// <summary>Common name of the issuer.</summary>
    public required string Issuer { get; set; }

    /// <summary>The key that signs it.</summary>
    public required ECDsa Signer { get; set; }

    /// <summary>First second.</summary>
    public required DateTimeOffset ThisUpdate { get; set; }

    /// <summary>Last second.</summary>
    public required DateTimeOffset NextUpdate { get; set; }

    /// <summary>Serial numbers that are revoked.</summary>
    public List<byte[]> Revoked { get; } = [];

    /// <summary>Object identifiers of extensions that are left out.</summary>
    public HashSet<string> Omitted { get; } = [];

    /// <summary>Further extensions, each with whether it is critical.</summary>
    public List<(string Oid, bool Critical)> Others { get; } = [];

    /// <summary>Changes the finished DER.</summary>
    public Func<byte[], byte[]> Finish { get; set; } = der => der;

    /// <summary>The list in DER.</summary>
    public byte[] Der()
    {
        const string Algorithm = "1.2.840.10045.4.3.2";
        var body = new AsnWriter(AsnEncodingRules.DER);
        using (body.PushSequence())
        {
            body.WriteInteger(1);
            TestCertificate.WriteAlgorithm(body, Algorithm);
            TestCertificate.WriteName(body, Issuer);
            TestCertificate.WriteTime(body, ThisUpdate);
            TestCertificate.WriteTime(body, NextUpdate);
            if (Revoked.Count > 0)
            {
                using (body.PushSequence())
                {
                    foreach (byte[] serial in Revoked)
                    {
                        using (body.PushSequence())
                        {
                            body.WriteInteger(new System.Numerics.BigInteger(serial, isUnsigned: true, isBigEndian: true));
                            TestCertificate.WriteTime(body, ThisUpdate);
                        }
                    }
                }
            }

            using (body.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
            using (body.PushSequence())
            {
                foreach (string oid in new[] { "2.5.29.35", "2.5.29.20" }.Where(oid => !Omitted.Contains(oid)))
                    TestCertificate.WriteExtension(body, oid, [0x02, 0x01, 0x01]);
                foreach ((string oid, bool critical) in Others)
                    TestCertificate.WriteExtension(body, oid, [0x30, 0x00], critical);
                if (Omitted.Count == 2)
                    TestCertificate.WriteExtension(body, "2.5.29.28", [0x30, 0x00]);
            }
        }

        return Finish(TestCertificate.Signed(body.Encode(), Signer, Algorithm));
    }
}
