using System.Text;
using System.Text.Json;

namespace Witan.Coordinator.Telemetry;

/// <summary>
/// Lines for people, or, where <c>WITAN_LOG=json</c>, one JSON object a line with <c>time</c>, <c>program</c> and <c>message</c>. A line break inside a
/// message never begins a line that looks like another message.
/// </summary>
internal sealed class LogLines(TextWriter log, bool json, TimeProvider clock)
{
    private readonly TextWriter _log = TextWriter.Synchronized(log);

    /// <summary>The form that the environment asks for.</summary>
    public static LogLines Of(TextWriter log, TimeProvider clock) =>
        new(log, string.Equals(Environment.GetEnvironmentVariable("WITAN_LOG"), "json", StringComparison.OrdinalIgnoreCase), clock);

    public void WriteLine(string message) => _log.WriteLine(json ? Json(message) : message);

    private string Json(string message)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteString("time", clock.GetUtcNow());
            writer.WriteString("program", "coordinator");
            writer.WriteString("message", message);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
