using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Witan.Coordinator.Api.Description;
using Witan.Voting;

namespace Witan.Coordinator.Api;

/// <summary>What anyone may know of a coordinator: that it runs, who it is, whom it admitted and by which policy.</summary>
internal static class StatusRoutes
{
    public static void Map(IEndpointRouteBuilder routes, CoordinatorCore core)
    {
        routes.MapGet("/", context => RootAsync(context, core));
        routes.MapGet("/healthz", context => HealthAsync(context, core, "live", 200))
            .Describe(new ApiOperation("health", "Whether the process answers") { Answer = WireJson.Default.HealthAnswer });
        routes.MapGet("/readyz", async context =>
        {
            if (core.IsDraining)
            {
                await HealthAsync(context, core, "draining", 503);
                return;
            }

            await core.Store.ProbeAsync(context.RequestAborted);
            await HealthAsync(context, core, "ready", 200);
        }).Describe(new ApiOperation("readiness", "Whether it takes work: the store takes a write, and it is not ending") { Answer = WireJson.Default.HealthAnswer, Refusals = [503] });
        routes.MapGet("/v1/openapi.json", context => Exchange.WriteAsync(
                context, ApiDocument.Write(routes.DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()), "application/json", 200))
            .Describe(new ApiOperation("getOpenApi", "This document"));
        routes.MapGet("/v1/policy", context => Exchange.AnswerAsync(context, core.Policy, PolicyJson.Default.CouncilPolicy))
            .Describe(new ApiOperation("getPolicy", "The policy in force") { Answer = PolicyJson.Default.CouncilPolicy });
        routes.MapGet("/v1/agents", context => Exchange.StreamAsync<IReadOnlyList<AgentSummary>>(context, [.. core.Desk.All.Select(core.Summary)], WireJson.Default.IReadOnlyListAgentSummary))
            .Describe(new ApiOperation("listAgents", "Workers and trustees that were admitted") { Answer = WireJson.Default.IReadOnlyListAgentSummary });
    }

    private static Task HealthAsync(HttpContext context, CoordinatorCore core, string status, int code) =>
        Exchange.AnswerAsync(context, new HealthAnswer(status, core.Mark), WireJson.Default.HealthAnswer, code);

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
