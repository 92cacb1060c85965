using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Witan.Coordinator.Telemetry;

namespace Witan.Coordinator.Api;

/// <summary><c>/metrics</c>: for this machine, and for others only where that is asked for.</summary>
internal static class MetricsRoute
{
    public static void Map(IEndpointRouteBuilder routes, PrometheusText metrics, bool isOpen) => routes.MapGet("/metrics", context =>
    {
        if (!isOpen && context.Connection.RemoteIpAddress is { } address && !IPAddress.IsLoopback(address))
            throw new RequestRefusedException(Problems.Missing("there is no such route"));
        return Exchange.WriteAsync(context, Encoding.UTF8.GetBytes(metrics.Write()), PrometheusText.ContentType, StatusCodes.Status200OK);
    });
}
