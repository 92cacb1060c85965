using System.Formats.Asn1;

namespace Witan.Fuzz.Pki;

/// <summary>The SGX extension of a PCK certificate to be.</summary>
public sealed class TestPckExtension
{
    /// <summary>Its object identifier.</summary>
    public const string Oid = "1.2.840.113741.1.13.1";

    /// <summary>16 component SVNs.</summary>
    public int[] Components { get; set; } = [.. Enumerable.Range(0, 16).Select(i => i < 8 ? 5 : 0)];

    /// <summary>PCESVN.</summary>
    public int PceSvn { get; set; } = 13;

    /// <summary>PPID.</summary>
    public byte[] Ppid { get; set; } = [.. Enumerable.Range(0x70, 16).Select(i => (byte)i)];

    /// <summary>PCEID.</summary>
    public byte[] PceId { get; set; } = [0, 0];

    /// <summary>FMSPC.</summary>
    public byte[] Fmspc { get; set; } = [0xd0, 0xd0, 0xd0, 0xd0, 0xd0, 0xd0];

    /// <summary>Whether hyper-threading is on.</summary>
    public bool Smt { get; set; } = true;

    /// <summary>Suffixes of members that are left out: <c>6</c>, <c>2.17</c>.</summary>
    public HashSet<string> Omitted { get; } = [];

    /// <summary>Suffix of a member that stands there twice.</summary>
    public string? Repeated { get; set; }

    /// <summary>Bytes behind the extension.</summary>
    public byte[] Trailing { get; set; } = [];

    /// <summary>The extension's content.</summary>
    public byte[] Der()
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            Member(writer, "1", () => writer.WriteOctetString(Ppid));
            Member(writer, "2", () => WriteTcb(writer));
            Member(writer, "3", () => writer.WriteOctetString(PceId));
            Member(writer, "4", () => writer.WriteOctetString(Fmspc));
            Member(writer, "5", () => writer.WriteEncodedValue([0x0A, 0x01, 0x01]));
            Member(writer, "6", () => writer.WriteOctetString(new byte[16]));
            Member(writer, "7", () =>
            {
                using (writer.PushSequence())
                {
                    Member(writer, "7.1", () => writer.WriteBoolean(false));
                    Member(writer, "7.2", () => writer.WriteBoolean(false));
                    Member(writer, "7.3", () => writer.WriteBoolean(Smt));
                }
            });
        }

        return [.. writer.Encode(), .. Trailing];
    }

    private void WriteTcb(AsnWriter writer)
    {
        using (writer.PushSequence())
        {
            for (int i = 0; i < 16; i++)
                Member(writer, $"2.{i + 1}", () => writer.WriteInteger(Components[i]));
            Member(writer, "2.17", () => writer.WriteInteger(PceSvn));
            Member(writer, "2.18", () => writer.WriteOctetString(new byte[16]));
        }
    }

    private void Member(AsnWriter writer, string suffix, Action value)
    {
        for (int times = Omitted.Contains(suffix) ? 0 : Repeated == suffix ? 2 : 1; times > 0; times--)
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier($"{Oid}.{suffix}");
                value();
            }
        }
    }
}
