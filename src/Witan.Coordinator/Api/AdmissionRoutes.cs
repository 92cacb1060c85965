using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Witan.Coordinator.Api.Description;
using Witan.Coordinator.Stores;
using Witan.Voting;

namespace Witan.Coordinator.Api;

/// <summary>How agents get in, and out.</summary>
internal static class AdmissionRoutes
{
    public static void Map(IEndpointRouteBuilder routes, CoordinatorCore core)
    {
        routes.MapGet("/v1/nonce", context => Exchange.AnswerAsync(context, core.Desk.Nonce(), WireJson.Default.NonceAnswer))
            .Describe(new ApiOperation("getNonce", "A nonce for one admission, good for 60 s") { Answer = WireJson.Default.NonceAnswer });
        routes.MapGet("/v1/evidence", context => EvidenceAsync(context, core)).Describe(new ApiOperation("getEvidence", "The coordinator's own evidence over a nonce of the asker")
        {
            Answer = WireJson.Default.CoordinatorEvidence,
            Query = [new ApiQuery("nonce", "32 random bytes", IsNumber: false, IsRequired: true)],
            Refusals = [400, 503],
        });
        routes.MapPost("/v1/admission", context => AdmitAsync(context, core)).Describe(new ApiOperation("admit", "Ask to be admitted, on evidence")
        {
            Body = WireJson.Default.AdmissionRequest,
            Answer = WireJson.Default.AdmissionAnswer,
            Refusals = [400, 401, 403, 409, 413, 503],
        });
        routes.MapPost("/v1/checkpoints", async context =>
        {
            byte[] body = await Exchange.BytesAsync(context, Exchange.EvidenceLimit);
            Enrolment agent = core.Authentication.Require(context, body);
            await core.Recovery.ShownAsync(agent.Entry.Keys.AgentId, Exchange.Parse(body, WireJson.Default.CheckpointPage));
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        }).Describe(new ApiOperation("showCheckpoints", "Show the newest checkpoints that an agent keeps: a coordinator that was rolled back ends")
        {
            Access = ApiAccess.Agent,
            Body = WireJson.Default.CheckpointPage,
            Status = 204,
            Refusals = [400, 401, 413, 503],
        });
        routes.MapGet("/v1/revocations", context => Exchange.AnswerAsync(context, core.Desk.Revocations.All, WireJson.Default.IReadOnlyListRevocation))
            .Describe(new ApiOperation("listRevocations", "What is not trusted any more") { Answer = WireJson.Default.IReadOnlyListRevocation });
        routes.MapPost("/v1/revocations", context => RevokeAsync(context, core)).Describe(new ApiOperation("revoke", "Revoke a measurement, a compose hash, a platform or an agent")
        {
            Access = ApiAccess.Requester,
            Body = WireJson.Default.Revocation,
            Answer = WireJson.Default.IReadOnlyListRevocation,
            Refusals = [400, 401, 403, 413, 422],
            TakesKey = true,
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
        }).Describe(new ApiOperation("revokeAgent", "Withdraw one agent's admission, by its id")
        {
            Access = ApiAccess.Requester,
            Body = WireJson.Default.RequesterOrder,
            Status = 204,
            Refusals = [400, 401, 403, 404, 422],
            TakesKey = true,
        });
    }

    private static async Task RevokeAsync(HttpContext context, CoordinatorCore core)
    {
        Revocation order = await Exchange.ReadAsync(context, WireJson.Default.Revocation);
        if (order.Problem() is { } wrong)
            throw new RequestRefusedException(Problems.Bad("REVOCATION_INVALID", wrong));
        core.Requesters.Require(order.Requester);
        if (!order.IsSigned())
            throw new RequestRefusedException(Problems.Unsigned("SIGNATURE_INVALID", "the order is not signed by its requester"));
        if (await core.Desk.RevokeAsync(order, context.RequestAborted))
            core.Log($"revoked: {order.Kind} {order.Value}: {order.Reason}");
        await Exchange.AnswerAsync(context, core.Desk.Revocations.All, WireJson.Default.IReadOnlyListRevocation);
    }

    private static async Task EvidenceAsync(HttpContext context, CoordinatorCore core)
    {
        if (!Digest.TryParse(context.Request.Query["nonce"], out Digest nonce))
            throw new RequestRefusedException(Problems.Bad("NONCE_INVALID", "nonce: 64 lower-case hexadecimal digits"));
        using RateLimitLease place = await PlaceAsync(context, core, core.Attesting, "evidence");

        ReportData bound = CoordinatorEvidence.ReportData(nonce, core.Secrets.Keys, core.Secrets.Instance);
        var answer = new CoordinatorEvidence(core.Secrets.Keys, await core.Attester.MakeAsync(bound, context.RequestAborted), core.Mark);
        await Exchange.AnswerAsync(context, answer, WireJson.Default.CoordinatorEvidence);
    }

    // One of few places; refused where too many wait for one already.
    private static async Task<RateLimitLease> PlaceAsync(HttpContext context, CoordinatorCore core, ConcurrencyLimiter limiter, string limit)
    {
        RateLimitLease place = await limiter.AcquireAsync(1, context.RequestAborted);
        if (place.IsAcquired)
            return place;
        place.Dispose();
        core.Telemetry.Limited(limit);
        throw new RequestRefusedException(Problems.Busy);
    }

    private static async Task AdmitAsync(HttpContext context, CoordinatorCore core)
    {
        AdmissionRequest request = await Exchange.ReadAsync(context, WireJson.Default.AdmissionRequest, Exchange.EvidenceLimit);
        using RateLimitLease place = await PlaceAsync(context, core, core.Judging, "admission");

        (AdmissionAnswer? answer, Problem? problem) = await core.Desk.AdmitAsync(request, context.RequestAborted);
        core.Telemetry.Admission(problem?.Code ?? "admitted");
        if (answer is null)
            throw new RequestRefusedException(problem!);
        using (core.Desk.Presence.Attend(answer.Agent))
            core.Tasks.Release(answer.Agent);
        core.Book.Nudge();
        await Exchange.AnswerAsync(context, answer, WireJson.Default.AdmissionAnswer);
    }
}
