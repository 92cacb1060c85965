using System.Diagnostics.CodeAnalysis;
using Witan.Dstack.Evidence;

namespace Witan.Dstack.RaTls;

/// <summary>
/// What the issuer of a certificate says of the application (extension .9), in the order in which it is written. Without evidence
/// beside it, it is worth as much as the issuer.
/// </summary>
public sealed record RaTlsAppInfo
{
    private const int MaximumScripts = 64;

    /// <summary>Application id, 20 bytes.</summary>
    public required ReadOnlyMemory<byte> AppId { get; init; }

    /// <summary>SHA-256 of the app-compose file.</summary>
    public required ReadOnlyMemory<byte> ComposeHash { get; init; }

    /// <summary>Instance id; empty for an application that wants none.</summary>
    public required ReadOnlyMemory<byte> InstanceId { get; init; }

    /// <summary>Which machine.</summary>
    public required ReadOnlyMemory<byte> DeviceId { get; init; }

    /// <summary>Machine and key provider, 32 bytes.</summary>
    public required ReadOnlyMemory<byte> MrSystem { get; init; }

    /// <summary>Everything measured, 32 bytes.</summary>
    public required ReadOnlyMemory<byte> MrAggregated { get; init; }

    /// <summary>The OS image.</summary>
    public required ReadOnlyMemory<byte> OsImageHash { get; init; }

    /// <summary>JSON text of the key provider.</summary>
    public required ReadOnlyMemory<byte> KeyProviderInfo { get; init; }

    /// <summary>Hashes of init scripts.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> InitScriptHashes { get; init; } = [];

    /// <summary>Reads the array; false where it is not as described or has something behind it.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out RaTlsAppInfo? info)
    {
        info = null;
        var reader = new MessagePackReader(bytes);
        if (!reader.TryArray(out int count) || count is < 8 or > 9)
            return false;
        var fields = new ReadOnlyMemory<byte>[8];
        for (int i = 0; i < fields.Length; i++)
        {
            if (!reader.TryBytes(out fields[i]))
                return false;
        }

        var scripts = new List<ReadOnlyMemory<byte>>();
        if (count == 9 && !TryScripts(ref reader, scripts))
            return false;
        if (reader.Remaining != 0)
            return false;
        info = new RaTlsAppInfo
        {
            AppId = fields[0],
            ComposeHash = fields[1],
            InstanceId = fields[2],
            DeviceId = fields[3],
            MrSystem = fields[4],
            MrAggregated = fields[5],
            OsImageHash = fields[6],
            KeyProviderInfo = fields[7],
            InitScriptHashes = scripts,
        };
        return true;
    }

    /// <summary>The array as it goes into a certificate.</summary>
    public byte[] Encode()
    {
        MessagePackWriter writer = new MessagePackWriter().Array(InitScriptHashes.Count == 0 ? 8 : 9);
        foreach (ReadOnlyMemory<byte> field in new[] { AppId, ComposeHash, InstanceId, DeviceId, MrSystem, MrAggregated, OsImageHash, KeyProviderInfo })
            writer.Bytes(field.Span);
        if (InitScriptHashes.Count > 0)
        {
            writer.Array(InitScriptHashes.Count);
            foreach (ReadOnlyMemory<byte> hash in InitScriptHashes)
                writer.Bytes(hash.Span);
        }

        return writer.ToArray();
    }

    private static bool TryScripts(ref MessagePackReader reader, List<ReadOnlyMemory<byte>> scripts)
    {
        if (!reader.TryArray(out int count) || count > MaximumScripts)
            return false;
        for (int i = 0; i < count; i++)
        {
            if (!reader.TryBytes(out ReadOnlyMemory<byte> hash))
                return false;
            scripts.Add(hash);
        }

        return true;
    }
}
