using System.Text.Json;
using System.Text.Json.Serialization;

namespace Witan.Worker.Models;

// The OpenAI-compatible chat completion, as much of it as a vote needs.
internal sealed record ChatRequest(
    string Model, IReadOnlyList<ChatRequestMessage> Messages, IReadOnlyList<ChatTool>? Tools, ChatToolChoice? ToolChoice)
{
    public float? Temperature { get; init; }

    public int? MaxTokens { get; init; }

    public bool? Stream { get; init; }
}

internal sealed record ChatRequestMessage(string Role, string? Content)
{
    public IReadOnlyList<ChatToolCall>? ToolCalls { get; init; }

    public string? ToolCallId { get; init; }
}

internal sealed record ChatTool(string Type, ChatFunction Function);

internal sealed record ChatFunction(string Name, string Description, JsonElement Parameters);

internal sealed record ChatToolChoice(string Type, ChatFunctionName Function);

internal sealed record ChatFunctionName(string Name);

internal sealed record ChatToolCall(string? Id, string? Type, ChatFunctionCall? Function)
{
    // Present in streams only: which call this piece belongs to.
    public int? Index { get; init; }
}

internal sealed record ChatFunctionCall(string? Name, string? Arguments);

internal sealed record ChatAnswer(string? Id, string? Model, IReadOnlyList<ChatChoice>? Choices, ChatUsage? Usage)
{
    /// <summary>Reads a completion, or a piece of a streamed one. Throws <see cref="JsonException"/>, also for a null in a list: nothing may stand there.</summary>
    public static ChatAnswer Parse(ReadOnlySpan<byte> json)
    {
        ChatAnswer answer = JsonSerializer.Deserialize(json, ChatWire.Default.ChatAnswer) ?? throw new JsonException("null");
        foreach (ChatChoice? choice in answer.Choices ?? [])
        {
            if (choice is null || HasNull(choice.Message) || HasNull(choice.Delta))
                throw new JsonException("a list has a null");
        }

        return answer;
    }

    private static bool HasNull(ChatAnswerMessage? message) => message?.ToolCalls?.Any(call => call is null) == true;
}

internal sealed record ChatChoice(ChatAnswerMessage? Message, ChatAnswerMessage? Delta, string? FinishReason);

internal sealed record ChatAnswerMessage(string? Role, string? Content, IReadOnlyList<ChatToolCall>? ToolCalls);

internal sealed record ChatUsage(long? PromptTokens, long? CompletionTokens, long? TotalTokens);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    MaxDepth = 32)]
[JsonSerializable(typeof(ChatRequest))]
[JsonSerializable(typeof(ChatAnswer))]
[JsonSerializable(typeof(SignedAnswer))]
internal sealed partial class ChatWire : JsonSerializerContext;
