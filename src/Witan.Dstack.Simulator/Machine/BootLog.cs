using System.Text;
using System.Text.Json;
using Witan.Dstack.Evidence;

namespace Witan.Dstack.Simulator;

/// <summary>What a simulated machine measures while it boots, in a real machine's order.</summary>
internal static class BootLog
{
    /// <summary>The whole log: the image's entries, then the system's events up to <c>system-ready</c>.</summary>
    public static EventLog Of(SimulatedApp app)
    {
        EventLogEntry Entry(string name, ReadOnlyMemory<byte> payload) => EventLogEntry.Of(new RuntimeEvent(name, payload, app.EventVersion));
        List<EventLogEntry> log =
        [
            .. SimulatedImage.Instance.BootEntries,
            Entry(EventNames.SystemPreparing, default),
            Entry(EventNames.AppId, app.AppId),
            Entry(EventNames.ComposeHash, app.ComposeHash),
            Entry(EventNames.InstanceId, app.InstanceId),
            Entry(EventNames.BootMrDone, default),
        ];
        if (app.KeyProvider.Name == "kms")
            log.Add(Entry(EventNames.OsImageHash, app.OsImageHash));
        log.Add(Entry(EventNames.KeyProvider, Encoding.UTF8.GetBytes(KeyProviderText(app.KeyProvider))));
        log.Add(Entry(EventNames.StorageFileSystem, "ext4"u8.ToArray()));
        log.Add(Entry(EventNames.SystemReady, default));
        return new EventLog(log);
    }

    /// <summary>The payload of the <c>key-provider</c> event, and <c>key_provider_info</c>.</summary>
    public static string KeyProviderText(KeyProvider provider) =>
        $"{{\"name\":{JsonSerializer.Serialize(provider.Name)},\"id\":{JsonSerializer.Serialize(provider.Id)}}}";
}
