using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
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
        routes.MapGet("/v1/trustee-tasks", context => TasksAsync(context, core));
        routes.MapPost("/v1/proposals/{id}/shares", context => KeepSharesAsync(context, core));
        routes.MapGet("/v1/proposals/{id}/shares", context => SharesAsync(context, core));
        MapMessage(routes, core, "commitments", WireJson.Default.ContributionCommitment, said => said.Index, said => new ContributionCommitted(said));
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
            TimeSpan.FromMilliseconds(Exchange.Number(context, "wait", 0, 20_000)),
            context.RequestAborted);
        await Exchange.AnswerAsync(context, page, WireJson.Default.TrusteeTaskPage);
    }

    private static void MapMessage<T>(
        IEndpointRouteBuilder routes, CoordinatorCore core, string name, JsonTypeInfo<T> type, Func<T, int> index, Func<T, RecordPayload> payload)
        where T : class => routes.MapPost($"/v1/proposals/{{id}}/{name}", async context =>
    {
        ProposalKeeper keeper = Exchange.Keeper(context, core.Book);
        byte[] body = await Exchange.BytesAsync(context, 256 << 10);
        (_, int self) = Self(context, core, keeper, body);
        T said = Exchange.Parse(body, type);
        if (index(said) != self)
            throw new RequestRefusedException(Problems.Refused("WRONG_AGENT", "the message names another trustee"));
        CoordinatorCore.RequireConfirmed(keeper);
        Entry entry = await keeper.RunAsync((state, _) => TrusteeBoard.Rule(state!, payload(said)));
        if (entry.Refusal is { } refusal)
            throw RequestRefusedException.Of(refusal);
        await Exchange.AnswerAsync(context, Checkpoint.Of(entry.State, core.Secrets.SigningSeed), WireJson.Default.Checkpoint);
    });

    // Sealed to their receivers: handed on, never recorded, not to be read here.
    private static async Task KeepSharesAsync(HttpContext context, CoordinatorCore core)
    {
        ProposalKeeper keeper = Exchange.Keeper(context, core.Book);
        byte[] body = await Exchange.BytesAsync(context, 256 << 10);
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
        ProposalKeeper keeper = Exchange.Keeper(context, core.Book);
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
