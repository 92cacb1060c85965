using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Witan.Dstack.Evidence;
using Witan.Dstack.RaTls;
using Witan.Dstack.Simulator.Pki;

namespace Witan.Dstack.Simulator;

/// <summary>
/// One simulated confidential virtual machine: an app, its compose file, its identity, its measurements and its keys, all
/// following from the simulator's seed, the app's name and the instance's name. What it says of itself hangs together: the
/// compose hash is in the event log, the event log replays to the registers, the registers are in the quote. Safe to use from
/// several threads.
/// </summary>
public sealed class SimulatedCvm : IDisposable
{
    internal static readonly byte[] DeviceIdBytes = SHA256.HashData([]);
    private static readonly JsonSerializerOptions Pretty = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly TdQuoteAuthor _author;
    private readonly Lock _events = new();
    private readonly Lazy<string> _certificate;
    private volatile Measured _measured;

    /// <summary>
    /// Makes the machine of an instance. Instances of one app share their keys, as on real hosts. Throws
    /// <see cref="ArgumentException"/> where <paramref name="appCompose"/> is no app-compose file.
    /// </summary>
    public SimulatedCvm(ReadOnlySpan<byte> seed, TdQuoteAuthor author, string app, string instance, string? appCompose = null)
        : this(author, instance, Derived(seed, app, instance, appCompose), TimeProvider.System)
    {
    }

    private SimulatedCvm(TdQuoteAuthor author, string instance, (SimulatedApp App, AppKeys Keys) who, TimeProvider clock)
    {
        _author = author;
        Name = instance;
        (App, Keys) = who;
        Clock = clock;
        _measured = Measure(BootLog.Of(App));
        _certificate = new Lazy<string>(() =>
        {
            using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            return string.Join('\n', Certify(key, new LeafRequest("demo-cert", [], Server: false, Client: true), withEvidence: true, withAppInfo: false));
        });
    }

    /// <summary>The instance's name.</summary>
    public string Name { get; }

    /// <summary>The app's name.</summary>
    public string AppName => App.Name;

    /// <summary>Text of app-compose.json.</summary>
    public string AppCompose => App.Compose;

    /// <summary>The measured compose hash.</summary>
    public string ComposeHash => Convert.ToHexStringLower(App.ComposeHash);

    /// <summary>20 bytes.</summary>
    public string AppId => Convert.ToHexStringLower(App.AppId);

    /// <summary>20 bytes, or none.</summary>
    public string InstanceId => Convert.ToHexStringLower(App.InstanceId);

    /// <summary>32 bytes.</summary>
    public string OsImageHash => Convert.ToHexStringLower(App.OsImageHash);

    /// <summary>The event log as it is now.</summary>
    public EventLog Log => _measured.Log;

    internal SimulatedApp App { get; }

    internal AppKeys Keys { get; }

    internal DerivedKeyMemory DerivedKeys { get; } = new();

    internal TimeProvider Clock { get; }

    internal string KeyProviderInfo => BootLog.KeyProviderText(App.KeyProvider);

    /// <summary>A certificate of the app's authority, as <c>Info</c> shows one.</summary>
    internal string Certificate => _certificate.Value;

    /// <summary>The machine of the upstream simulator: its keys and identity values, under this simulator's development root.</summary>
    internal static SimulatedCvm OfUpstreamFixture(TdQuoteAuthor author, ReadOnlySpan<byte> seed, string? appCompose, TimeProvider clock)
    {
        SimulatedApp app = SimulatedApp.Of(seed, UpstreamFixture.AppName, "upstream-fixture", appCompose, "") with
        {
            AppId = UpstreamFixture.AppId,
            InstanceId = UpstreamFixture.InstanceId,
            OsImageHash = UpstreamFixture.OsImageHash,
            KeyProvider = new KeyProvider("kms", ""),
            VmConfig = $$"""{"os_image_hash":"{{Convert.ToHexStringLower(UpstreamFixture.OsImageHash)}}","cpu_count":8,"memory_size":17179869184,"image":"dstack-0.6.0"}""",
        };
        if (appCompose is null)
            app = app with { ComposeHash = UpstreamFixture.ComposeHash };
        return new SimulatedCvm(author, "upstream-fixture", (app, AppKeys.OfUpstreamFixture()), clock);
    }

    /// <summary>Derives the key of a path: HKDF-SHA256 with salt RATLS, as the real agent does.</summary>
    public byte[] Key(string path) => Keys.Derive(path);

    /// <summary>The two signatures for a derived public key: the app's over purpose and key, the key service's over the app's key.</summary>
    public byte[][] SignatureChain(string purpose, ReadOnlySpan<byte> publicKey) => Keys.Chain(purpose, publicKey);

    /// <summary>A quote over report data, padded with zeros to 64 bytes on the right.</summary>
    public byte[] Quote(ReadOnlySpan<byte> reportData)
    {
        Span<byte> padded = stackalloc byte[64];
        padded.Clear();
        reportData.CopyTo(padded);
        return _author.Quote(_measured.Registers, padded);
    }

    /// <summary>Quote and event log of the same moment over 64 bytes of report data, as versioned attestation bytes carry them.</summary>
    public VersionedAttestation Attest(ReadOnlySpan<byte> reportData)
    {
        Measured now = _measured;
        return new VersionedAttestation
        {
            Layout = App.EventVersion == EventDigestVersion.V1 ? AttestationLayout.V0 : AttestationLayout.V1,
            Quote = _author.Quote(now.Registers, reportData),
            EventLog = now.Log,
            RuntimeEvents = [.. now.Log.RuntimeEvents],
            ReportData = reportData.ToArray(),
            Config = App.VmConfig,
        };
    }

    /// <summary>The <c>tcb_info</c> text.</summary>
    public string TcbInfo()
    {
        Measured now = _measured;
        return JsonSerializer.Serialize(
            new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["mrtd"] = Convert.ToHexStringLower(now.Registers.MrTd),
                ["rtmr0"] = Convert.ToHexStringLower(now.Registers.Rtmr[0]),
                ["rtmr1"] = Convert.ToHexStringLower(now.Registers.Rtmr[1]),
                ["rtmr2"] = Convert.ToHexStringLower(now.Registers.Rtmr[2]),
                ["rtmr3"] = Convert.ToHexStringLower(now.Registers.Rtmr[3]),
                ["mr_aggregated"] = Aggregated(now),
                ["os_image_hash"] = OsImageHash,
                ["compose_hash"] = ComposeHash,
                ["device_id"] = Convert.ToHexStringLower(DeviceIdBytes),
                ["event_log"] = JsonSerializer.Deserialize<JsonElement>(now.Log.ToJson()),
                ["app_compose"] = AppCompose,
            },
            Pretty);
    }

    /// <summary>SHA-256 over MRTD, the registers and the configuration id (mr_owner and mr_owner_config are zero).</summary>
    public string MrAggregated() => Aggregated(_measured);

    /// <summary>Extends RTMR3 with an event of the app, as agents before 0.6 let it.</summary>
    internal void Emit(string name, byte[] payload)
    {
        // One at a time: a log in another order than its register would never replay.
        lock (_events)
            _measured = Measure(new EventLog([.. Log.Entries, EventLogEntry.Of(new RuntimeEvent(name, payload, App.EventVersion))]));
    }

    /// <summary>Signs a certificate for a key; with evidence, it carries an attestation that binds the key.</summary>
    internal string[] Certify(ECDsa key, LeafRequest leaf, bool withEvidence, bool withAppInfo)
    {
        if (withEvidence)
        {
            byte[] reportData = TappdReportData.Compute(key.ExportSubjectPublicKeyInfo(), prefix: "ratls-cert");
            leaf = leaf with { Attestation = Attest(reportData).Strip().Encode() };
        }

        if (withAppInfo)
            leaf = leaf with { AppInfo = AppInfo().Encode() };
        return Keys.Authority.Sign(key, leaf, Clock.GetUtcNow());
    }

    /// <inheritdoc />
    public void Dispose() => Keys.Dispose();

    private RaTlsAppInfo AppInfo() => new()
    {
        AppId = App.AppId,
        ComposeHash = App.ComposeHash,
        InstanceId = App.InstanceId,
        DeviceId = DeviceIdBytes,
        MrSystem = MrSystem(),
        MrAggregated = Convert.FromHexString(MrAggregated()),
        OsImageHash = App.OsImageHash,
        KeyProviderInfo = Encoding.UTF8.GetBytes(KeyProviderInfo),
    };

    private byte[] MrSystem()
    {
        TdMeasurements td = _measured.Registers;
        return SHA256.HashData([.. td.MrTd, .. td.Rtmr[0], .. td.Rtmr[1], .. td.Rtmr[2], .. SHA256.HashData(Encoding.UTF8.GetBytes(KeyProviderInfo))]);
    }

    private static (SimulatedApp App, AppKeys Keys) Derived(ReadOnlySpan<byte> seed, string app, string instance, string? appCompose)
    {
        SimulatedApp who = SimulatedApp.Of(seed, app, instance, appCompose, AppKeys.ServiceId(seed));
        return (who, AppKeys.Of(seed, who.AppId));
    }

    private static string Aggregated(Measured now) => Convert.ToHexStringLower(SHA256.HashData(
        [.. now.Registers.MrTd, .. now.Registers.Rtmr.SelectMany(register => register), .. now.Registers.MrConfigId, .. new byte[96]]));

    private Measured Measure(EventLog log) => new(log, new TdMeasurements(
        SimulatedImage.Instance.MrTd,
        MrConfigId.V1(App.ComposeHash),
        [.. Enumerable.Range(0, 4).Select(index => MeasurementRegister.Fold(log.Entries.Where(entry => entry.Register == index).Select(entry => entry.Digest.ToArray())))]));

    /// <summary>A log and the registers it leads to.</summary>
    private sealed record Measured(EventLog Log, TdMeasurements Registers);
}
