using Witan.Attestation;

namespace Witan.Dstack.Evidence;

/// <summary>
/// Replays the log into registers and compares them with the quote. Digests of runtime events are computed; one that was sent as
/// well must be the same. One finding a kind of fault, however many entries have it.
/// </summary>
internal static class RegisterReplayer
{
    public static IReadOnlyList<RegisterReplay> Replay(EventLog log, TdReport report, FindingList findings)
    {
        var registers = new MeasurementRegister[4];
        int[] counts = new int[4];
        for (int i = 0; i < 4; i++)
            registers[i] = new MeasurementRegister();
        bool stripped = IsStripped(log);
        var faults = new EntryFaults(findings);
        for (int i = 0; i < log.Entries.Count; i++)
        {
            EventLogEntry entry = log.Entries[i];
            counts[entry.Register]++;
            if (entry.Register == RuntimeEvent.Register)
                ExtendRuntime(registers[entry.Register], entry, i, faults);
            else if (entry.IsRuntime)
                faults.Add("EVENT_REGISTER_UNEXPECTED", i, entry, "is a runtime event outside RTMR3");
            else if (entry.Digest.Length == MeasurementRegister.Size)
                registers[entry.Register].Extend(entry.Digest.Span);
            else
                faults.Add("EVENT_DIGEST_MISSING", i, entry, "has no digest, which only runtime events may leave out");
        }

        faults.Report();
        return [.. Enumerable.Range(0, 4).Select(i => Compare(i, registers[i], counts[i], stripped && i != RuntimeEvent.Register, report, findings))];
    }

    // Agents leave the firmware's events out, or all but the ACPI entries. A log with any other entry claims to be whole.
    private static bool IsStripped(EventLog log) => log.Entries.All(entry =>
        entry.Register == RuntimeEvent.Register || entry is { Register: 0, Type: EventLogEntry.AcpiDataType });

    private static void ExtendRuntime(MeasurementRegister register, EventLogEntry entry, int index, EntryFaults faults)
    {
        if (!entry.IsRuntime)
        {
            faults.Add("EVENT_TYPE_UNEXPECTED", index, entry, "is in RTMR3 and no runtime event");
            return;
        }

        if (entry.Version is not (1 or 2))
        {
            faults.Add("EVENT_VERSION_UNKNOWN", index, entry, $"has version {entry.Version}; 1 and 2 are known");
            return;
        }

        RuntimeEvent runtime = entry.ToRuntimeEvent();
        byte[] preimage = runtime.Preimage();
        Span<byte> digest = stackalloc byte[MeasurementRegister.Size];
        System.Security.Cryptography.SHA384.HashData(preimage, digest);
        register.Extend(digest);
        if (entry.Digest.Length > 0 && !entry.Digest.Span.SequenceEqual(digest))
            faults.Add("EVENT_DIGEST_MISMATCH", index, entry, "has another digest than its name and payload give");
        if (entry.Preimage is { } sent)
        {
            if (!sent.Span.SequenceEqual(preimage))
                faults.Add("EVENT_PREIMAGE_MISMATCH", index, entry, "has another preimage than its name and payload give");
        }
        else if (entry.Version == 2)
        {
            faults.Add("EVENT_PREIMAGE_MISSING", index, entry, "is of version 2 and lacks its preimage");
        }
    }

    private static RegisterReplay Compare(int index, MeasurementRegister replayed, int events, bool stripped, TdReport report, FindingList findings)
    {
        byte[] quoted = report.Rtmr(index).ToArray();
        if (stripped)
            return new RegisterReplay(index, ReplayOutcome.NotInLog, quoted, null, events);
        bool same = replayed.Value.SequenceEqual(quoted);
        if (!same)
        {
            findings.Fail(
                $"RTMR{index}_REPLAY_MISMATCH",
                $"RTMR{index}",
                $"the {events} events of the log for RTMR{index} do not give the quoted value: an event was changed, left out, added or moved",
                FindingActor.Sender,
                "Send quote and event log of the same answer.",
                $"{Convert.ToHexStringLower(quoted)} quoted, {Convert.ToHexStringLower(replayed.Value)} replayed");
        }

        return new RegisterReplay(index, same ? ReplayOutcome.Matches : ReplayOutcome.Differs, quoted, replayed.Value.ToArray(), events);
    }
}

/// <summary>Counts faulty entries by kind, so that a hostile log of any length gives a handful of findings.</summary>
internal sealed class EntryFaults(FindingList findings)
{
    private readonly Dictionary<string, (int Count, int Index, string Name, string Problem)> _faults = new(StringComparer.Ordinal);

    public void Add(string code, int index, EventLogEntry entry, string problem) =>
        _faults[code] = _faults.TryGetValue(code, out var first) ? first with { Count = first.Count + 1 } : (1, index, entry.Name, problem);

    public void Report()
    {
        foreach ((string code, (int count, int index, string name, string problem)) in _faults)
        {
            string shown = name.Length <= 64 ? name : name[..64] + "…";
            string more = count == 1 ? "" : $"; so do {count - 1} more";
            findings.Fail(code, $"event {index}", $"entry {index} of the event log ({(shown.Length == 0 ? "unnamed" : shown)}) {problem}{more}", FindingActor.Sender, "Send the event log as the guest agent gave it.");
        }
    }
}
