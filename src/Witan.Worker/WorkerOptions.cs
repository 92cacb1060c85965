using System.Globalization;
using Witan.Agent;
using Witan.Voting;
using Witan.Worker.Deliberation;
using Witan.Worker.Memory;

namespace Witan.Worker;

/// <summary>What a worker has beside what every agent has. Checked at start.</summary>
public sealed record WorkerOptions
{
    /// <summary>Longest <see cref="CastWindow"/>.</summary>
    public static TimeSpan LongestCastWindow { get; } = TimeSpan.FromHours(1);

    /// <summary>Loopback port for direct dispatch; used in LOCAL_MODE only.</summary>
    /// <value>The default value is 3001.</value>
    public int Port { get; init; } = 3001;

    /// <summary>Ed25519 key that may add notes to this worker's memory; null for nobody.</summary>
    public Digest? Owner { get; init; }

    /// <summary>The owner's notes that the memory takes in at the start (<see cref="SignedNotes"/>). Without an owner there are none.</summary>
    public IReadOnlyList<MemoryEntry> Notes { get; init; } = [];

    /// <summary>
    /// What was decided inside one such window is cast at a random moment of the next (<see cref="CastSchedule"/>). Null for as long as
    /// the mind may take (<see cref="CastWindowOf"/>).
    /// </summary>
    /// <value>The default value is null.</value>
    public TimeSpan? CastWindow { get; init; }

    /// <summary>
    /// The window for a mind: where none is set, all the time that it may take and five seconds to store what came of it, so that a failure
    /// at once, a vote and a failure at the end of its time are cast alike.
    /// </summary>
    public TimeSpan CastWindowOf(IDeliberator mind) => CastWindow ?? mind.Longest + TimeSpan.FromSeconds(5);

    /// <summary>An owner from a setting; null where there is none. Throws <see cref="SettingException"/>.</summary>
    public static Digest? ParseOwner(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return null;
        return Digest.TryParse(text, out Digest owner)
            ? owner
            : throw new SettingException($"the owner {text} is no Ed25519 key", "64 hexadecimal digits; witan worker memory owner --owner-key FILE prints them");
    }

    /// <summary>
    /// The notes by a variable or option: themselves, or of the file that it names; none where <paramref name="setting"/> is null or empty. Throws
    /// <see cref="SettingException"/>, also where there is no owner who could have signed them.
    /// </summary>
    public static IReadOnlyList<MemoryEntry> ReadNotes(string? setting, Digest? owner)
    {
        if (string.IsNullOrEmpty(setting))
            return [];
        TextOrFile source = TextOrFile.Of(setting, SignedNotes.Beginning);
        if (owner is not { } key)
            throw new SettingException($"{source.Name}: notes are for a worker with an owner", "set --owner or WITAN_OWNER to the key that signed them");
        try
        {
            byte[] notes = source.Read();
            return notes.Length <= SignedNotes.MaximumBytes
                ? SignedNotes.Read(notes, key)
                : throw new SettingException($"{source.Name} has more than {SignedNotes.MaximumBytes} bytes", "leave out what the memory holds already");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingException($"{source.Name} cannot be read: {e.Message}", "check the path");
        }
    }

    /// <summary>A window from a setting, in seconds; null where there is none. Throws <see cref="SettingException"/>.</summary>
    public static TimeSpan? ParseCastWindow(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return null;
        return double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds) && seconds <= LongestCastWindow.TotalSeconds
            ? TimeSpan.FromSeconds(seconds)
            : throw new SettingException($"the cast window {text} is no number of seconds", $"0 to {LongestCastWindow.TotalSeconds:0}");
    }
}
