using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Witan.Crypto;
using Witan.Dstack.Evidence;
using Witan.Dstack.Simulator.Pki;

namespace Witan.Dstack.Simulator;

/// <summary>
/// One simulated confidential virtual machine: an app, its compose file, its identity, its measurements and its keys, all
/// following from the simulator's seed, the app's name and the instance's name. What it says of itself hangs together: the
/// compose hash is in the event log, the event log replays to the registers, the registers are in the quote.
/// </summary>
public sealed class SimulatedCvm
{
    private readonly byte[] _appKey;
    private readonly byte[] _appKeySignature;
    private readonly TdQuoteAuthor _author;
    private readonly TdMeasurements _measurements;

    /// <summary>Makes the machine of an instance. Instances of one app share their keys, as on real hosts.</summary>
    public SimulatedCvm(ReadOnlySpan<byte> seed, TdQuoteAuthor author, string app, string instance, string? appCompose = null)
    {
        _author = author;
        Name = instance;
        AppName = app;
        AppCompose = appCompose ?? DefaultCompose(app);
        byte[] composeHash = SHA256.HashData(Encoding.UTF8.GetBytes(AppCompose));
        byte[] appId = composeHash[..20];
        byte[] instanceId = SHA256.HashData([.. SeededKey.Bytes(seed, $"instance-{instance}", 20), .. appId])[..20];
        (ComposeHash, AppId, InstanceId) = (Convert.ToHexStringLower(composeHash), Convert.ToHexStringLower(appId), Convert.ToHexStringLower(instanceId));
        byte[] kms = SeededKey.Bytes(seed, "k256-root");
        _appKey = KeyDerivation.DeriveKey(kms, 32, appId, "app-key"u8.ToArray());
        _appKeySignature = Secp256k1.SignRecoverable(
            kms, Keccak.Hash256([.. "dstack-kms-issued:"u8, .. appId, .. Secp256k1.PublicKey(_appKey)]));
        OsImageHash = Convert.ToHexStringLower(SHA256.HashData("witan simulated os image"u8));
        Log = Measure(composeHash, appId, instanceId);
        _measurements = new TdMeasurements(
            SHA384.HashData("witan simulated mrtd"u8),
            [1, .. composeHash, .. new byte[15]],
            [.. Enumerable.Range(0, 4).Select(Register)]);
    }

    /// <summary>The instance's name.</summary>
    public string Name { get; }

    /// <summary>The app's name.</summary>
    public string AppName { get; }

    /// <summary>Text of app-compose.json.</summary>
    public string AppCompose { get; }

    /// <summary>SHA-256 of <see cref="AppCompose"/>.</summary>
    public string ComposeHash { get; }

    /// <summary>First 20 bytes of the compose hash.</summary>
    public string AppId { get; }

    /// <summary>20 bytes.</summary>
    public string InstanceId { get; }

    /// <summary>32 bytes.</summary>
    public string OsImageHash { get; }

    /// <summary>The event log.</summary>
    public EventLog Log { get; }

    /// <summary>Derives the key of a path: HKDF-SHA256 with salt RATLS, as the real agent does.</summary>
    public byte[] Key(string path) => KeyDerivation.DeriveKey(_appKey, 32, Encoding.UTF8.GetBytes(path));

    /// <summary>The two signatures for a derived public key: the app's over purpose and key, the key service's over the app's key.</summary>
    public byte[][] SignatureChain(string purpose, ReadOnlySpan<byte> publicKey) =>
    [
        Secp256k1.SignRecoverable(_appKey, Keccak.Hash256(Encoding.UTF8.GetBytes($"{purpose}:{Convert.ToHexStringLower(publicKey)}"))),
        _appKeySignature,
    ];

    /// <summary>A quote over report data, padded with zeros to 64 bytes on the right.</summary>
    public byte[] Quote(ReadOnlySpan<byte> reportData)
    {
        Span<byte> padded = stackalloc byte[64];
        padded.Clear();
        reportData.CopyTo(padded);
        return _author.Quote(_measurements, padded);
    }

    /// <summary>The <c>tcb_info</c> text.</summary>
    public string TcbInfo() => JsonSerializer.Serialize(
        new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["mrtd"] = Convert.ToHexStringLower(_measurements.MrTd),
            ["rtmr0"] = Convert.ToHexStringLower(_measurements.Rtmr[0]),
            ["rtmr1"] = Convert.ToHexStringLower(_measurements.Rtmr[1]),
            ["rtmr2"] = Convert.ToHexStringLower(_measurements.Rtmr[2]),
            ["rtmr3"] = Convert.ToHexStringLower(_measurements.Rtmr[3]),
            ["mr_aggregated"] = MrAggregated(),
            ["os_image_hash"] = OsImageHash,
            ["compose_hash"] = ComposeHash,
            ["device_id"] = Convert.ToHexStringLower(SHA256.HashData([])),
            ["event_log"] = JsonSerializer.Deserialize<JsonElement>(Log.ToJson()),
            ["app_compose"] = AppCompose,
        });

    /// <summary>SHA-256 over MRTD, the registers and the configuration id (mr_owner and mr_owner_config are zero).</summary>
    public string MrAggregated() => Convert.ToHexStringLower(SHA256.HashData(
        [.. _measurements.MrTd, .. _measurements.Rtmr.SelectMany(register => register), .. _measurements.MrConfigId, .. new byte[96]]));

    private byte[] Register(int index) =>
        MeasurementRegister.Fold(Log.Entries.Where(entry => entry.Register == index).Select(entry => entry.Digest.ToArray()));

    private static EventLog Measure(byte[] composeHash, byte[] appId, byte[] instanceId)
    {
        EventLogEntry Boot(int register, string name) =>
            new(register, 0x80000006, SHA384.HashData(Encoding.ASCII.GetBytes($"witan simulated {name}")), "", default);
        EventLogEntry Runtime(string name, byte[] payload) => EventLogEntry.Of(new RuntimeEvent(name, payload));
        return new EventLog(
        [
            Boot(0, "firmware"), Boot(0, "configuration"), Boot(1, "kernel"), Boot(2, "command line"), Boot(2, "initrd"),
            Runtime(EventNames.SystemPreparing, []),
            Runtime(EventNames.AppId, appId),
            Runtime(EventNames.ComposeHash, composeHash),
            Runtime(EventNames.InstanceId, instanceId),
            Runtime(EventNames.BootMrDone, []),
            Runtime(EventNames.KeyProvider, Encoding.UTF8.GetBytes("""{"name":"none","id":""}""")),
            Runtime(EventNames.StorageFileSystem, "ext4"u8.ToArray()),
            Runtime(EventNames.SystemReady, []),
        ]);
    }

    private static string DefaultCompose(string app) => JsonSerializer.Serialize(new Dictionary<string, object>(StringComparer.Ordinal)
    {
        ["manifest_version"] = 2,
        ["name"] = app,
        ["runner"] = "docker-compose",
        ["docker_compose_file"] = $"services:\n  {app}:\n    image: witan-{app}\n    platform: linux/amd64\n    volumes:\n      - /var/run/dstack.sock:/var/run/dstack.sock\n    restart: always\n",
        ["kms_enabled"] = false,
        ["gateway_enabled"] = false,
        ["public_logs"] = false,
        ["public_sysinfo"] = false,
    });
}
