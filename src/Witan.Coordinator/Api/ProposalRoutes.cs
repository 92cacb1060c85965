using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Witan.Coordinator.Api.Description;
using Witan.Coordinator.Records;
using Witan.Crypto;
using Witan.Voting;

namespace Witan.Coordinator.Api;

/// <summary>Proposals and their records: read by anyone, made by requesters. No count is served before the decision.</summary>
internal static class ProposalRoutes
{
    private const int MaximumEvents = 2000, MaximumListed = 1000;

    // Of so many the answer to an agent has one of few sizes.
    private const int ShortPage = 32;

    public static void Map(IEndpointRouteBuilder routes, CoordinatorCore core)
    {
        routes.MapGet("/v1/proposals", async context => await Exchange.StreamAsync(
            context, await core.Book.ListAsync(core.Summary, MaximumListed, context.RequestAborted), WireJson.Default.IReadOnlyListProposalSummary))
            .Describe(new ApiOperation("listProposals", "The newest thousand proposals") { Answer = WireJson.Default.IReadOnlyListProposalSummary });
        routes.MapPost("/v1/proposals", context => ProposeAsync(context, core)).Describe(new ApiOperation("propose", "Put a question before the council")
        {
            Access = ApiAccess.Requester,
            Body = WireJson.Default.ProposeRequest,
            Answer = WireJson.Default.ProposalSummary,
            Status = 201,
            Refusals = [400, 401, 403, 409, 413, 422],
            TakesKey = true,
        });
        routes.MapGet("/v1/proposals/{id}", async context =>
            await Exchange.AnswerAsync(context, core.Summary(await Exchange.KeeperAsync(context, core)), WireJson.Default.ProposalSummary))
            .Describe(new ApiOperation("getProposal", "Where a proposal stands") { Answer = WireJson.Default.ProposalSummary, Refusals = [404] });
        routes.MapPost("/v1/proposals/{id}/cancel", async context =>
        {
            ProposalKeeper keeper = await Exchange.KeeperAsync(context, core);
            core.Requesters.Require(await Exchange.ReadAsync(context, WireJson.Default.RequesterOrder), "cancel", keeper.Id);
            CoordinatorCore.RequireConfirmed(keeper);
            Entry entry = await keeper.RunAsync((_, _) => Ruling.Append(new Ended(EndReason.Cancelled, "cancelled by a requester"), ProofChecks.All));
            if (entry.Refusal is { } refusal)
                throw RequestRefusedException.Of(refusal);
            await Exchange.AnswerAsync(context, core.Summary(keeper), WireJson.Default.ProposalSummary);
        }).Describe(new ApiOperation("cancel", "End a proposal that has not closed")
        {
            Access = ApiAccess.Requester,
            Body = WireJson.Default.RequesterOrder,
            Answer = WireJson.Default.ProposalSummary,
            Refusals = [400, 401, 403, 404, 409, 422],
            TakesKey = true,
        });
        routes.MapGet("/v1/proposals/{id}/events", async context =>
        {
            ProposalKeeper keeper = await Exchange.KeeperAsync(context, core);
            long from = Exchange.Number(context, "from", 0, long.MaxValue);
            // Whoever asks for what is not known here has heard of it from another coordinator of the store.
            await keeper.CatchUpAsync(atLeast: Math.Min(from, long.MaxValue - 1) + 1);
            IReadOnlyList<RecordEvent> page = keeper.Read(from, (int)Exchange.Number(context, "limit", MaximumEvents, MaximumEvents));
            if (page.Count <= ShortPage)
                await Exchange.AnswerAsync(context, page, WireJson.Default.IReadOnlyListRecordEvent);
            else
                await Exchange.StreamAsync(context, page, WireJson.Default.IReadOnlyListRecordEvent);
        }).Describe(new ApiOperation("listEvents", "Events of a record, at most 2000 at once")
        {
            Answer = WireJson.Default.IReadOnlyListRecordEvent,
            Query = [new ApiQuery("from", "first sequence number"), new ApiQuery("limit", "most events in the answer, at most 2000")],
            Refusals = [400, 404],
        });
        routes.MapGet("/v1/proposals/{id}/checkpoint", async context => await Exchange.AnswerAsync(
            context, (await Exchange.KeeperAsync(context, core)).Checkpoint, WireJson.Default.Checkpoint))
            .Describe(new ApiOperation("getCheckpoint", "The signed size and head of a record") { Answer = WireJson.Default.Checkpoint, Refusals = [404] });
        routes.MapGet("/v1/proposals/{id}/decision", async context =>
        {
            ProposalKeeper keeper = await Exchange.KeeperAsync(context, core);
            RecordState state = keeper.State;
            await Exchange.StreamAsync(context, DecisionFile.Of(state, keeper.Read(0, (int)state.Size)), RecordJson.Indented.DecisionFile);
        }).Describe(new ApiOperation("getDecision", "The published file of a record, as far as it is: witan audit checks it") { Answer = RecordJson.Default.DecisionFile, Refusals = [404] });
    }

    private static async Task ProposeAsync(HttpContext context, CoordinatorCore core)
    {
        ProposeRequest request = await Exchange.ReadAsync(context, WireJson.Default.ProposeRequest, 256 << 10);
        if (request.Body.Problem() is { } wrong)
            throw new RequestRefusedException(Problems.Bad("RULES_INVALID", wrong));
        Digest id = request.Body.Id();
        core.Requesters.Require(request.Requester);
        if (!Ed25519.Verify(request.Requester.Bytes, id.Bytes, request.Signature))
            throw new RequestRefusedException(Problems.Unsigned("SIGNATURE_INVALID", "the proposal is not signed by its requester"));
        // The same proposal again is the same proposal: its id is the hash of its content.
        if (await core.Book.FindAsync(id, context.RequestAborted) is not { } keeper)
        {
            if (core.Policy.Looser(request.Body, core.Clock.GetUtcNow()) is { } looser)
                throw new RequestRefusedException(Problems.Refused("RULES_TOO_LOOSE", looser, "a requester may only be stricter than the policy: witan policy"));
            keeper = await core.OpenAsync(request.Body);
        }

        await Exchange.AnswerAsync(context, core.Summary(keeper), WireJson.Default.ProposalSummary, StatusCodes.Status201Created);
    }
}
