namespace Witan.Dstack.Simulator;

/// <summary>Values of a message's fields by name. What is not set has its zero value, as in protobuf.</summary>
internal sealed class AgentMessage
{
    private readonly Dictionary<string, object> _values = new(StringComparer.Ordinal);

    public AgentMessage(params ReadOnlySpan<(string Name, object Value)> values)
    {
        foreach ((string name, object value) in values)
            _values[name] = value;
    }

    public string Text(string name) => _values.TryGetValue(name, out object? value) ? (string)value : "";

    public byte[] Bytes(string name) => _values.TryGetValue(name, out object? value) ? (byte[])value : [];

    public bool Flag(string name) => _values.TryGetValue(name, out object? value) && (bool)value;

    public ulong? Number(string name) => _values.TryGetValue(name, out object? value) ? (ulong)value : null;

    public IReadOnlyList<string> Texts(string name) => _values.TryGetValue(name, out object? value) ? (IReadOnlyList<string>)value : [];

    public IReadOnlyList<byte[]> ByteStrings(string name) => _values.TryGetValue(name, out object? value) ? (IReadOnlyList<byte[]>)value : [];

    public void Set(string name, object value) => _values[name] = value;

    /// <summary>Adds one to a list of texts.</summary>
    public void Append(string name, string text)
    {
        if (!_values.TryGetValue(name, out object? list))
            _values[name] = list = new List<string>();
        ((List<string>)list).Add(text);
    }
}
