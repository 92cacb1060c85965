using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Witan.Coordinator.Api.Description;
using Witan.Voting;

namespace Witan.Coordinator.Api;

/// <summary>
/// The header Idempotency-Key on orders of requesters: the same key with the same body gets the first answer again, another body is refused.
/// Answers are kept in memory for a day; after a restart the order runs again, which is harmless, because each is idempotent by its
/// content. Failures are not kept.
/// </summary>
internal sealed class IdempotencyMiddleware(RequestDelegate next, CoordinatorCore core)
{
    public const string Header = "Idempotency-Key";
    public const int LongestKey = 128;
    private const int MaximumKept = 10_000;
    private const int MaximumAnswer = 64 << 10;
    private static readonly TimeSpan Kept = TimeSpan.FromDays(1);
    private readonly ConcurrentDictionary<string, FirstAnswer> _answers = new(StringComparer.Ordinal);

    public async Task InvokeAsync(HttpContext context)
    {
        if (context.Request.Headers[Header] is not [{ } key] || context.GetEndpoint()?.Metadata.GetMetadata<ApiOperation>() is not { TakesKey: true })
        {
            await next(context);
            return;
        }

        if (key.Length is 0 or > LongestKey || key.Any(letter => letter is < '!' or > '~'))
            throw new RequestRefusedException(Problems.Bad("IDEMPOTENCY_KEY_INVALID", $"{Header}: 1 to {LongestKey} visible characters of ASCII"));
        byte[] body = await Exchange.BytesAsync(context, Exchange.EvidenceLimit);
        string hash = Convert.ToHexStringLower(SHA256.HashData([.. System.Text.Encoding.UTF8.GetBytes(context.Request.Path.Value + "\n"), .. body]));
        DateTimeOffset now = core.Clock.GetUtcNow();
        var mine = new FirstAnswer(hash, now);
        FirstAnswer found = _answers.GetOrAdd(key, mine);
        if (found != mine && now - found.At > Kept && _answers.TryUpdate(key, mine, found))
            found = mine;
        if (found.Hash != hash)
            throw new RequestRefusedException(new Problem("about:blank", "this key was used with another request", 422, "IDEMPOTENCY_KEY_REUSED", "choose a new key"));
        if (found != mine)
        {
            if (found.Answer is not { } first)
                throw new RequestRefusedException(Problems.Conflict("IDEMPOTENCY_KEY_BUSY", "the first request with this key is being answered"));
            context.Response.Headers["Idempotency-Replayed"] = "true";
            await Exchange.WriteAsync(context, first.Body, first.Type, first.Status);
            return;
        }

        await RunAsync(context, key, mine);
    }

    private async Task RunAsync(HttpContext context, string key, FirstAnswer mine)
    {
        Stream outside = context.Response.Body;
        using var inside = new MemoryStream();
        context.Response.Body = inside;
        try
        {
            await next(context);
        }
        catch
        {
            // A refusal is a problem that the caller may mend, or a failure: the next request runs by itself.
            _answers.TryRemove(key, out _);
            throw;
        }
        finally
        {
            context.Response.Body = outside;
        }

        byte[] body = inside.ToArray();
        if (context.Response.StatusCode < 300 && body.Length <= MaximumAnswer && _answers.Count <= MaximumKept)
            mine.Answer = (context.Response.StatusCode, context.Response.ContentType ?? "application/json", body);
        else
            _answers.TryRemove(key, out _);
        if (_answers.Count > MaximumKept)
            Forget();
        await outside.WriteAsync(body, context.RequestAborted);
    }

    private void Forget()
    {
        DateTimeOffset now = core.Clock.GetUtcNow();
        foreach ((string key, FirstAnswer kept) in _answers)
        {
            if (now - kept.At > Kept)
                _answers.TryRemove(key, out _);
        }
    }

    private sealed class FirstAnswer(string hash, DateTimeOffset at)
    {
        public string Hash => hash;

        public DateTimeOffset At => at;

        public (int Status, string Type, byte[] Body)? Answer { get; set; }
    }
}
