using System.Text;
using System.Text.Json;
using Witan.Attestation;

namespace Witan.Dstack.Evidence;

/// <summary>
/// Reads identity values out of the runtime events. Looks no further than <c>system-ready</c>: what follows is written by the
/// application. A name that occurs twice before it, or out of order, makes the log ambiguous and is refused.
/// </summary>
internal static class AppIdentityReader
{
    private const int MaximumUnknownShown = 8;

    public static AppIdentity Read(IReadOnlyList<RuntimeEvent> events, FindingList findings)
    {
        int ready = IndexOfReady(events);
        RuntimeEvent[] boot = [.. events.Take(ready < 0 ? events.Count : ready + 1)];
        RuntimeEvent[] application = ready < 0 ? [] : [.. events.Skip(ready + 1)];
        CheckOrder(boot, findings);
        CheckApplication(application, findings);
        if (ready < 0)
            findings.Note("SYSTEM_NOT_READY", "event log", "the boot was not finished when the quote was made: there is no system-ready event");
        ReadOnlyMemory<byte>? provider = One(boot, EventNames.KeyProvider)?.Payload;
        KeyProvider? parsed = null;
        if (provider is { } payload && !KeyProvider.TryParse(payload, out parsed))
            Invalid(EventNames.KeyProvider, "is not the JSON object with name and id", findings);
        return new AppIdentity
        {
            AppId = Sized(boot, EventNames.AppId, findings, required: true, 20),
            ComposeHash = Sized(boot, EventNames.ComposeHash, findings, required: true, 32),
            InstanceId = Sized(boot, EventNames.InstanceId, findings, required: false, 20, 0),
            OsImageHashEvent = Sized(boot, EventNames.OsImageHash, findings, required: false, 32),
            KeyProvider = parsed,
            KeyProviderPayload = provider,
            InitScriptHashes = [.. boot.Where(runtime => runtime.Name == EventNames.InitScriptHash).Select(runtime => runtime.Payload)],
            GpuEvidenceHash = GpuEvidence(boot, findings),
            StorageFileSystem = One(boot, EventNames.StorageFileSystem) is { } storage ? Encoding.UTF8.GetString(storage.Payload.Span) : null,
            IsReady = ready >= 0,
            ApplicationEvents = application,
        };
    }

    private static int IndexOfReady(IReadOnlyList<RuntimeEvent> events)
    {
        for (int i = 0; i < events.Count; i++)
        {
            if (events[i].Name == EventNames.SystemReady)
                return i;
        }

        return -1;
    }

    // Each name is complained about once, and of unknown names only some are shown: a log can hold tens of thousands.
    private static void CheckOrder(RuntimeEvent[] boot, FindingList findings)
    {
        int last = -1, unknown = 0;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var doubled = new HashSet<string>(StringComparer.Ordinal);
        var misplaced = new HashSet<string>(StringComparer.Ordinal);
        foreach (RuntimeEvent runtime in boot)
        {
            int rank = Rank(runtime.Name);
            if (rank < 0)
            {
                if (seen.Add(runtime.Name) && ++unknown <= MaximumUnknownShown)
                    findings.Note("EVENT_UNKNOWN", Shown(runtime.Name), $"the boot measured an event {Shown(runtime.Name)}, which this version does not know");
                continue;
            }

            if (!seen.Add(runtime.Name) && runtime.Name != EventNames.InitScriptHash)
            {
                if (doubled.Add(runtime.Name))
                    findings.Fail("EVENT_DUPLICATE", runtime.Name, $"the boot events name {runtime.Name} twice, so that its value is ambiguous", FindingActor.Sender);
            }
            else if (rank < last && misplaced.Add(runtime.Name))
            {
                findings.Fail("EVENT_ORDER", runtime.Name, $"{runtime.Name} stands behind {EventNames.InOrder[last]}; a guest measures it before", FindingActor.Sender);
            }

            last = Math.Max(last, rank);
        }

        if (unknown > MaximumUnknownShown)
            findings.Note("EVENT_UNKNOWN", "event log", $"the boot measured {unknown - MaximumUnknownShown} more events that this version does not know");
    }

    private static void CheckApplication(RuntimeEvent[] application, FindingList findings)
    {
        if (application.Length > 0)
            findings.Note("APPLICATION_EVENTS", "event log", $"the application measured {application.Length} events of its own after system-ready");
        foreach (string name in application.Select(runtime => runtime.Name).Where(name => Rank(name) >= 0).Distinct(StringComparer.Ordinal))
        {
            findings.Add(new Finding("EVENT_AFTER_READY", FindingSeverity.Warning, $"an event {name} stands behind system-ready; it is the application's and does not count")
            {
                Subject = name,
                Why = "An application can measure any name it likes: this may be an attempt to pass for another.",
                Actor = FindingActor.WorkloadOwner,
            });
        }
    }

    private static int Rank(string name)
    {
        for (int i = 0; i < EventNames.InOrder.Count; i++)
        {
            if (EventNames.InOrder[i] == name)
                return i;
        }

        return -1;
    }

    private static RuntimeEvent? One(RuntimeEvent[] boot, string name) => Array.Find(boot, runtime => runtime.Name == name);

    private static ReadOnlyMemory<byte>? Sized(RuntimeEvent[] boot, string name, FindingList findings, bool required, params ReadOnlySpan<int> sizes)
    {
        RuntimeEvent? found = One(boot, name);
        if (found is null)
        {
            if (required)
                findings.Fail("EVENT_MISSING", name, $"the boot events hold no {name}: this is no finished measurement of a dstack guest", FindingActor.Sender);
            return null;
        }

        if (sizes.Contains(found.Payload.Length))
            return found.Payload;
        Invalid(name, $"has {found.Payload.Length} bytes instead of {sizes[0]}", findings);
        return null;
    }

    // {"evidence_sha256":hex,…}: the text itself is asked for with GpuInfo.
    private static ReadOnlyMemory<byte>? GpuEvidence(RuntimeEvent[] boot, FindingList findings)
    {
        if (One(boot, EventNames.GpuAttestation) is not { } gpu)
            return null;
        try
        {
            using JsonDocument json = JsonDocument.Parse(gpu.Payload, new JsonDocumentOptions { MaxDepth = 16, AllowDuplicateProperties = false });
            if (json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("evidence_sha256", out JsonElement hash)
                && hash.ValueKind == JsonValueKind.String && hash.GetString() is { Length: 64 } text && text.All(char.IsAsciiHexDigit))
            {
                return Convert.FromHexString(text);
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Said below, with everything else that is not the expected object.
        }

        Invalid(EventNames.GpuAttestation, "has no evidence_sha256", findings);
        return null;
    }

    private static void Invalid(string name, string problem, FindingList findings) =>
        findings.Fail("EVENT_PAYLOAD_INVALID", name, $"the payload of {name} {problem}", FindingActor.Sender);

    // A name is the sender's text: bounded before it is shown.
    private static string Shown(string name) => name.Length <= 64 ? name : name[..64] + "…";
}
