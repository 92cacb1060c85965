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
    public static bool TryParse(ReadOnlyMemory<byte> content, [NotNullWhen(true)] out PckExtension? extension) =>
        (extension = Parse(content, out _)) is not null;

    /// <summary>Reads the extension of a PCK certificate; on null the reason is what is wrong.</summary>
    internal static PckExtension? Parse(ReadOnlyMemory<byte> content, out string? reason)
    {
        reason = content.IsEmpty ? "the certificate has none" : null;
        if (reason is not null)
            return null;
        try
        {
            var parsed = new PckExtension();
            var reader = new AsnReader(content, AsnEncodingRules.DER);
            int members = parsed.ReadMembers(reader.ReadSequence());
            reader.ThrowIfNotEmpty();
            return members is 5 or 7 ? parsed : throw new FormatException($"it has {members} members, not 5 or 7");
        }
        catch (Exception e) when (e is AsnContentException or FormatException or OverflowException or ArgumentException or InvalidOperationException)
        {
            reason = DerFault.Reason(e);
            return null;
        }
    }

    private static byte[] Octets(AsnReader pair, string name, int size)
    {
        byte[] value = pair.ReadOctetString();
        return value.Length == size ? value : throw new FormatException($"{name} has {value.Length} bytes, not {size}");
    }

    private int ReadMembers(AsnReader members)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (members.HasData)
        {
            AsnReader pair = members.ReadSequence();
            string oid = pair.ReadObjectIdentifier();
            if (!seen.Add(oid) || !oid.StartsWith(Oid + ".", StringComparison.Ordinal))
                throw new FormatException("it has an unknown or repeated member");
            switch (oid[(Oid.Length + 1)..])
            {
                case "1": Ppid = Octets(pair, "PPID", 16); break;
                case "2": ReadTcb(pair.ReadSequence()); break;
                case "3": PceId = Octets(pair, "PCEID", 2); break;
                case "4": Fmspc = Octets(pair, "FMSPC", 6); break;
                case "5": SgxType = ReadEnumerated(pair); break;
                case "6": PlatformInstanceId = Octets(pair, "the platform instance id", 16); break;
                case "7": ReadConfiguration(pair.ReadSequence()); break;
                default: throw new FormatException("it has an unknown member");
            }

            pair.ThrowIfNotEmpty();
        }

        for (int i = 1; i <= 5; i++)
        {
            if (!seen.Contains($"{Oid}.{i}"))
                throw new FormatException($"member {i} is missing");
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
                throw new FormatException("it has an unknown TCB member");
            if ((seen & (1 << index)) != 0)
                throw new FormatException("it has a repeated TCB member");
            seen |= 1 << index;
            if (index <= 16)
                components[index - 1] = pair.TryReadInt32(out int svn) && svn is >= 0 and <= 255 ? (byte)svn : throw new FormatException($"component {index - 1} is no number from 0 to 255");
            else if (index == 17)
                PceSvn = pair.TryReadInt32(out int svn) && svn is >= 0 and <= 65535 ? svn : throw new FormatException("PCESVN is no number from 0 to 65535");
            else
                CpuSvn = Octets(pair, "CPUSVN", 16);
            pair.ThrowIfNotEmpty();
        }

        Components = seen == 0x7FFFE ? components : throw new FormatException("it lacks a TCB member");
    }

    private void ReadConfiguration(AsnReader configuration)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (configuration.HasData)
        {
            AsnReader pair = configuration.ReadSequence();
            string oid = pair.ReadObjectIdentifier();
            if (!seen.Add(oid))
                throw new FormatException("its configuration has a repeated member");
            bool value = pair.ReadBoolean();
            pair.ThrowIfNotEmpty();
            switch (oid[(Oid.Length + 1)..])
            {
                case "7.1": DynamicPlatform = value; break;
                case "7.2": CachedKeys = value; break;
                case "7.3": SmtEnabled = value; break;
                default: throw new FormatException("its configuration has an unknown member");
            }
        }
    }

    private static int ReadEnumerated(AsnReader pair)
    {
        ReadOnlySpan<byte> bytes = pair.ReadEnumeratedBytes().Span;
        return bytes.Length == 1 && bytes[0] <= 2 ? bytes[0] : throw new FormatException("its SGX type is none of 0 to 2");
    }
}
