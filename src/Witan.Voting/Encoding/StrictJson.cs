using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Witan.Voting;

/// <summary>
/// The one way to read JSON from outside: unknown, missing, null and duplicate members, nulls in lists, trailing bytes and
/// deep nesting are refused with a sentence; nothing is thrown.
/// </summary>
public static class StrictJson
{
    /// <summary>
    /// Reads a value of <see cref="RecordJson"/> or <see cref="WireJson"/>. The caller has limited the size of
    /// <paramref name="json"/>. <paramref name="problem"/> is one sentence, or null where the value was read.
    /// </summary>
    public static bool TryRead<T>(
        ReadOnlySpan<byte> json, JsonTypeInfo<T> type, [NotNullWhen(true)] out T? value, [NotNullWhen(false)] out string? problem)
        where T : class
    {
        value = null;
        try
        {
            problem = HasNullInList(json) ? "a list holds null" : null;
            if (problem is not null)
                return false;
            value = JsonSerializer.Deserialize(json, type);
            problem = value is null ? "null" : null;
            return problem is null;
        }
        catch (NotSupportedException)
        {
            problem = "a value does not begin with its type";
            return false;
        }
        catch (JsonException e)
        {
            int end = e.Message.IndexOf(" Path:", StringComparison.Ordinal);
            string where = e.BytePositionInLine is { } at ? $" (line {e.LineNumber + 1}, byte {at})" : "";
            problem = (end < 0 ? e.Message : e.Message[..end]) + where;
            return false;
        }
    }

    // The serializer's own null checks do not reach the members of lists.
    private static bool HasNullInList(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 16 });
        Span<bool> inList = stackalloc bool[17];
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject)
                inList[reader.CurrentDepth + 1] = reader.TokenType == JsonTokenType.StartArray;
            else if (reader.TokenType == JsonTokenType.Null && inList[reader.CurrentDepth])
                return true;
        }

        return false;
    }
}
