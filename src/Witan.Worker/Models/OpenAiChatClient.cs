using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Witan.Worker.Models;

/// <summary>
/// An <see cref="IChatClient"/> for OpenAI-compatible services that keeps the exact bytes of every call: the
/// <see cref="ChatResponse.RawRepresentation"/> is a <see cref="ModelExchange"/>. It makes one request a call, never retries
/// by itself, and fails with <see cref="ModelCallException"/>.
/// </summary>
public sealed class OpenAiChatClient(HttpClient http, ChatEndpointOptions options, TimeProvider clock) : IChatClient
{
    /// <inheritdoc />
    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        byte[] request = Body(messages, options);
        using var limit = new CancellationTokenSource(Settings.CallTimeout, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            byte[] response = await SendAsync(request, both.Token);
            ChatAnswer answer = Settings.Stream ? ChatStream.Assemble(response) : Parse(response);
            return Convert(answer, new ModelExchange(request, response) { CompletionId = answer.Id });
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new ModelCallException(
                AbstentionReason.TimeBudget, $"no answer within {Settings.CallTimeout.TotalSeconds:0} s");
        }
        catch (HttpRequestException e)
        {
            throw new ModelCallException(AbstentionReason.ModelUnreachable, $"the service broke off: {e.Message}", e);
        }
        catch (IOException e)
        {
            throw new ModelCallException(AbstentionReason.ModelUnreachable, $"the service broke off: {e.Message}", e);
        }
    }

    /// <summary>
    /// The whole answer as one update. A vote is of use only when it is complete, so nothing is gained by handing on pieces;
    /// whether the wire streams is <see cref="ChatEndpointOptions.Stream"/>.
    /// </summary>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ChatResponse response = await GetResponseAsync(messages, options, cancellationToken);
        foreach (ChatResponseUpdate update in response.ToChatResponseUpdates())
            yield return update;
    }

    /// <inheritdoc />
    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is null && serviceType.IsInstanceOfType(this) ? this : null;

    /// <summary>Does nothing: the HttpClient belongs to the caller.</summary>
    public void Dispose()
    {
    }

    private ChatEndpointOptions Settings => options;

    private async Task<byte[]> SendAsync(byte[] body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Settings.Address("chat/completions"));
        request.Content = new ByteArrayContent(body);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        // A compressed or rewritten body would not be the bytes that the provider signed.
        request.Headers.AcceptEncoding.ParseAdd("identity");
        if (Settings.ApiKey is { } key)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        if (Settings.RefuseAliases)
            request.Headers.Add("x-no-aliasing", "true");

        using HttpResponseMessage response =
            await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            throw new ModelCallException(
                AbstentionReason.ModelRefused, $"the service answered {(int)response.StatusCode} {response.ReasonPhrase}")
            {
                TryAgainAfter = response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable ? Asked(response.Headers.RetryAfter) : null,
            };
        }

        return await BoundedBody.ReadAsync(response.Content, Settings.MaximumAnswerBytes, cancellationToken)
            ?? throw new ModelCallException(AbstentionReason.ModelGarbage, $"the answer is longer than {Settings.MaximumAnswerBytes} bytes");
    }

    // RFC 9110, section 10.2.3: seconds or a date.
    private TimeSpan Asked(RetryConditionHeaderValue? header)
    {
        TimeSpan asked = header?.Delta ?? (header?.Date is { } date ? date - clock.GetUtcNow() : TimeSpan.Zero);
        return asked > TimeSpan.Zero ? asked : TimeSpan.Zero;
    }

    private byte[] Body(IEnumerable<ChatMessage> messages, ChatOptions? chat)
    {
        ChatTool[]? tools = chat?.Tools?.OfType<AIFunctionDeclaration>()
            .Select(tool => new ChatTool("function", new ChatFunction(tool.Name, tool.Description, tool.JsonSchema))).ToArray();
        ChatToolChoice? choice = chat?.ToolMode is RequiredChatToolMode { RequiredFunctionName: { } name }
            ? new ChatToolChoice("function", new ChatFunctionName(name))
            : null;
        var request = new ChatRequest(chat?.ModelId ?? Settings.Model, [.. messages.Select(Message)], tools, choice)
        {
            Temperature = chat?.Temperature ?? Settings.Temperature,
            MaxTokens = chat?.MaxOutputTokens,
            Stream = Settings.Stream ? true : null,
        };
        return JsonSerializer.SerializeToUtf8Bytes(request, ChatWire.Default.ChatRequest);
    }

    private static ChatRequestMessage Message(ChatMessage message)
    {
        FunctionCallContent? call = message.Contents.OfType<FunctionCallContent>().FirstOrDefault();
        FunctionResultContent? result = message.Contents.OfType<FunctionResultContent>().FirstOrDefault();
        return new ChatRequestMessage(message.Role.Value, result is null ? message.Text : result.Result?.ToString())
        {
            ToolCalls = call is null
                ? null
                : [new ChatToolCall(call.CallId, "function", new ChatFunctionCall(call.Name, call.RawRepresentation as string))],
            ToolCallId = result?.CallId,
        };
    }

    private static ChatAnswer Parse(byte[] response)
    {
        try
        {
            return ChatAnswer.Parse(response);
        }
        catch (JsonException e)
        {
            throw new ModelCallException(AbstentionReason.ModelGarbage, $"no chat completion: {Text(response)}", e);
        }
    }

    private static ChatResponse Convert(ChatAnswer answer, ModelExchange exchange)
    {
        ChatAnswerMessage message = answer.Choices is [{ Message: { } first }, ..]
            ? first
            : throw new ModelCallException(AbstentionReason.ModelGarbage, "the completion has no choice");
        var contents = new List<AIContent>();
        if (!string.IsNullOrEmpty(message.Content))
            contents.Add(new TextContent(message.Content));
        foreach (ChatToolCall call in message.ToolCalls ?? [])
        {
            // The arguments stay the text they came as: a dictionary would hide duplicate and unknown members.
            contents.Add(new FunctionCallContent(call.Id ?? "call", call.Function?.Name ?? "", null)
            {
                RawRepresentation = call.Function?.Arguments ?? "",
            });
        }

        return new ChatResponse(new ChatMessage(ChatRole.Assistant, contents))
        {
            ResponseId = answer.Id,
            ModelId = answer.Model,
            RawRepresentation = exchange,
            Usage = new UsageDetails
            {
                InputTokenCount = answer.Usage?.PromptTokens,
                OutputTokenCount = answer.Usage?.CompletionTokens,
                TotalTokenCount = answer.Usage?.TotalTokens,
            },
        };
    }

    private static string Text(byte[] bytes)
    {
        string text = Encoding.UTF8.GetString(bytes.AsSpan(0, Math.Min(bytes.Length, 80))).ReplaceLineEndings(" ");
        return text.Length == 0 ? "(empty)" : text;
    }
}
