namespace Witan.Dstack.Evidence;

/// <summary>Names of the events that a dstack guest extends RTMR3 with while it boots, in the order in which it does.</summary>
public static class EventNames
{
    /// <summary>First event; no payload.</summary>
    public const string SystemPreparing = "system-preparing";

    /// <summary>Root file system; guests of the 0.3 line only.</summary>
    public const string RootFileSystemHash = "rootfs-hash";

    /// <summary>Application id, 20 bytes.</summary>
    public const string AppId = "app-id";

    /// <summary>SHA-256 of the app-compose file, 32 bytes.</summary>
    public const string ComposeHash = "compose-hash";

    /// <summary>Hash of one init script, 32 bytes; any number of times.</summary>
    public const string InitScriptHash = "init-script-hash";

    /// <summary>Policy for GPUs; launches with a GPU only.</summary>
    public const string GpuPolicyHash = "gpu-policy-hash";

    /// <summary>What the GPU attested, as JSON.</summary>
    public const string GpuAttestation = "gpu-attestation";

    /// <summary>Instance id, 20 bytes or none.</summary>
    public const string InstanceId = "instance-id";

    /// <summary>End of the measurements that keys are derived from; no payload.</summary>
    public const string BootMrDone = "boot-mr-done";

    /// <summary>OS image hash as the key service knows it, 32 bytes; with a KMS only.</summary>
    public const string OsImageHash = "os-image-hash";

    /// <summary>Key provider, JSON <c>{"name":…,"id":hex}</c>.</summary>
    public const string KeyProvider = "key-provider";

    /// <summary><c>zfs</c> or <c>ext4</c>.</summary>
    public const string StorageFileSystem = "storage-fs";

    /// <summary>Last event of the system; no payload. What follows is the application's.</summary>
    public const string SystemReady = "system-ready";

    /// <summary>All of them in the order of a boot.</summary>
    public static IReadOnlyList<string> InOrder { get; } =
    [
        SystemPreparing, RootFileSystemHash, AppId, ComposeHash, InitScriptHash, GpuPolicyHash, GpuAttestation, InstanceId,
        BootMrDone, OsImageHash, KeyProvider, StorageFileSystem, SystemReady,
    ];
}
