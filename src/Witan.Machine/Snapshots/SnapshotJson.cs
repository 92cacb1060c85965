using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Witan.Machine;

/// <summary>
/// The text form of a snapshot: JSON, sorted, one line a value, so that the difference of two machines can be read in a diff.
/// </summary>
public static class SnapshotJson
{
    private static readonly JsonWriterOptions Layout = new()
    {
        Indented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    // A value that stands twice would be judged by whichever reader comes last.
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>Writes a snapshot, with a final line feed.</summary>
    public static string Write(MachineSnapshot snapshot)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Layout))
        {
            json.WriteStartObject();
            json.WriteString("schema", MachineSnapshot.Schema);
            json.WriteString("origin", snapshot.Origin);
            foreach (string section in snapshot.Sections)
            {
                json.WriteStartObject(section);
                foreach (string key in snapshot.Keys(section))
                    json.WriteString(key, snapshot[section, key].Encode());
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray()) + "\n";
    }

    /// <summary>Reads a snapshot. <paramref name="problem"/> is one sentence where it cannot.</summary>
    public static bool TryRead(string text, [NotNullWhen(true)] out MachineSnapshot? snapshot, [NotNullWhen(false)] out string? problem)
    {
        snapshot = null;
        problem = null;
        try
        {
            using JsonDocument document = JsonDocument.Parse(text, Strict);
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("schema", out JsonElement schema) || schema.ValueKind != JsonValueKind.String)
                problem = "it has no schema";
            else if (schema.GetString() != MachineSnapshot.Schema)
                problem = $"its schema is {schema.GetString()}, this program reads {MachineSnapshot.Schema}";
            else
                snapshot = Read(root, out problem);
        }
        catch (InvalidOperationException)
        {
            problem = "it holds a text that is no Unicode";
        }
        catch (JsonException e)
        {
            problem = $"it is no JSON: {e.Message}";
        }

        return snapshot is not null;
    }

    private static MachineSnapshot? Read(JsonElement root, out string? problem)
    {
        problem = null;
        bool isNamed = root.TryGetProperty("origin", out JsonElement origin);
        if (isNamed && origin.ValueKind != JsonValueKind.String)
        {
            problem = "its origin is not a text";
            return null;
        }

        var builder = new SnapshotBuilder(isNamed ? origin.GetString()! : "recorded");
        foreach (JsonProperty section in root.EnumerateObject())
        {
            if (section.Value.ValueKind != JsonValueKind.Object)
                continue;
            foreach (JsonProperty value in section.Value.EnumerateObject())
            {
                if (value.Value.ValueKind != JsonValueKind.String)
                {
                    problem = $"{section.Name} / {value.Name} is not a text";
                    return null;
                }

                builder.Set(section.Name, value.Name, Reading.Decode(value.Value.GetString()!));
            }
        }

        return builder.Build();
    }
}
