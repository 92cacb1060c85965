using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Witan.Attestation;

namespace Witan.Dstack.Evidence;

/// <summary>
/// Ties the OS image to the quote where the vm_config carries the image's own manifest (lite TDX): manifest to image hash,
/// measurement to manifest, registers to measurement. Every link that breaks has its own finding.
/// </summary>
internal static class OsImageVerifier
{
    private const string ManifestEntry = "measurement.tdx.cbor";
    private static readonly string[] AcpiEntries = ["acpi-loader", "acpi-rsdp", "acpi-tables"];

    public static OsImageFacts Verify(VmConfig? config, EventLog log, TdReport report, FindingList findings)
    {
        if (config is null)
            return new OsImageFacts(OsImageBinding.Absent, null, null, false);
        OsImageBinding binding = config.OsImageHash is null && !config.IsLite ? OsImageBinding.Absent
            : !config.IsLite ? OsImageBinding.Claimed
            : IsMeasured(config, log, report, findings) ? OsImageBinding.Measured
            : OsImageBinding.Contradicted;
        if (binding == OsImageBinding.Claimed)
            findings.Note("OS_IMAGE_UNBOUND", "OS image", "the vm_config names an OS image, and nothing in this evidence ties that to the quote");
        return new OsImageFacts(binding, config.OsImageHash, config.Image, config.IsDevelopmentImage);
    }

    private static bool IsMeasured(VmConfig config, EventLog log, TdReport report, FindingList findings)
    {
        if (config.OsImageHash is not { } hash || config.ChecksumFile is not { } manifest || config.Measurement is not { } document)
            return Fail(findings, "OS_IMAGE_MANIFEST_MISSING", "the vm_config says lite, and lacks os_image_hash, checksum_file or measurement");
        if (!SHA256.HashData(manifest.Span).AsSpan().SequenceEqual(hash.Span))
            return Fail(findings, "OS_IMAGE_HASH_MISMATCH", "os_image_hash is not the SHA-256 of the image's manifest");
        if (ManifestHash(manifest.Span) is not { } listed)
            return Fail(findings, "OS_IMAGE_MANIFEST_INVALID", $"the image's manifest does not list {ManifestEntry} exactly once");
        if (listed != Convert.ToHexStringLower(SHA256.HashData(document.Span)))
            return Fail(findings, "OS_IMAGE_MEASUREMENT_MISMATCH", "the measurement is not the one that the image's manifest lists");
        if (!ImageMeasurement.TryParse(document, out ImageMeasurement? measurement, out string problem))
            return Fail(findings, "OS_IMAGE_MEASUREMENT_INVALID", $"the measurement {problem}");
        if (config.OvmfVariant is not (null or ImageMeasurement.Firmware))
            return Fail(findings, "OS_IMAGE_FIRMWARE_UNKNOWN", $"the vm_config names another firmware than {ImageMeasurement.Firmware}");
        if (IsTwoPass(config, findings) is not { } twoPass)
            return false;
        if (config.MemorySize is not { } memory || !TdHob.TryBuild(measurement.TdHob.Span, memory, out _))
            return Fail(findings, "OS_IMAGE_MEMORY_UNSUPPORTED", $"no hand-off blocks are known for a memory of {config.MemorySize?.ToString(CultureInfo.InvariantCulture) ?? "unknown"} bytes");
        EventLogEntry[] acpi = [.. log.Entries.Where(entry => entry is { Register: 0, Type: EventLogEntry.AcpiDataType })];
        if (acpi.Length != ExpectedRegisters.AcpiDigests || acpi.Any(entry => entry.Digest.Length != MeasurementRegister.Size))
            return Fail(findings, "ACPI_EVENTS_INVALID", $"the event log has {acpi.Length} ACPI entries; {ExpectedRegisters.AcpiDigests} with their digests are needed");
        if (!acpi.Select(entry => entry.Name).SequenceEqual(AcpiEntries, StringComparer.Ordinal) || acpi.Any(entry => !entry.Payload.Span.SequenceEqual("ACPI DATA"u8)))
            return Fail(findings, "ACPI_EVENTS_INVALID", $"the ACPI entries of the event log are not {string.Join(", ", AcpiEntries)}, each with the payload ACPI DATA");
        return Compare(ExpectedRegisters.Of(measurement, memory, twoPass, [.. acpi.Select(entry => entry.Digest)]), report, findings);
    }

    private static bool Compare(ExpectedRegisters expected, TdReport report, FindingList findings)
    {
        bool same = Same("MRTD", expected.MrTd.Span, report.MrTd, "another image, or another QEMU than the vm_config says", findings);
        same &= Same("RTMR0", expected.Rtmr0.Span, report.Rtmr(0), "another firmware, size of memory or ACPI tables", findings);
        same &= Same("RTMR1", expected.Rtmr1.Span, report.Rtmr(1), "another kernel", findings);
        same &= Same("RTMR2", expected.Rtmr2.Span, report.Rtmr(2), "another command line or initial RAM disk", findings);
        return same;
    }

    private static bool Same(string name, ReadOnlySpan<byte> expected, ReadOnlySpan<byte> quoted, string meaning, FindingList findings) =>
        expected.SequenceEqual(quoted) || findings.Fail(
            $"OS_IMAGE_{name}_MISMATCH", name, $"{name} is not what this image gives on this machine: {meaning}", FindingActor.Sender,
            null, $"{Convert.ToHexStringLower(quoted)} instead of {Convert.ToHexStringLower(expected)}");

    // sha256sum's own lines: digest, two characters, name.
    private static string? ManifestHash(ReadOnlySpan<byte> manifest)
    {
        string? found = null;
        foreach (ReadOnlySpan<char> line in Encoding.Latin1.GetString(manifest).AsSpan().EnumerateLines())
        {
            if (line.Length <= 66 || line[64] != ' ' || line[65] is not (' ' or '*') || !line[66..].Trim().SequenceEqual(ManifestEntry))
                continue;
            if (found is not null)
                return null;
            found = line[..64].ToString().ToLowerInvariant();
        }

        return found;
    }

    // QEMU 8 measures in two passes, 9 and later in one. Where the host sets the switch itself, the reference inverts its meaning,
    // apparently by accident: such a configuration is refused rather than guessed at.
    private static bool? IsTwoPass(VmConfig config, FindingList findings)
    {
        if (config.QemuSinglePassAddPages is not null)
        {
            Fail(findings, "OS_IMAGE_QEMU_UNSUPPORTED", "the vm_config sets qemu_single_pass_add_pages, whose meaning is not settled");
            return null;
        }

        string version = config.QemuVersion ?? "9.1.0";
        string[] parts = version.Split('.');
        if (parts.Length == 3 && parts.All(part => part.Length is > 0 and < 5 && part.All(char.IsAsciiDigit))
            && int.Parse(parts[0], CultureInfo.InvariantCulture) is >= 8 and var major)
        {
            return major == 8;
        }

        Fail(findings, "OS_IMAGE_QEMU_UNSUPPORTED", $"QEMU {(version.Length > 32 ? version[..32] + "…" : version)} is not known; 8.0.0 and later are");
        return null;
    }

    private static bool Fail(FindingList findings, string code, string message) =>
        findings.Fail(code, "OS image", message, FindingActor.Sender, "Send the vm_config as the guest agent gave it.");
}
