using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;

namespace Witan.Attestation;

/// <summary>
/// What a PCK certificate says of its platform (extension 1.2.840.113741.1.13.1): exactly 5 members from the Processor CA or 7
/// from the Platform CA, and exactly 18 in the TCB; none twice, every number in its range.
/// </summary>
public sealed class PckExtension
{
    internal const string Oid = "1.2.840.113741.1.13.1";

    private PckExtension()
    {
    }

    /// <summary>The platform's id, 16 bytes. Identifying: publish its hash only.</summary>
    public ReadOnlyMemory<byte> Ppid { get; private set; }

    /// <summary>The 16 SGX component SVNs that TCB levels are compared with.</summary>
    public ReadOnlyMemory<byte> Components { get; private set; }

    /// <summary>PCESVN.</summary>
    public int PceSvn { get; private set; }

    /// <summary>CPUSVN, 16 bytes; opaque.</summary>
    public ReadOnlyMemory<byte> CpuSvn { get; private set; }

    /// <summary>PCEID, 2 bytes.</summary>
    public ReadOnlyMemory<byte> PceId { get; private set; }

    /// <summary>FMSPC, 6 bytes: the platform's family.</summary>
    public ReadOnlyMemory<byte> Fmspc { get; private set; }

    /// <summary>0 standard, 1 scalable, 2 scalable with integrity.</summary>
    public int SgxType { get; private set; }

    /// <summary>Platform instance id, 16 bytes; empty for the Processor CA.</summary>
    public ReadOnlyMemory<byte> PlatformInstanceId { get; private set; }

    /// <summary>Whether CPUs can be added; null where not said.</summary>
    public bool? DynamicPlatform { get; private set; }

    /// <summary>Whether Intel keeps the platform's root keys; null where not said.</summary>
    public bool? CachedKeys { get; private set; }

    /// <summary>Whether hyper-threading is on; null where not said.</summary>
    public bool? SmtEnabled { get; private set; }

    /// <summary>Reads the extension of a PCK certificate; false where it is not as described.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> content, [NotNullWhen(true)] out PckExtension? extension)
    {
        extension = null;
        try
        {
            var parsed = new PckExtension();
            var reader = new AsnReader(content, AsnEncodingRules.DER);
            int members = parsed.ReadMembers(reader.ReadSequence());
            reader.ThrowIfNotEmpty();
            if (members is not (5 or 7))
                return false;
            extension = parsed;
            return parsed.Components.Length == 16 && parsed.Fmspc.Length == 6 && parsed.PceId.Length == 2 && parsed.Ppid.Length == 16;
        }
        catch (Exception e) when (e is AsnContentException or FormatException or OverflowException or ArgumentException or InvalidOperationException)
        {
            return false;
        }
    }

    private static byte[] Octets(AsnReader pair, int size)
    {
        byte[] value = pair.ReadOctetString();
        return value.Length == size ? value : throw new FormatException("wrong size");
    }

    private int ReadMembers(AsnReader members)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (members.HasData)
        {
            AsnReader pair = members.ReadSequence();
            string oid = pair.ReadObjectIdentifier();
            if (!seen.Add(oid) || !oid.StartsWith(Oid + ".", StringComparison.Ordinal))
                throw new FormatException("unknown or repeated member");
            switch (oid[(Oid.Length + 1)..])
            {
                case "1": Ppid = Octets(pair, 16); break;
                case "2": ReadTcb(pair.ReadSequence()); break;
                case "3": PceId = Octets(pair, 2); break;
                case "4": Fmspc = Octets(pair, 6); break;
                case "5": SgxType = ReadEnumerated(pair); break;
                case "6": PlatformInstanceId = Octets(pair, 16); break;
                case "7": ReadConfiguration(pair.ReadSequence()); break;
                default: throw new FormatException("unknown member");
            }

            pair.ThrowIfNotEmpty();
        }

        for (int i = 1; i <= 5; i++)
        {
            if (!seen.Contains($"{Oid}.{i}"))
                throw new FormatException("a member is missing");
        }

        return seen.Count;
    }

    private void ReadTcb(AsnReader tcb)
    {
        byte[] components = new byte[16];
        int seen = 0;
        while (tcb.HasData)
        {
            AsnReader pair = tcb.ReadSequence();
            string oid = pair.ReadObjectIdentifier();
            if (!oid.StartsWith(Oid + ".2.", StringComparison.Ordinal) || !int.TryParse(oid.AsSpan(Oid.Length + 3), out int index) || index is < 1 or > 18)
                throw new FormatException("unknown TCB member");
            if ((seen & (1 << index)) != 0)
                throw new FormatException("repeated TCB member");
            seen |= 1 << index;
            if (index <= 16)
                components[index - 1] = pair.TryReadInt32(out int svn) && svn is >= 0 and <= 255 ? (byte)svn : throw new FormatException("SVN");
            else if (index == 17)
                PceSvn = pair.TryReadInt32(out int svn) && svn is >= 0 and <= 65535 ? svn : throw new FormatException("PCESVN");
            else
                CpuSvn = Octets(pair, 16);
            pair.ThrowIfNotEmpty();
        }

        Components = seen == 0x7FFFE ? components : throw new FormatException("a TCB member is missing");
    }

    private void ReadConfiguration(AsnReader configuration)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (configuration.HasData)
        {
            AsnReader pair = configuration.ReadSequence();
            string oid = pair.ReadObjectIdentifier();
            if (!seen.Add(oid))
                throw new FormatException("repeated member");
            bool value = pair.ReadBoolean();
            pair.ThrowIfNotEmpty();
            switch (oid[(Oid.Length + 1)..])
            {
                case "7.1": DynamicPlatform = value; break;
                case "7.2": CachedKeys = value; break;
                case "7.3": SmtEnabled = value; break;
                default: throw new FormatException("unknown member");
            }
        }
    }

    private static int ReadEnumerated(AsnReader pair)
    {
        ReadOnlySpan<byte> bytes = pair.ReadEnumeratedBytes().Span;
        return bytes.Length == 1 && bytes[0] <= 2 ? bytes[0] : throw new FormatException("SGX type");
    }
}
