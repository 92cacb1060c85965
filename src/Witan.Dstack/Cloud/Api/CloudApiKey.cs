namespace Witan.Dstack.Cloud;

/// <summary>A Phala Cloud API key. Never printed: <see cref="ToString"/> says only that there is one.</summary>
public sealed class CloudApiKey
{
    private readonly string _value;

    /// <summary>Wraps a key; blanks and line ends around it are dropped.</summary>
    /// <exception cref="ArgumentException">It is empty, or has characters that no header may carry.</exception>
    public CloudApiKey(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        _value = value.Trim();
        if (_value.Length == 0 || _value.Any(c => c is <= ' ' or >= '\u007f'))
            throw new ArgumentException("the API key is empty or has characters that are not printable ASCII", nameof(value));
    }

    /// <inheritdoc />
    public override string ToString() => "(API key)";

    internal string Reveal() => _value;
}
