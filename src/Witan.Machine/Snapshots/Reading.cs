namespace Witan.Machine;

/// <summary>
/// One raw value of a snapshot: its text, or why it could not be read. A value that nobody asked for is
/// <see cref="NotRecorded"/>, which is never the same as "not there".
/// </summary>
public sealed class Reading : IEquatable<Reading>
{
    private readonly string? _text;
    private readonly string? _error;

    private Reading(string? text, string? error) => (_text, _error) = (text, error);

    /// <summary>Nobody looked, or the recording does not hold it.</summary>
    public static Reading NotRecorded { get; } = new(null, null);

    /// <summary>Whether there is a value.</summary>
    public bool HasValue => _text is not null;

    /// <summary>Whether it was looked for and could not be read.</summary>
    public bool IsFailure => _error is not null;

    /// <summary>The value; empty where there is none.</summary>
    public string Text => _text ?? "";

    /// <summary>Why it could not be read, as the name of an errno (<c>ENOENT</c>) or one lower-case word (<c>timeout</c>); empty otherwise.</summary>
    public string Error => _error ?? "";

    /// <summary>Whether the thing was looked for and does not exist.</summary>
    public bool IsMissing => _error is "ENOENT" or "ENOTDIR" or "ENXIO" or "ENODEV";

    /// <summary>Whether a right is missing to read it.</summary>
    public bool IsRefused => _error is "EACCES" or "EPERM";

    /// <summary>A value.</summary>
    public static Reading Of(string text) => new(text, null);

    /// <summary>A value that could not be read.</summary>
    public static Reading Failed(string error) => new(null, error);

    /// <summary>The value as one line of a snapshot; a leading <c>!</c> marks a failure, <c>!!</c> a text that begins with one.</summary>
    public string Encode() => _error is not null ? "!" + _error : Text.StartsWith('!') ? "!" + Text : Text;

    /// <summary>The reverse of <see cref="Encode"/>.</summary>
    public static Reading Decode(string line) =>
        !line.StartsWith('!') ? Of(line) : line.StartsWith("!!", StringComparison.Ordinal) ? Of(line[1..]) : Failed(line[1..]);

    /// <inheritdoc />
    public bool Equals(Reading? other) => other is not null && other._text == _text && other._error == _error;

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as Reading);

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(_text, _error);

    /// <summary>The value, the reason, or "not recorded": for people.</summary>
    public override string ToString() => _text ?? _error ?? "not recorded";
}
