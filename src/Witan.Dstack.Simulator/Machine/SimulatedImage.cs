using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Witan.Dstack.Evidence;

namespace Witan.Dstack.Simulator;

/// <summary>
/// An OS image that does not exist, with everything a lite guest tells of a real one: manifest, measurement, description of the
/// machine. MRTD and RTMR0 to RTMR2 follow from it by the same rules by which a verifier computes them.
/// </summary>
internal sealed class SimulatedImage
{
    private const ulong MemorySize = 2UL << 30;

    // First page 0x800, hand-off blocks nine pages behind it, four ranges that are accepted at the start.
    private static readonly byte[] Layout = [0x80, 0x10, 0x09, 0x04, 0x00, 0x06, 0x09, 0x02, 0x0b, 0x02, 0x10, 0x10];

    private SimulatedImage()
    {
        var measurement = new ImageMeasurement(
            Digest("command line"), Digest("kernel"), Digest("initial ram disk"), Digest("mrtd, one pass"), Digest("mrtd, two passes"), Layout);
        byte[] document = measurement.Encode();
        byte[] manifest = Encoding.ASCII.GetBytes($"{Convert.ToHexStringLower(SHA256.HashData(document))}  measurement.tdx.cbor\n");
        Hash = SHA256.HashData(manifest);
        VmConfig = Describe(Hash, document, manifest);
        byte[][] acpi = [Digest("acpi-loader"), Digest("acpi-rsdp"), Digest("acpi-tables")];
        ExpectedRegisters expected = ExpectedRegisters.Of(measurement, MemorySize, twoPass: false, [.. acpi.Select(digest => (ReadOnlyMemory<byte>)digest)]);
        MrTd = expected.MrTd.ToArray();
        BootEntries = [.. Firmware(expected.Rtmr0Log), .. Others(expected)];
    }

    /// <summary>The one image that simulated machines boot.</summary>
    public static SimulatedImage Instance { get; } = new();

    /// <summary><c>os_image_hash</c>: SHA-256 of the manifest.</summary>
    public byte[] Hash { get; }

    /// <summary>MRTD.</summary>
    public byte[] MrTd { get; }

    /// <summary>The <c>vm_config</c> text.</summary>
    public string VmConfig { get; }

    /// <summary>The event log's entries for RTMR0 to RTMR2, in the order of a real boot.</summary>
    public IReadOnlyList<EventLogEntry> BootEntries { get; }

    private static byte[] Digest(string name) => SHA384.HashData(Encoding.ASCII.GetBytes($"witan simulated {name}"));

    // Types of the entries as firmware writes them: hand-off block, firmware volume, variables, separator, ACPI data, boot variables.
    private static IEnumerable<EventLogEntry> Firmware(IReadOnlyList<byte[]> digests)
    {
        uint[] types = [0x8000000B, 0x8000000A, 0x80000001, 0x80000001, 0x80000001, 0x80000001, 0x80000001, 4, 10, 10, 10, 0x80000002, 0x80000002];
        string[] acpi = ["acpi-loader", "acpi-rsdp", "acpi-tables"];
        for (int i = 0; i < digests.Count; i++)
        {
            bool isAcpi = types[i] == EventLogEntry.AcpiDataType;
            yield return new EventLogEntry(0, types[i], digests[i], isAcpi ? acpi[i - 8] : "", isAcpi ? "ACPI DATA"u8.ToArray() : default);
        }
    }

    private static IEnumerable<EventLogEntry> Others(ExpectedRegisters expected)
    {
        uint[] kernel = [0x80000003, 0x80000007, 4, 0x80000007, 0x80000007];
        return expected.Rtmr1Log.Select((digest, i) => new EventLogEntry(1, kernel[i], digest, "", default))
            .Concat(expected.Rtmr2Log.Select(digest => new EventLogEntry(2, 6, digest, "", default)));
    }

    private static string Describe(byte[] hash, byte[] document, byte[] manifest) => JsonSerializer.Serialize(new Dictionary<string, object>(StringComparer.Ordinal)
    {
        ["spec_version"] = 1,
        ["os_image_hash"] = Convert.ToHexStringLower(hash),
        ["cpu_count"] = 2,
        ["memory_size"] = MemorySize,
        ["qemu_version"] = "9.2.1",
        ["pci_hole64_size"] = 0,
        ["hugepages"] = false,
        ["num_gpus"] = 0,
        ["num_nvswitches"] = 0,
        ["num_nics"] = 1,
        ["hotplug_off"] = false,
        ["image"] = "dstack-simulated-0.6.0",
        ["host_share_mode"] = "9p",
        ["ovmf_variant"] = ImageMeasurement.Firmware,
        ["tdx_attestation_variant"] = "lite",
        ["tdx_measurement"] = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["measurement"] = Convert.ToBase64String(document),
            ["checksum_file"] = Convert.ToBase64String(manifest),
        },
    });
}
