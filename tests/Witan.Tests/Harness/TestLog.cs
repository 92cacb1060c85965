using System.Text;

namespace Witan.Tests.Harness;

/// <summary>What programs in this process write, read while they write. A wrapper for each writer over one StringBuilder has a lock for each, and tears the text.</summary>
internal sealed class TestLog : TextWriter
{
    private readonly StringBuilder _text = new();
    private readonly Lock _turn = new();

    public override Encoding Encoding => Encoding.UTF8;

    public override void Write(char value)
    {
        lock (_turn)
            _text.Append(value);
    }

    public override void Write(string? value)
    {
        lock (_turn)
            _text.Append(value);
    }

    public override void WriteLine(string? value)
    {
        lock (_turn)
            _text.AppendLine(value);
    }

    public override string ToString()
    {
        lock (_turn)
            return _text.ToString();
    }
}
