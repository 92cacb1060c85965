using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Witan.Coordinator.Stores;
using Witan.Dstack;
using Witan.Voting;

namespace Witan.Coordinator.Api;

/// <summary>How agents get in, and out.</summary>
internal static class AdmissionRoutes
{
    public static void Map(IEndpointRouteBuilder routes, CoordinatorCore core)
    {
        routes.MapGet("/v1/nonce", context => Exchange.AnswerAsync(context, core.Desk.Nonce(), WireJson.Default.NonceAnswer));
        routes.MapGet("/v1/evidence", context => EvidenceAsync(context, core));
        routes.MapPost("/v1/admission", context => AdmitAsync(context, core));
        routes.MapPost("/v1/checkpoints", async context =>
        {
            byte[] body = await Exchange.BytesAsync(context, Exchange.EvidenceLimit);
            Enrolment agent = core.Authentication.Require(context, body);
            core.Recovery.Shown(agent.Entry.Keys.AgentId, Exchange.Parse(body, WireJson.Default.CheckpointPage));
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        });
        routes.MapPost("/v1/agents/{agent}/revoke", async context =>
        {
            Digest agent = Digest.TryParse(context.Request.RouteValues["agent"] as string, out Digest id)
                ? id
                : throw new RequestRefusedException(Problems.Missing("there is no such agent"));
            RequesterOrder order = await Exchange.ReadAsync(context, WireJson.Default.RequesterOrder);
            core.Requesters.Require(order, "revoke", agent);
            if (!await core.Desk.RevokeAsync(agent, context.RequestAborted))
                throw new RequestRefusedException(Problems.Missing("there is no such agent"));
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        });
    }

    private static async Task EvidenceAsync(HttpContext context, CoordinatorCore core)
    {
        if (!Digest.TryParse(context.Request.Query["nonce"], out Digest nonce))
            throw new RequestRefusedException(Problems.Bad("NONCE_INVALID", "nonce: 64 lower-case hexadecimal digits"));
        string quote = "", eventLog = "";
        if (core.Dstack is { } dstack)
        {
            var reportData = new ReportData("evidence", nonce, Digest.Zero, AgentRole.Coordinator, core.Secrets.Keys, core.Secrets.Instance, Digest.Zero);
            GetQuoteResponse evidence = await dstack.GetQuoteAsync(reportData.ToBytes(), context.RequestAborted);
            (quote, eventLog) = (evidence.Quote, evidence.EventLog);
        }

        var answer = new CoordinatorEvidence(core.Secrets.Keys, core.Secrets.Instance, quote, eventLog, core.Mark);
        await Exchange.AnswerAsync(context, answer, WireJson.Default.CoordinatorEvidence);
    }

    private static async Task AdmitAsync(HttpContext context, CoordinatorCore core)
    {
        AdmissionRequest request = await Exchange.ReadAsync(context, WireJson.Default.AdmissionRequest, Exchange.EvidenceLimit);
        (AdmissionAnswer? answer, Problem? problem) = await core.Desk.AdmitAsync(request, context.RequestAborted);
        if (answer is null)
            throw new RequestRefusedException(problem!);
        using (core.Desk.Presence.Attend(answer.Agent))
            core.Tasks.Release(answer.Agent);
        core.Book.Nudge();
        await Exchange.AnswerAsync(context, answer, WireJson.Default.AdmissionAnswer);
    }
}
