using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Witan.Coordinator.Api.Description;
using Witan.Coordinator.Dispatch;
using Witan.Coordinator.Records;
using Witan.Coordinator.Stores;
using Witan.Voting;

namespace Witan.Coordinator.Api;

/// <summary>What trustees ask for, and the way of their messages into the record.</summary>
internal static class TrusteeRoutes
{
    private const int MaximumSealedShare = 1024;

    public static void Map(IEndpointRouteBuilder routes, CoordinatorCore core)
    {
        routes.MapGet("/v1/trustee-tasks", context => TasksAsync(context, core)).Describe(new ApiOperation("listTrusteeTasks", "The unfinished proposals of a trustee; waits for a change")
        {
            Access = ApiAccess.Agent,
            Answer = WireJson.Default.TrusteeTaskPage,
            Refusals = [400, 401, 403],
            Query = [new ApiQuery("seen", "version of the last page"), new ApiQuery("wait", "milliseconds to wait for a change, at most 20000")],
        });
        routes.MapPost("/v1/proposals/{id}/shares", context => KeepSharesAsync(context, core)).Describe(new ApiOperation("keepShares", "Leave the sealed shares for the other trustees")
        {
            Access = ApiAccess.Agent,
            Body = WireJson.Default.IReadOnlyListSealedShare,
            Status = 204,
            Refusals = [400, 401, 403, 404, 413, 503],
        });
        routes.MapGet("/v1/proposals/{id}/shares", context => SharesAsync(context, core)).Describe(new ApiOperation("listShares", "The sealed shares for the asking trustee")
        {
            Access = ApiAccess.Agent,
            Answer = WireJson.Default.IReadOnlyListSealedShare,
            Refusals = [401, 403, 404, 503],
        });
        MapMessage(
            routes, core, "commitments", WireJson.Default.TrusteeCommitment, said => said.Commitment.Index,
            said => new ContributionCommitted(said.Commitment, said.Evidence.IsNone ? null : said.Evidence),
            (state, said) => core.Desk.JudgeTrustee(state, state.Trustees[said.Commitment.Index - 1], said.Evidence));
        MapMessage(routes, core, "contributions", WireJson.Default.KeyContribution, said => said.Index, said => new KeyContributed(said));
        MapMessage(routes, core, "verdicts", WireJson.Default.ShareVerdict, said => said.Index, said => new SharesJudged(said));
        MapMessage(routes, core, "disclosures", WireJson.Default.ShareDisclosure, said => said.From, said => new ShareDisclosed(said));
        MapMessage(routes, core, "partials", WireJson.Default.PartialDecryption, said => said.Index, said => new PartiallyDecrypted(said));
    }

    private static async Task TasksAsync(HttpContext context, CoordinatorCore core)
    {
        Enrolment agent = core.Authentication.Require(context, [], AgentRole.Trustee);
        using IDisposable here = core.Desk.Presence.Attend(agent.Entry.Keys.AgentId);
        core.Book.Nudge();
        TrusteeTaskPage page = await core.TrusteeBoard.TasksAsync(
            agent.Entry.Keys.AgentId,
            Exchange.Number(context, "seen", -1, long.MaxValue),
            core.IsDraining ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Exchange.Number(context, "wait", 0, 20_000)),
            core.Draining,
            context.RequestAborted);
        await Exchange.AnswerAsync(context, page, WireJson.Default.TrusteeTaskPage);
    }

    private static void MapMessage<T>(
        IEndpointRouteBuilder routes, CoordinatorCore core, string name, JsonTypeInfo<T> type, Func<T, int> index, Func<T, RecordPayload> payload,
        Func<RecordState, T, Problem?>? judge = null)
        where T : class => routes.MapPost($"/v1/proposals/{{id}}/{name}", async context =>
    {
        ProposalKeeper keeper = await Exchange.KeeperAsync(context, core);
        byte[] body = await Exchange.BytesAsync(context, 512 << 10);
        await core.Desk.RequireFreshAsync(context.RequestAborted);
        (RecordState before, int self) = Self(context, core, keeper, body);
        T said = Exchange.Parse(body, type);
        if (index(said) != self)
            throw new RequestRefusedException(Problems.Refused("WRONG_AGENT", "the message names another trustee"));
        CoordinatorCore.RequireConfirmed(keeper);
        if (judge?.Invoke(before, said) is { } rejected)
            throw new RequestRefusedException(rejected);
        Entry entry = await keeper.RunAsync((state, _) => TrusteeBoard.Rule(state!, payload(said)));
        if (entry.Refusal is { } refusal)
            throw RequestRefusedException.Of(refusal);
        await Exchange.AnswerAsync(context, Checkpoint.Of(entry.State, core.Secrets.SigningSeed), WireJson.Default.Checkpoint);
    }).Describe(new ApiOperation($"say{char.ToUpperInvariant(name[0])}{name[1..]}", $"A trustee's word in a key generation or decryption: {name}")
    {
        Access = ApiAccess.Agent,
        Body = type,
        Answer = WireJson.Default.Checkpoint,
        Refusals = [400, 401, 403, 404, 409, 413, 422, 503],
    });

    // Sealed to their receivers: handed on, never recorded, not to be read here.
    private static async Task KeepSharesAsync(HttpContext context, CoordinatorCore core)
    {
        ProposalKeeper keeper = await Exchange.KeeperAsync(context, core);
        byte[] body = await Exchange.BytesAsync(context, 256 << 10);
        await core.Desk.RequireFreshAsync(context.RequestAborted);
        (RecordState state, int self) = Self(context, core, keeper, body);
        IReadOnlyList<SealedShare> shares = Exchange.Parse(body, WireJson.Default.IReadOnlyListSealedShare);
        bool complete = shares.Select(share => share.To).Order().SequenceEqual(state.Trustees.Select(trustee => trustee.Index).Where(to => to != self));
        if (!complete || shares.Any(share => share.From != self || share.Sealed.Length > MaximumSealedShare))
            throw new RequestRefusedException(Problems.Refused("WRONG_AGENT", "one share from this trustee for each other is expected"));
        await core.Store.KeepSharesAsync(keeper.Id, shares, context.RequestAborted);
        core.TrusteeBoard.Follow();
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static async Task SharesAsync(HttpContext context, CoordinatorCore core)
    {
        ProposalKeeper keeper = await Exchange.KeeperAsync(context, core);
        await core.Desk.RequireFreshAsync(context.RequestAborted);
        (_, int self) = Self(context, core, keeper, []);
        await Exchange.AnswerAsync(context, await core.Store.SharesAsync(keeper.Id, self, context.RequestAborted), WireJson.Default.IReadOnlyListSealedShare);
    }

    private static (RecordState State, int Index) Self(HttpContext context, CoordinatorCore core, ProposalKeeper keeper, byte[] body)
    {
        Enrolment agent = core.Authentication.Require(context, body, AgentRole.Trustee);
        RecordState state = keeper.State;
        return TrusteeBoard.IndexOf(state, agent.Entry.Keys.AgentId) is { } index
            ? (state, index)
            : throw new RequestRefusedException(Problems.Refused("WRONG_AGENT", "this is no trustee of the proposal"));
    }
}
