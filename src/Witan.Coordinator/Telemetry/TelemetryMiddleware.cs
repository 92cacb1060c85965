using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Witan.Coordinator.Telemetry;

/// <summary>One duration and one span for each request. Only the route's template is named: paths and queries carry ids and nonces.</summary>
internal sealed class TelemetryMiddleware(RequestDelegate next, CoordinatorTelemetry telemetry)
{
    private const string Unknown = "none";

    public async Task InvokeAsync(HttpContext context)
    {
        string route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? Unknown;
        string method = Method(context.Request.Method);
        // No parent from outside: what a caller puts into a traceparent header must not be carried on.
        using Activity? span = telemetry.Traces.StartActivity($"{method} {route}", ActivityKind.Server, default(ActivityContext));
        long start = Stopwatch.GetTimestamp();
        try
        {
            await next(context);
        }
        finally
        {
            int status = context.Response.StatusCode;
            telemetry.Request(route, method, status, Stopwatch.GetElapsedTime(start));
            span?.SetTag("http.route", route).SetTag("http.request.method", method).SetTag("http.response.status_code", status);
            if (status >= 500)
                span?.SetStatus(ActivityStatusCode.Error);
        }
    }

    // The method is the caller's word: any other would be a label of its own.
    private static string Method(string method) => method is "GET" or "POST" or "HEAD" or "PUT" or "DELETE" or "OPTIONS" or "PATCH" ? method : "_OTHER";
}
