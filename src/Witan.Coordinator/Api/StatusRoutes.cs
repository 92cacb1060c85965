using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Witan.Voting;

namespace Witan.Coordinator.Api;

/// <summary>What anyone may know of a coordinator: that it runs, who it is, whom it admitted and by which policy.</summary>
internal static class StatusRoutes
{
    public static void Map(IEndpointRouteBuilder routes, CoordinatorCore core)
    {
        routes.MapGet("/", context => RootAsync(context, core));
        routes.MapGet("/healthz/live", context => context.Response.WriteAsync("live"));
        routes.MapGet("/healthz/ready", async context =>
        {
            await core.Store.ProbeAsync(context.RequestAborted);
            await context.Response.WriteAsync("ready");
        });
        routes.MapGet("/v1/policy", context => Exchange.AnswerAsync(context, core.Policy, PolicyJson.Default.CouncilPolicy));
        routes.MapGet("/v1/agents", context => Exchange.AnswerAsync(context, [.. core.Desk.All.Select(core.Summary)], WireJson.Default.IReadOnlyListAgentSummary));
    }

    // The form that dashboards and probes of the original system read.
    private static async Task RootAsync(HttpContext context, CoordinatorCore core)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("message", "Coordinator Agent is running");
            json.WriteString("status", core.Book.All.Any(keeper => !keeper.State.IsFinal) ? "monitoring" : "idle");
            json.WriteString("mode", core.Mode.ToString().ToLowerInvariant());
            json.WriteString("mark", core.Mark);
            json.WriteString("coordinator", core.Secrets.Keys.Did());
            json.WriteString("timestamp", core.Clock.GetUtcNow());
            json.WriteEndObject();
        }

        await Exchange.WriteAsync(context, stream.ToArray(), "application/json", 200);
    }
}
