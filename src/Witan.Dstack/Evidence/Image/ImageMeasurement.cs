using System.Diagnostics.CodeAnalysis;
using System.Formats.Cbor;

namespace Witan.Dstack.Evidence;

/// <summary>
/// What an image's <c>measurement.tdx.cbor</c> says: from it and the size of memory all registers of a TD that boots the image
/// follow (lite TDX, document version 3). Digests have 48 bytes.
/// </summary>
/// <param name="CommandLine">SHA-384 of the kernel command line.</param>
/// <param name="Kernel">Authenticode digest of the kernel.</param>
/// <param name="InitialRamDisk">SHA-384 of the initial RAM disk.</param>
/// <param name="MrTdSinglePass">MRTD where QEMU adds and measures pages in one pass.</param>
/// <param name="MrTdTwoPass">MRTD where it does so in two.</param>
/// <param name="TdHob">The layout of the hand-off blocks: LEB128 numbers.</param>
public sealed record ImageMeasurement(
    ReadOnlyMemory<byte> CommandLine,
    ReadOnlyMemory<byte> Kernel,
    ReadOnlyMemory<byte> InitialRamDisk,
    ReadOnlyMemory<byte> MrTdSinglePass,
    ReadOnlyMemory<byte> MrTdTwoPass,
    ReadOnlyMemory<byte> TdHob)
{
    /// <summary>The firmware whose measurements are known.</summary>
    public const string Firmware = "pre202505";

    private const int MaximumSize = 64 * 1024;

    /// <summary>Reads the document. On false, <paramref name="problem"/> completes the sentence "the measurement …".</summary>
    public static bool TryParse(ReadOnlyMemory<byte> cbor, [NotNullWhen(true)] out ImageMeasurement? measurement, out string problem)
    {
        measurement = null;
        problem = "";
        if (cbor.Length > MaximumSize)
        {
            problem = $"has {cbor.Length} bytes; at most {MaximumSize} are read";
            return false;
        }

        try
        {
            var reader = new CborReader(cbor, CborConformanceMode.Strict);
            var parts = new Dictionary<string, byte[]>(StringComparer.Ordinal);
            problem = ReadRoot(reader, parts) ?? (reader.BytesRemaining > 0 ? "has bytes behind its end" : "");
            if (problem.Length > 0)
                return false;
            measurement = new ImageMeasurement(
                parts["cmdline_sha384"], parts["kernel_authenticode"], parts["initrd_sha384"], parts["single_pass"], parts["two_pass"], parts["td_hob"]);
            return true;
        }
        catch (KeyNotFoundException)
        {
            problem = "lacks a member";
        }
        catch (Exception e) when (e is CborContentException or InvalidOperationException or OverflowException)
        {
            problem = $"is not the CBOR expected: {e.Message}";
        }

        return false;
    }

    /// <summary>The document as an image carries it.</summary>
    public byte[] Encode()
    {
        var writer = new CborWriter(CborConformanceMode.Strict);
        writer.WriteStartMap(3);
        writer.WriteTextString("version");
        writer.WriteInt32(3);
        writer.WriteTextString("image");
        writer.WriteStartMap(3);
        Write(writer, "cmdline_sha384", CommandLine);
        Write(writer, "kernel_authenticode", Kernel);
        Write(writer, "initrd_sha384", InitialRamDisk);
        writer.WriteEndMap();
        writer.WriteTextString("tdvf");
        writer.WriteStartMap(3);
        writer.WriteTextString("ovmf");
        writer.WriteTextString(Firmware);
        writer.WriteTextString("mrtd");
        writer.WriteStartMap(2);
        Write(writer, "single_pass", MrTdSinglePass);
        Write(writer, "two_pass", MrTdTwoPass);
        writer.WriteEndMap();
        Write(writer, "td_hob", TdHob);
        writer.WriteEndMap();
        writer.WriteEndMap();
        return writer.Encode();
    }

    private static void Write(CborWriter writer, string name, ReadOnlyMemory<byte> value)
    {
        writer.WriteTextString(name);
        writer.WriteByteString(value.Span);
    }

    private static string? ReadRoot(CborReader reader, Dictionary<string, byte[]> parts)
    {
        string? problem = null;
        reader.ReadStartMap();
        while (reader.PeekState() != CborReaderState.EndMap && problem is null)
        {
            problem = reader.ReadTextString() switch
            {
                "version" => reader.ReadInt32() is var version && version == 3 ? null : "has another version than 3",
                "image" or "tdvf" => ReadMap(reader, parts, 0),
                _ => "has a member that is not known",
            };
        }

        if (problem is null)
            reader.ReadEndMap();
        return problem;
    }

    private static string? ReadMap(CborReader reader, Dictionary<string, byte[]> parts, int depth)
    {
        string? problem = depth > 1 ? "nests too deeply" : null;
        reader.ReadStartMap();
        while (reader.PeekState() != CborReaderState.EndMap && problem is null)
        {
            string name = reader.ReadTextString();
            problem = name switch
            {
                "ovmf" => reader.ReadTextString() == Firmware ? null : $"is for another firmware than {Firmware}",
                "mrtd" => ReadMap(reader, parts, depth + 1),
                "td_hob" => Take(reader, name, parts, null),
                "cmdline_sha384" or "kernel_authenticode" or "initrd_sha384" or "single_pass" or "two_pass" => Take(reader, name, parts, MeasurementRegister.Size),
                _ => "has a member that is not known",
            };
        }

        if (problem is null)
            reader.ReadEndMap();
        return problem;
    }

    private static string? Take(CborReader reader, string name, Dictionary<string, byte[]> parts, int? size)
    {
        byte[] value = reader.ReadByteString();
        if (size is not null && value.Length != size)
            return $"has a {name} of {value.Length} bytes instead of {size}";
        return parts.TryAdd(name, value) ? null : $"names {name} twice";
    }
}
