using System.Text;
using System.Text.Json;

namespace Witan.Worker.Models;

/// <summary>
/// Puts a streamed completion together from its server-sent events (WHATWG HTML, section 9.2): lines end in LF, CRLF or CR,
/// an event's data lines are joined by newlines, and <c>data: [DONE]</c> ends the stream. A stream without that end was cut
/// off and is refused, so that half a vote is never read as a vote.
/// </summary>
internal static class ChatStream
{
    private const int MaximumCalls = 8;

    /// <summary>Assembles the whole answer. Throws <see cref="ModelCallException"/> where the bytes are no complete stream.</summary>
    internal static ChatAnswer Assemble(ReadOnlySpan<byte> bytes)
    {
        string? id = null, model = null, finish = null;
        ChatUsage? usage = null;
        var content = new StringBuilder();
        var calls = new SortedDictionary<int, (string? Id, string? Name, StringBuilder Arguments)>();
        bool done = false;
        foreach (string data in Events(bytes))
        {
            if (data == "[DONE]")
            {
                done = true;
                break;
            }

            ChatAnswer piece = Parse(data);
            id ??= piece.Id;
            model ??= piece.Model;
            usage = piece.Usage ?? usage;
            if (piece.Choices is not [{ } choice, ..])
                continue;
            finish = choice.FinishReason ?? finish;
            content.Append(choice.Delta?.Content);
            foreach (ChatToolCall call in choice.Delta?.ToolCalls ?? [])
                Add(calls, call);
        }

        if (!done)
            throw new ModelCallException(AbstentionReason.ModelUnreachable, "the stream ended before its [DONE]");
        var whole = calls.Select(call =>
            new ChatToolCall(call.Value.Id, "function", new ChatFunctionCall(call.Value.Name, call.Value.Arguments.ToString())));
        var message = new ChatAnswerMessage("assistant", content.ToString(), [.. whole]);
        return new ChatAnswer(id, model, [new ChatChoice(message, null, finish)], usage);
    }

    private static void Add(SortedDictionary<int, (string? Id, string? Name, StringBuilder Arguments)> calls, ChatToolCall call)
    {
        int index = call.Index ?? 0;
        if (!calls.TryGetValue(index, out var known))
        {
            if (calls.Count == MaximumCalls)
                throw new ModelCallException(AbstentionReason.ModelGarbage, $"more than {MaximumCalls} tool calls");
            known = (null, null, new StringBuilder());
        }

        known.Arguments.Append(call.Function?.Arguments);
        calls[index] = (known.Id ?? call.Id, known.Name ?? call.Function?.Name, known.Arguments);
    }

    private static ChatAnswer Parse(string data)
    {
        try
        {
            return ChatAnswer.Parse(Encoding.UTF8.GetBytes(data));
        }
        catch (JsonException e)
        {
            throw new ModelCallException(AbstentionReason.ModelGarbage, "an event of the stream is no chat completion", e);
        }
    }

    private static List<string> Events(ReadOnlySpan<byte> bytes)
    {
        var events = new List<string>();
        var data = new List<string>();
        string text = Encoding.UTF8.GetString(bytes).Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        foreach (string line in text.Split('\n'))
        {
            if (line.Length == 0)
            {
                if (data.Count > 0)
                    events.Add(string.Join('\n', data));
                data.Clear();
            }
            else if (line.StartsWith("data:", StringComparison.Ordinal))
            {
                data.Add(line.Length > 5 && line[5] == ' ' ? line[6..] : line[5..]);
            }
        }

        return events;
    }
}
