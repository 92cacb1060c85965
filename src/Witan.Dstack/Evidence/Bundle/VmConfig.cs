using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using Witan.Attestation;

namespace Witan.Dstack.Evidence;

/// <summary>
/// What the host says of the virtual machine. Nothing in it is trusted by itself: see <see cref="OsImageFacts"/> for what the
/// quote binds.
/// </summary>
public sealed record VmConfig
{
    private const int MaximumSize = 1 << 20;

    private VmConfig(string text) => Text = text;

    /// <summary>The object as text.</summary>
    public string Text { get; }

    /// <summary><c>os_image_hash</c>, 32 bytes; null where it is not said.</summary>
    public ReadOnlyMemory<byte>? OsImageHash { get; private init; }

    /// <summary><c>image</c>: name of the image, for example <c>dstack-0.6.0</c>.</summary>
    public string? Image { get; private init; }

    /// <summary><c>cpu_count</c>.</summary>
    public long? CpuCount { get; private init; }

    /// <summary><c>memory_size</c> in bytes.</summary>
    public ulong? MemorySize { get; private init; }

    /// <summary><c>qemu_version</c>.</summary>
    public string? QemuVersion { get; private init; }

    /// <summary><c>qemu_single_pass_add_pages</c>.</summary>
    public bool? QemuSinglePassAddPages { get; private init; }

    /// <summary><c>ovmf_variant</c>; <c>pre202505</c> is the one that is known.</summary>
    public string? OvmfVariant { get; private init; }

    /// <summary>Whether <c>tdx_attestation_variant</c> is <c>lite</c>: the image can be verified offline.</summary>
    public bool IsLite { get; private init; }

    /// <summary><c>tdx_measurement.checksum_file</c>, decoded; null where there is none.</summary>
    public ReadOnlyMemory<byte>? ChecksumFile { get; private init; }

    /// <summary><c>tdx_measurement.measurement</c>, decoded; null where there is none.</summary>
    public ReadOnlyMemory<byte>? Measurement { get; private init; }

    /// <summary><c>mr_config</c>: the document that MRCONFIGID of version 3 binds; null where there is none.</summary>
    public string? MrConfig { get; private init; }

    /// <summary>Whether the image's name is that of a development image, which has a debug console and shell access.</summary>
    public bool IsDevelopmentImage => Image is { } name
        && name.Split('-', StringSplitOptions.RemoveEmptyEntries).Contains("dev", StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Reads a vm_config object, or a sys-config object that holds one as text. On false the refusal says what is wrong.
    /// </summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out VmConfig? config, [NotNullWhen(false)] out Finding? refusal)
    {
        config = null;
        refusal = null;
        if (text.Length > MaximumSize)
        {
            refusal = Refuse($"it has {text.Length} characters; at most {MaximumSize} are read");
            return false;
        }

        try
        {
            using JsonDocument json = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 32, AllowDuplicateProperties = false });
            JsonElement root = json.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
                refusal = Refuse("it is no JSON object");
            else if (root.TryGetProperty("vm_config", out JsonElement inner) && inner.ValueKind == JsonValueKind.String)
                config = ReadText(inner.GetString()!);
            else
                config = Read(text, root);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            refusal = Refuse(e.Message);
        }

        return refusal is null && config is not null;
    }

    private static VmConfig ReadText(string text)
    {
        using JsonDocument json = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 32, AllowDuplicateProperties = false });
        return json.RootElement.ValueKind == JsonValueKind.Object ? Read(text, json.RootElement) : throw new FormatException("it is no JSON object");
    }

    private static VmConfig Read(string text, JsonElement root)
    {
        JsonElement measurement = root.TryGetProperty("tdx_measurement", out JsonElement value) && value.ValueKind == JsonValueKind.Object ? value : default;
        string? hash = String(root, "os_image_hash");
        return new VmConfig(text)
        {
            OsImageHash = string.IsNullOrEmpty(hash) ? default(ReadOnlyMemory<byte>?) : Hash(hash),
            Image = String(root, "image"),
            CpuCount = Number(root, "cpu_count") is { } cpus and <= long.MaxValue ? (long)cpus : null,
            MemorySize = Number(root, "memory_size"),
            QemuVersion = String(root, "qemu_version"),
            QemuSinglePassAddPages = Flag(root, "qemu_single_pass_add_pages"),
            OvmfVariant = String(root, "ovmf_variant"),
            IsLite = String(root, "tdx_attestation_variant") == "lite",
            ChecksumFile = Base64(measurement, "checksum_file"),
            Measurement = Base64(measurement, "measurement"),
            MrConfig = String(root, "mr_config"),
        };
    }

    private static bool Member(JsonElement root, string name, out JsonElement value)
    {
        value = default;
        return root.ValueKind == JsonValueKind.Object && root.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;
    }

    private static string? String(JsonElement root, string name) =>
        !Member(root, name, out JsonElement value) ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()
        : throw new FormatException($"{name} is no string");

    private static ulong? Number(JsonElement root, string name) =>
        !Member(root, name, out JsonElement value) ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetUInt64(out ulong number) ? number
        : throw new FormatException($"{name} is no whole number");

    private static bool? Flag(JsonElement root, string name) =>
        !Member(root, name, out JsonElement value) ? null
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.ValueKind == JsonValueKind.True
        : throw new FormatException($"{name} is neither true nor false");

    private static byte[] Hash(string hex) =>
        hex.Length == 64 && hex.All(char.IsAsciiHexDigit) ? Convert.FromHexString(hex) : throw new FormatException("os_image_hash is not 32 bytes in hexadecimal");

    private static ReadOnlyMemory<byte>? Base64(JsonElement root, string name)
    {
        if (String(root, name) is not { } text)
            return null;
        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(text)];
        return Convert.TryFromBase64String(text, bytes, out int length)
            ? bytes.AsMemory(0, length)
            : throw new FormatException($"{name} is not base64");
    }

    private static Finding Refuse(string problem) => new("VM_CONFIG_INVALID", FindingSeverity.Error, $"the vm_config cannot be read: {problem}")
    {
        Subject = "vm_config",
        Actor = FindingActor.Sender,
        Remedy = "Send the vm_config as the guest agent gave it.",
    };
}
