using System.Text;
using System.Text.Json;

namespace Witan.Agent;

/// <summary>
/// Lines for people, or, where <c>WITAN_LOG=json</c>, one JSON object a line with <c>time</c>, <c>program</c> and <c>message</c>. A message is one line
/// whatever is in it: a line break never begins a line that looks like another message, and nothing in it moves a terminal's cursor.
/// </summary>
public sealed class LogLines(TextWriter log, string program, bool json, TimeProvider clock)
{
    /// <summary>The variable that chooses the form.</summary>
    public const string Variable = "WITAN_LOG";

    private readonly TextWriter _log = TextWriter.Synchronized(log);

    /// <summary>The form that the environment asks for. <paramref name="program"/> is coordinator, worker or trustee.</summary>
    public static LogLines Of(TextWriter log, string program, TimeProvider clock) =>
        new(log, program, string.Equals(Environment.GetEnvironmentVariable(Variable), "json", StringComparison.OrdinalIgnoreCase), clock);

    /// <summary>Writes a message. Never a vote, a reason or a secret.</summary>
    public void WriteLine(string message)
    {
        _log.WriteLine(json ? Json(message) : OneLine(message));
        _log.Flush();
    }

    private static string OneLine(string message) =>
        string.Concat(message.ReplaceLineEndings(" ").Select(letter => char.IsControl(letter) ? '\uFFFD' : letter));

    private string Json(string message)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteString("time", clock.GetUtcNow());
            writer.WriteString("program", program);
            writer.WriteString("message", message);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
