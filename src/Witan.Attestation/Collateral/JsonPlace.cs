using System.Text;
using System.Text.Json;

namespace Witan.Attestation;

/// <summary>A value that is not as described, with where it starts.</summary>
internal sealed class JsonValueException(string message, int offset) : FormatException(message)
{
    public int Offset => offset;
}

/// <summary>Says where a document is wrong: the offset in bytes, and the path of the value. Reads the document anew, but only one that is wrong.</summary>
internal static class JsonPlace
{
    /// <summary>What is wrong in our words, and where; the offset is null where the fault is of the whole.</summary>
    public static (string Message, int? Offset) Of(Exception fault, ReadOnlySpan<byte> document)
    {
        int? offset = fault switch
        {
            JsonValueException value => value.Offset,
            JsonException { LineNumber: { } line, BytePositionInLine: { } column } => Math.Min(LineStart(document, (int)line) + (int)column, document.Length),
            _ => null,
        };
        string message = fault switch
        {
            JsonException => Sentence(fault.Message),
            FormatException => fault.Message,
            _ => "a string is no text",
        };
        string path = offset is { } at ? Path(document, at) : "";
        return (path.Length == 0 ? message : $"{message} (at {path})", offset);
    }

    /// <summary>Where a line starts; lines count from zero.</summary>
    public static int LineStart(ReadOnlySpan<byte> document, int line)
    {
        int start = 0;
        for (; line > 0 && document[start..].IndexOf((byte)'\n') is >= 0 and int at; line--)
            start += at + 1;
        return start;
    }

    /// <summary>The reader's message without the place that it appends in its own form.</summary>
    public static string Sentence(string message) => message.Split(" LineNumber:")[0].Split(" Path:")[0];

    /// <summary>Line and column of an offset, as the reader counts them.</summary>
    public static (long Line, long Column) LineOf(ReadOnlySpan<byte> document, int offset)
    {
        ReadOnlySpan<byte> before = document[..offset];
        return (before.Count((byte)'\n'), offset - (before.LastIndexOf((byte)'\n') + 1));
    }

    // For example tcbLevels[3].tcb.pcesvn; members whose names are not plain are shown as a question mark.
    private static string Path(ReadOnlySpan<byte> document, int offset)
    {
        var steps = new Stack<(string Name, int Index)>();
        string name = "";
        try
        {
            var json = new Utf8JsonReader(document, new JsonReaderOptions { MaxDepth = 32 });
            while (json.Read() && json.TokenStartIndex <= offset)
            {
                if (json.TokenType == JsonTokenType.PropertyName)
                {
                    name = Plain(json);
                    continue;
                }

                if (json.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray)
                {
                    // What is missing is missing at the end of its object.
                    if (json.TokenStartIndex == offset)
                        break;
                    steps.Pop();
                    continue;
                }

                if (steps.TryPeek(out (string Name, int Index) parent) && parent.Index >= 0)
                {
                    steps.Pop();
                    steps.Push((parent.Name, parent.Index + 1));
                }

                // A step is open until its end; a plain value is left at once, unless it is the one.
                bool opens = json.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray;
                if (json.TokenStartIndex == offset || opens)
                    steps.Push((name, json.TokenType == JsonTokenType.StartArray ? 0 : -1));
                name = "";
            }
        }
        catch (JsonException)
        {
            // Up to where it breaks it was read.
        }

        // A member whose value could not be read.
        if (name.Length > 0)
            steps.Push((name, -1));
        var path = new StringBuilder();
        foreach ((string step, int index) in steps.Reverse())
        {
            if (step.Length > 0)
                path.Append(path.Length > 0 ? "." : "").Append(step);
            if (index > 0)
                path.Append('[').Append(index - 1).Append(']');
        }

        return path.ToString();
    }

    private static string Plain(in Utf8JsonReader json)
    {
        if (json.ValueSpan.Length > 64)
            return "?";
        foreach (byte letter in json.ValueSpan)
        {
            if (!char.IsAsciiLetterOrDigit((char)letter) && letter is not ((byte)'_' or (byte)'-'))
                return "?";
        }

        return Encoding.ASCII.GetString(json.ValueSpan);
    }
}
