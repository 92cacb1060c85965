using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Witan.Coordinator.Api.Description;
using Witan.Coordinator.Records;
using Witan.Coordinator.Stores;
using Witan.Voting;

namespace Witan.Coordinator.Api;

/// <summary>What workers ask for: tasks, and a place for their arguments and ballots.</summary>
internal static class WorkerRoutes
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(20);

    public static void Map(IEndpointRouteBuilder routes, CoordinatorCore core)
    {
        routes.MapGet("/v1/tasks/next", context => NextAsync(context, core)).Describe(new ApiOperation("nextTask", "A task under a lease; waits up to 20 s for one")
        {
            Access = ApiAccess.Agent,
            Answer = WireJson.Default.TaskAssignment,
            MayBeNull = true,
            Refusals = [401, 403, 503],
        });
        routes.MapPost("/v1/proposals/{id}/arguments", context => ArgueAsync(context, core)).Describe(new ApiOperation("argue", "Post an argument of a sealed round, sealed to the coordinator's key. The same bytes again get the record's head again")
        {
            Access = ApiAccess.Agent,
            Body = WireJson.Default.SealedArgument,
            Answer = WireJson.Default.Checkpoint,
            Refusals = [400, 401, 403, 404, 409, 410, 413, 422, 503],
        });
        routes.MapPost("/v1/proposals/{id}/ballots", context => CastAsync(context, core)).Describe(new ApiOperation("castBallot", "Cast a ballot: a receipt with its position, or a signed refusal. The same bytes again get the same answer")
        {
            Access = ApiAccess.Agent,
            Body = WireJson.Default.CastRequest,
            Answer = WireJson.Default.CastAnswer,
            Refusals = [400, 401, 403, 404, 409, 410, 413, 422, 503],
            RefusesSigned = true,
        });
    }

    private static async Task ArgueAsync(HttpContext context, CoordinatorCore core)
    {
        using Delivery<SealedArgument> said = await ReceiveAsync(context, core, WireJson.Default.SealedArgument);
        if (said.Body.Agent != said.Agent)
            throw new RequestRefusedException(Problems.Refused("WRONG_AGENT", "the argument names another agent"));
        await Exchange.AnswerAsync(context, await core.ArgueAsync(said.Keeper, said.Body, context.RequestAborted), WireJson.Default.Checkpoint);
    }

    private static async Task NextAsync(HttpContext context, CoordinatorCore core)
    {
        Enrolment agent = core.Authentication.Require(context, [], AgentRole.Worker);
        using IDisposable here = core.Desk.Presence.Attend(agent.Entry.Keys.AgentId);
        core.Book.Nudge();
        TaskAssignment? task = await core.Tasks.NextAsync(agent.Entry.Keys.AgentId, agent.Callback.Length > 0, core.IsDraining ? TimeSpan.Zero : LongestWait, core.Draining, context.RequestAborted);
        // No task is an answer of the same status and size as one: an observer of the connection cannot tell them apart.
        if (task is null)
            await Exchange.WriteAsync(context, SizeBuckets.Pad("null"u8), "application/json", StatusCodes.Status200OK);
        else
            await Exchange.AnswerAsync(context, task, WireJson.Default.TaskAssignment);
    }

    private static async Task CastAsync(HttpContext context, CoordinatorCore core)
    {
        using Delivery<CastRequest> said = await ReceiveAsync(context, core, WireJson.Default.CastRequest);
        if (said.Body.Ballot.Agent != said.Agent)
            throw new RequestRefusedException(Problems.Refused("WRONG_AGENT", "the ballot names another agent"));
        CastAnswer answer = await core.CastAsync(said.Keeper, said.Body.Ballot, said.Body.Hint);
        int status = answer.Refusal is { } refusal ? Problems.StatusOf(refusal.Code) : StatusCodes.Status200OK;
        await Exchange.AnswerAsync(context, answer, WireJson.Default.CastAnswer, status);
    }

    // The whole body is read before it is asked who sent it: the signature covers it.
    private static async Task<Delivery<T>> ReceiveAsync<T>(HttpContext context, CoordinatorCore core, JsonTypeInfo<T> type)
        where T : class
    {
        ProposalKeeper keeper = await Exchange.KeeperAsync(context, core);
        byte[] body = await Exchange.BytesAsync(context, Exchange.DefaultLimit);
        await core.Desk.RequireFreshAsync(context.RequestAborted);
        Digest agent = core.Authentication.Require(context, body, AgentRole.Worker).Entry.Keys.AgentId;
        T said = Exchange.Parse(body, type);
        return new Delivery<T>(keeper, agent, core.Desk.Presence.Attend(agent), said);
    }

    /// <summary>What a worker brings to a proposal; the worker is here until it is disposed.</summary>
    private sealed record Delivery<T>(ProposalKeeper Keeper, Digest Agent, IDisposable Here, T Body) : IDisposable
    {
        public void Dispose() => Here.Dispose();
    }
}
