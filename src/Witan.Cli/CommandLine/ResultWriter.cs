using System.Text;

namespace Witan.Cli.CommandLine;

/// <summary>
/// Standard output. A result that cannot be written (a full disk, a descriptor that the caller closed) is no fault of the program and no
/// success: one line says so, with exit code 3. A reader that has gone, as of <c>| head</c>, is none of this.
/// </summary>
internal sealed class ResultWriter(TextWriter output) : TextWriter
{
    public override Encoding Encoding => output.Encoding;

    public override void Write(char value) => Try(value, static (to, value) => to.Write(value));

    public override void Write(string? value) => Try(value, static (to, value) => to.Write(value));

    public override void WriteLine(string? value) => Try(value, static (to, value) => to.WriteLine(value));

    public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

    public override void Write(ReadOnlySpan<char> buffer) => Write(buffer.ToString());

    public override void Flush() => Try(0, static (to, _) => to.Flush());

    private void Try<T>(T value, Action<TextWriter, T> write)
    {
        try
        {
            write(output, value);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"the result cannot be written to standard output: {e.Message}", "see that it is open and that its disk has room", ExitCode.Undecided);
        }
    }
}
