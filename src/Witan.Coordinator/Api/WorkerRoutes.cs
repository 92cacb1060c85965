using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Witan.Coordinator.Records;
using Witan.Coordinator.Stores;
using Witan.Voting;

namespace Witan.Coordinator.Api;

/// <summary>What workers ask for: tasks, and a place for their ballots.</summary>
internal static class WorkerRoutes
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(20);

    public static void Map(IEndpointRouteBuilder routes, CoordinatorCore core)
    {
        routes.MapGet("/v1/tasks/next", context => NextAsync(context, core));
        routes.MapPost("/v1/proposals/{id}/ballots", context => CastAsync(context, core));
    }

    private static async Task NextAsync(HttpContext context, CoordinatorCore core)
    {
        Enrolment agent = core.Authentication.Require(context, [], AgentRole.Worker);
        using IDisposable here = core.Desk.Presence.Attend(agent.Entry.Keys.AgentId);
        core.Book.Nudge();
        TaskAssignment? task = await core.Tasks.NextAsync(agent.Entry.Keys.AgentId, agent.Callback.Length > 0, LongestWait, context.RequestAborted);
        if (task is null)
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        else
            await Exchange.AnswerAsync(context, task, WireJson.Default.TaskAssignment);
    }

    private static async Task CastAsync(HttpContext context, CoordinatorCore core)
    {
        ProposalKeeper keeper = Exchange.Keeper(context, core.Book);
        byte[] body = await Exchange.BytesAsync(context, Exchange.DefaultLimit);
        Enrolment agent = core.Authentication.Require(context, body, AgentRole.Worker);
        using IDisposable here = core.Desk.Presence.Attend(agent.Entry.Keys.AgentId);
        Ballot ballot = Exchange.Parse(body, WireJson.Default.Ballot);
        if (ballot.Agent != agent.Entry.Keys.AgentId)
            throw new RequestRefusedException(Problems.Refused("WRONG_AGENT", "the ballot names another agent"));
        CastAnswer answer = await core.CastAsync(keeper, ballot, context.RequestAborted);
        int status = answer.Refusal is { } refusal ? Problems.StatusOf(refusal.Code) : StatusCodes.Status200OK;
        await Exchange.AnswerAsync(context, answer, WireJson.Default.CastAnswer, status);
    }
}
