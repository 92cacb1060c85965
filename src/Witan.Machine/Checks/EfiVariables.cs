using System.Buffers.Binary;

namespace Witan.Machine;

/// <summary>The EFI variables by which a BIOS speaks about SGX. Values in a snapshot are without the four attribute bytes.</summary>
internal static class EfiVariables
{
    public const string Status = "SOFTWAREGUARDSTATUS-9cb2e73f-7325-40f4-a484-659bb344c3cd";
    public const string EpcBios = "EPCBIOS-c60aa7f6-e8d6-4956-8ba1-fe26298f5e87";
    public const string EpcSoftware = "EPCSW-d69a279b-58eb-45d1-a148-771bb9eb5251";

    /// <summary>What the BIOS of a server says about its registration with Intel (<see cref="Registration"/>).</summary>
    public const string RegistrationStatus = "SgxRegistrationStatus-f236c5dc-a491-4bbe-bcdd-88885770df45";

    public static readonly string[] All = [Status, EpcBios, EpcSoftware];

    /// <summary>All that are read.</summary>
    public static readonly string[] Read = [.. All, RegistrationStatus];

    /// <summary>0 off, 1 on, 2 software controlled, 3 invalid; null where unknown.</summary>
    public static int? SgxStatus(MachineSnapshot snapshot) => Bytes(snapshot, Status) is { Length: > 0 } bytes ? bytes[0] & 3 : null;

    /// <summary>Largest and present size of the enclave memory that the BIOS gives, in bytes (the variable counts MiB); null where unknown.</summary>
    public static (ulong Most, ulong Current)? BiosSizes(MachineSnapshot snapshot) => Bytes(snapshot, EpcBios) is { Length: >= 12 } bytes
        ? (Size(bytes, 4), Size(bytes, 8))
        : null;

    /// <summary>What the operating system has asked for, in bytes (the variable counts MiB); null where unknown.</summary>
    public static ulong? Requested(MachineSnapshot snapshot) => Bytes(snapshot, EpcSoftware) is { Length: >= 4 } bytes ? Size(bytes, 0) : null;

    public static bool IsRefused(MachineSnapshot snapshot)
    {
        foreach (string name in All)
        {
            if (snapshot[Section.Efi, name].IsRefused)
                return true;
        }

        return false;
    }

    /// <summary>Whether anybody looked.</summary>
    public static bool IsRecorded(MachineSnapshot snapshot) => snapshot.Keys(Section.Efi).Count > 0;

    public static IEnumerable<string> Describe(MachineSnapshot snapshot)
    {
        foreach (string name in All)
        {
            Reading reading = snapshot[Section.Efi, name];
            string label = $"EFI variable {name[..name.IndexOf('-', StringComparison.Ordinal)]}";
            yield return reading.HasValue ? $"{label} = {Meaning(snapshot, name, reading.Text)}" : $"{label}: {reading}";
        }
    }

    private static string Meaning(MachineSnapshot snapshot, string name, string hex)
    {
        string shown = hex.Length > 24 ? hex[..24] + "..." : hex;
        return name switch
        {
            Status when SgxStatus(snapshot) is { } status => $"{shown} ({(status switch { 0 => "off", 1 => "on", 2 => "software controlled", _ => "invalid" })})",
            EpcBios when BiosSizes(snapshot) is { } sizes => $"{shown} (largest {EpcSections.Size(sizes.Most)}, now {EpcSections.Size(sizes.Current)})",
            EpcSoftware when Requested(snapshot) is { } size => $"{shown} (asked for {EpcSections.Size(size)})",
            _ => shown,
        };
    }

    private static ulong Size(byte[] bytes, int at) => (ulong)BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at)) << 20;

    /// <summary>The bytes of a variable; null where unknown.</summary>
    public static byte[]? Bytes(MachineSnapshot snapshot, string name) => HexText.Decode(snapshot[Section.Efi, name].Text);
}
