using System.Security.Cryptography;
using System.Text;

namespace Witan.Agent;

/// <summary>
/// A setting that is a text itself or names a file. Containers are given texts: an engine makes a container anew when a value of its environment
/// changes, which it does not for a config, and a text needs no file in a container that nobody can write to.
/// </summary>
public sealed class TextOrFile
{
    private readonly string _value;
    private readonly bool _isPath;

    private TextOrFile(string value, bool isText)
    {
        (_value, IsText) = (value, isText);
        _isPath = !isText && value.Length > 0 && value.AsSpan().IndexOfAny("{}\"\n") < 0;
    }

    /// <summary>Whether it is the text itself.</summary>
    public bool IsText { get; }

    /// <summary>
    /// What to call it in a message or a log: the path, or the hash of the text, which may be a secret. What is neither, such as a text in quotes, is not
    /// read out.
    /// </summary>
    public string Name => IsText ? $"a text with SHA-256 {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(_value)))}"
        : _isPath ? _value
        : $"a value of {_value.Length} characters that is neither the text nor a path";

    /// <summary>Reads a setting: a text where it begins with <paramref name="beginning"/> after blanks, as JSON does with a brace; else a path.</summary>
    public static TextOrFile Of(string value, string beginning = "{")
    {
        ArgumentNullException.ThrowIfNull(value);
        return new TextOrFile(value, value.AsSpan().TrimStart().StartsWith(beginning, StringComparison.Ordinal));
    }

    /// <summary>A setting as it may be shown: its <see cref="Name"/>; null where it is not set.</summary>
    public static string? Shown(string? value) => value is null ? null : Of(value).Name;

    /// <summary>The bytes. Throws what reading a file throws.</summary>
    public byte[] Read() => IsText ? Encoding.UTF8.GetBytes(_value) : _isPath ? File.ReadAllBytes(_value) : throw new FileNotFoundException(Name);

    /// <summary>When what is read was written. A text is never written anew.</summary>
    public DateTime WrittenAt() => _isPath ? File.GetLastWriteTimeUtc(_value) : default;

    /// <summary>What stands in the file of the same name and <paramref name="suffix"/>; null where there is no such file, and beside a text.</summary>
    public TextOrFile? Beside(string suffix) => _isPath && File.Exists(_value + suffix) ? new TextOrFile(_value + suffix, isText: false) : null;
}
