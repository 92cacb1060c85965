namespace Witan.Dstack.Evidence;

/// <summary>
/// What the measured boot events say of an application. True as far as the guest OS is trusted and RTMR3 was replayed to the
/// quoted value. Values in bytes; null where the event is missing.
/// </summary>
public sealed record AppIdentity
{
    /// <summary>Application id, 20 bytes.</summary>
    public ReadOnlyMemory<byte>? AppId { get; init; }

    /// <summary>SHA-256 of the app-compose file, 32 bytes.</summary>
    public ReadOnlyMemory<byte>? ComposeHash { get; init; }

    /// <summary>Instance id, 20 bytes; empty for an application that wants none.</summary>
    public ReadOnlyMemory<byte>? InstanceId { get; init; }

    /// <summary>Who gave the keys.</summary>
    public KeyProvider? KeyProvider { get; init; }

    /// <summary>The payload of the key provider event as it was measured.</summary>
    public ReadOnlyMemory<byte>? KeyProviderPayload { get; init; }

    /// <summary>
    /// Payload of the <c>os-image-hash</c> event, 32 bytes. It is what the key service was told, and for lite guests another
    /// value than the image's: judge the image by <see cref="OsImageFacts"/>.
    /// </summary>
    public ReadOnlyMemory<byte>? OsImageHashEvent { get; init; }

    /// <summary>Hashes of the init scripts, in order.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> InitScriptHashes { get; init; } = [];

    /// <summary>SHA-256 of the GPU's attestation text, as measured; null without a GPU.</summary>
    public ReadOnlyMemory<byte>? GpuEvidenceHash { get; init; }

    /// <summary><c>zfs</c> or <c>ext4</c>.</summary>
    public string? StorageFileSystem { get; init; }

    /// <summary>Whether the boot was finished when the quote was made: <c>system-ready</c> was measured.</summary>
    public bool IsReady { get; init; }

    /// <summary>Whether the application id is the one that follows from this compose hash, rather than pinned elsewhere.</summary>
    public bool IsAppIdFromCompose => AppId is { } id && ComposeHash is { } hash && id.Span.SequenceEqual(hash.Span[..20]);

    /// <summary>What the application itself measured after the boot. It can name these events as it likes.</summary>
    public IReadOnlyList<RuntimeEvent> ApplicationEvents { get; init; } = [];
}
