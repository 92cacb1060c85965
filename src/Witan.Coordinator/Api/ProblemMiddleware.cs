using Microsoft.AspNetCore.Http;
using Witan.Coordinator.Stores;
using Witan.Dstack;
using Witan.Voting;

namespace Witan.Coordinator.Api;

/// <summary>Turns every way in which a request can fail into a problem with a stable code. No stack trace leaves.</summary>
internal sealed class ProblemMiddleware(RequestDelegate next, CoordinatorCore core)
{
    public async Task InvokeAsync(HttpContext context)
    {
        // Every answer says it, errors included: nothing that came from here may be taken for production.
        if (core.Mode.Mark() is { } mark)
        {
            context.Response.Headers["Witan-Mark"] = mark;
            context.Response.Headers["Witan-Warning"] = core.Mode.Warning();
        }

        try
        {
            if (core.Damage is { } damage)
                throw new StoreException(damage);
            await next(context);
            if (!context.Response.HasStarted && context.Response.StatusCode is 404 or 405 && context.Response.ContentLength is null)
                await WriteAsync(context, new Problem("about:blank", "there is no such route", context.Response.StatusCode, "NO_ROUTE", ""));
        }
        catch (RequestRefusedException e)
        {
            await WriteAsync(context, e.Problem);
        }
        catch (StoreException e)
        {
            core.Log($"storage: {e.Message}");
            await WriteAsync(context, Problems.Storage("the coordinator's store failed"));
        }
        catch (DstackException e)
        {
            await WriteAsync(context, new Problem("about:blank", e.Message, 503, "GUEST_AGENT", "try again"));
        }
        catch (BadHttpRequestException e)
        {
            await WriteAsync(context, new Problem("about:blank", "the request is no proper HTTP, or too slow", e.StatusCode, "HTTP_INVALID", ""));
        }
        catch (OperationCanceledException)
        {
            await WriteAsync(context, Problems.Ending);
        }
        catch (Exception e)
        {
            core.Log($"{context.Request.Method} {context.Request.Path}: internal fault: {e}");
            await WriteAsync(context, Problems.Internal);
        }
    }

    private static Task WriteAsync(HttpContext context, Problem problem) =>
        context.Response.HasStarted || context.RequestAborted.IsCancellationRequested ? Task.CompletedTask : Exchange.ProblemAsync(context, problem);
}
