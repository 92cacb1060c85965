using System.Security.Cryptography;
using System.Text;

namespace Witan.Machine;

/// <summary>
/// The raw inputs of every verdict, as they were read: sections of key and <see cref="Reading"/>. Immutable, holds nothing
/// that identifies the machine or its owner, and is the only thing that checks look at.
/// </summary>
public sealed class MachineSnapshot
{
    /// <summary>The schema of the text form.</summary>
    public const string Schema = "witan.machine.snapshot/1";

    private readonly SortedList<string, SortedList<string, Reading>> _sections;
    private string? _hash;

    internal MachineSnapshot(string origin, SortedList<string, SortedList<string, Reading>> sections) =>
        (Origin, _sections) = (origin, sections);

    /// <summary>Where the values come from: <c>live</c>, <c>cpuid -r</c>, <c>cpuid csv</c>.</summary>
    public string Origin { get; }

    /// <summary>SHA-256 of the text form, lower-case hexadecimal.</summary>
    public string Hash => _hash ??= Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(SnapshotJson.Write(this))));

    /// <summary>Names of the sections, in order.</summary>
    public IReadOnlyCollection<string> Sections => _sections.Keys.AsReadOnly();

    /// <summary>A value; <see cref="Reading.NotRecorded"/> where the snapshot does not hold it.</summary>
    public Reading this[string section, string key] =>
        _sections.TryGetValue(section, out SortedList<string, Reading>? values) && values.TryGetValue(key, out Reading? value)
            ? value
            : Reading.NotRecorded;

    /// <summary>The keys of a section, in order; empty where there is none.</summary>
    public IReadOnlyCollection<string> Keys(string section) =>
        _sections.TryGetValue(section, out SortedList<string, Reading>? values) ? values.Keys.AsReadOnly() : [];

    /// <summary>
    /// The same values as they may be shown. A recording comes from anybody: a line feed or an escape sequence in it would write
    /// lines of its own into the report.
    /// </summary>
    internal MachineSnapshot Printable()
    {
        if (_sections.Values.All(values => values.Keys.All(IsPrintable) && values.Values.All(reading => IsPrintable(reading.Text) && IsPrintable(reading.Error))))
            return this;
        var to = new SnapshotBuilder(Origin);
        foreach ((string section, SortedList<string, Reading> values) in _sections)
        {
            foreach ((string key, Reading reading) in values)
                to.Set(section, Printable(key), reading.IsFailure ? Reading.Failed(Printable(reading.Error)) : Reading.Of(Printable(reading.Text)));
        }

        return to.Build();
    }

    private static bool IsPrintable(string text) => !text.Any(char.IsControl);

    private static string Printable(string text) => string.Concat(text.Select(letter => char.IsControl(letter) ? '\uFFFD' : letter));
}
