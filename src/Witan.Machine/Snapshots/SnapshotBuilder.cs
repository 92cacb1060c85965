namespace Witan.Machine;

/// <summary>Collects readings into a snapshot. Safe to use from several threads.</summary>
public sealed class SnapshotBuilder(string origin)
{
    private readonly Lock _gate = new();

    // Sorted only when it is built: a sorted list takes what comes in descending order in quadratic time.
    private readonly Dictionary<string, Dictionary<string, Reading>> _sections = new(StringComparer.Ordinal);

    /// <summary>Sets one reading, replacing an earlier one. "Not recorded" removes it.</summary>
    public SnapshotBuilder Set(string section, string key, Reading reading)
    {
        lock (_gate)
        {
            if (!_sections.TryGetValue(section, out Dictionary<string, Reading>? values))
                _sections[section] = values = new(StringComparer.Ordinal);
            if (reading.HasValue || reading.IsFailure)
                values[key] = reading;
            else
                values.Remove(key);
        }

        return this;
    }

    /// <summary>Sets one value.</summary>
    public SnapshotBuilder Set(string section, string key, string value) => Set(section, key, Reading.Of(value));

    /// <summary>Sets every reading of a snapshot, replacing earlier ones.</summary>
    public SnapshotBuilder Add(MachineSnapshot snapshot)
    {
        foreach (string section in snapshot.Sections)
        {
            foreach (string key in snapshot.Keys(section))
                Set(section, key, snapshot[section, key]);
        }

        return this;
    }

    /// <summary>Sets the four registers of a CPUID leaf.</summary>
    public SnapshotBuilder SetCpuid(uint leaf, uint subleaf, uint eax, uint ebx, uint ecx, uint edx) =>
        Set(Section.Cpuid, CpuidKey(leaf, subleaf), $"{eax:x8} {ebx:x8} {ecx:x8} {edx:x8}");

    /// <summary>Sets a model-specific register.</summary>
    public SnapshotBuilder SetMsr(uint register, ulong value) => Set(Section.Msr, MsrKey(register), value.ToString("x16"));

    /// <summary>Whether something was set for a key.</summary>
    public bool Has(string section, string key)
    {
        lock (_gate)
            return _sections.TryGetValue(section, out Dictionary<string, Reading>? values) && values.ContainsKey(key);
    }

    /// <summary>The snapshot of what was set so far.</summary>
    public MachineSnapshot Build()
    {
        lock (_gate)
        {
            var sections = new Dictionary<string, SortedList<string, Reading>>(StringComparer.Ordinal);
            foreach (KeyValuePair<string, Dictionary<string, Reading>> section in _sections)
                sections[section.Key] = new(section.Value, StringComparer.Ordinal);
            return new MachineSnapshot(origin, new(sections, StringComparer.Ordinal));
        }
    }

    internal static string CpuidKey(uint leaf, uint subleaf) => $"{leaf:x8}.{subleaf:x2}";

    internal static string MsrKey(uint register) => register.ToString("x8");
}
