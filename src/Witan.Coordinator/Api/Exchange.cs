using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Witan.Coordinator.Limits;
using Witan.Coordinator.Records;
using Witan.Voting;

namespace Witan.Coordinator.Api;

/// <summary>Reading requests and writing answers. Sizes are limited before anything is parsed.</summary>
internal static class Exchange
{
    /// <summary>Largest body of a request, in bytes, where a route names none.</summary>
    public const int DefaultLimit = 64 << 10;

    /// <summary>Largest body with evidence, whose event log is long.</summary>
    public const int EvidenceLimit = 2 << 20;

    /// <summary>The body's bytes, at most so many.</summary>
    public static async Task<byte[]> BytesAsync(HttpContext context, int limit)
    {
        if (context.Items.TryGetValue(typeof(Exchange), out object? kept) && kept is byte[] known)
            return known.Length <= limit ? known : throw new RequestRefusedException(Problems.TooLarge(limit));
        if (context.Request.ContentLength > limit)
            throw new RequestRefusedException(Problems.TooLarge(limit));
        // What is announced is not believed: memory is taken for what has come, and none before.
        using var body = new MemoryStream();
        BodyShare? memory = BodyShare.Of(context);
        PipeReader reader = context.Request.BodyReader;
        for (bool isWhole = false; !isWhole;)
        {
            ReadResult read = await reader.ReadAsync(context.RequestAborted);
            isWhole = read.IsCompleted;
            Problem? problem = body.Length + read.Buffer.Length > limit ? Problems.TooLarge(limit)
                : memory?.TryTake((int)read.Buffer.Length) == false ? Problems.Full
                : null;
            if (problem is null)
                Append(body, read.Buffer);
            // Also before a refusal: the server reads on behind it.
            reader.AdvanceTo(read.Buffer.End);
            if (problem is not null)
                throw new RequestRefusedException(problem);
        }

        byte[] bytes = body.ToArray();
        context.Items[typeof(Exchange)] = bytes;
        return bytes;
    }

    private static void Append(MemoryStream body, ReadOnlySequence<byte> come)
    {
        foreach (ReadOnlyMemory<byte> part in come)
            body.Write(part.Span);
    }

    /// <summary>The body as a value.</summary>
    public static async Task<T> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type, int limit = DefaultLimit)
        where T : class => Parse(await BytesAsync(context, limit), type);

    /// <summary>Bytes as a value.</summary>
    public static T Parse<T>(byte[] body, JsonTypeInfo<T> type)
        where T : class => StrictJson.TryRead(body, type, out T? value, out string? problem)
        ? value
        : throw new RequestRefusedException(Problems.Bad("JSON_INVALID", $"the body is not as specified: {problem}"));

    /// <summary>Writes an answer: to an agent in one of few sizes.</summary>
    public static Task AnswerAsync<T>(HttpContext context, T value, JsonTypeInfo<T> type, int status = 200)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(value, type);
        bool agent = context.Request.Headers.ContainsKey(SignedRequest.AgentHeader) && json.Length <= DefaultLimit;
        return WriteAsync(context, agent ? SizeBuckets.Pad(json) : json, "application/json", status);
    }

    /// <summary>
    /// Writes an answer that may be long, piece by piece as the client takes it: however slowly that is, and however many do it, each holds a piece and no more.
    /// </summary>
    public static Task StreamAsync<T>(HttpContext context, T value, JsonTypeInfo<T> type)
    {
        Begin(context, "application/json", StatusCodes.Status200OK);
        return JsonSerializer.SerializeAsync(context.Response.BodyWriter, value, type, context.RequestAborted);
    }

    /// <summary>Writes a problem.</summary>
    public static Task ProblemAsync(HttpContext context, Problem problem)
    {
        if (problem.Status is 429 or 503 && context.Response.Headers.RetryAfter.Count == 0)
            context.Response.Headers.RetryAfter = "1";
        return WriteAsync(context, JsonSerializer.SerializeToUtf8Bytes(problem, WireJson.Default.Problem), "application/problem+json", problem.Status);
    }

    /// <summary>Writes bytes.</summary>
    public static Task WriteAsync(HttpContext context, byte[] bytes, string contentType, int status)
    {
        Begin(context, contentType, status);
        context.Response.ContentLength = bytes.Length;
        return context.Response.Body.WriteAsync(bytes, context.RequestAborted).AsTask();
    }

    private static void Begin(HttpContext context, string contentType, int status)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        context.Response.Headers.CacheControl = "no-store";
    }

    /// <summary>
    /// The record that the route names, with what others of the store have appended. Only where ballots come in is it not looked for first: they wait for their
    /// turn in any case, and that begins with it.
    /// </summary>
    public static async Task<ProposalKeeper> KeeperAsync(HttpContext context, CoordinatorCore core)
    {
        if (!Digest.TryParse(context.Request.RouteValues["id"] as string, out Digest id) || await core.FindAsync(id, context.RequestAborted) is not { } keeper)
            throw new RequestRefusedException(Problems.Missing("there is no such proposal"));
        if (HttpMethods.IsGet(context.Request.Method) || keeper.State.State != ProposalState.Voting)
            await keeper.CatchUpAsync();
        return keeper;
    }

    /// <summary>A whole number in the query; <paramref name="absent"/> where it is not there.</summary>
    public static long Number(HttpContext context, string name, long absent, long most)
    {
        string? text = context.Request.Query[name];
        if (string.IsNullOrEmpty(text))
            return absent;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) && value <= most
            ? value
            : throw new RequestRefusedException(Problems.Bad("QUERY_INVALID", $"{name}: a whole number up to {most}"));
    }
}
