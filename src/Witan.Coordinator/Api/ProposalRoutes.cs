using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Witan.Coordinator.Records;
using Witan.Crypto;
using Witan.Voting;

namespace Witan.Coordinator.Api;

/// <summary>Proposals and their records: read by anyone, made by requesters. No count is served before the decision.</summary>
internal static class ProposalRoutes
{
    private const int MaximumEvents = 2000;

    public static void Map(IEndpointRouteBuilder routes, CoordinatorCore core)
    {
        routes.MapGet("/v1/proposals", context =>
            Exchange.AnswerAsync(context, [.. core.Book.All.Take(1000).Select(core.Summary)], WireJson.Default.IReadOnlyListProposalSummary));
        routes.MapPost("/v1/proposals", context => ProposeAsync(context, core));
        routes.MapGet("/v1/proposals/{id}", context =>
            Exchange.AnswerAsync(context, core.Summary(Exchange.Keeper(context, core.Book)), WireJson.Default.ProposalSummary));
        routes.MapPost("/v1/proposals/{id}/cancel", async context =>
        {
            ProposalKeeper keeper = Exchange.Keeper(context, core.Book);
            core.Requesters.Require(await Exchange.ReadAsync(context, WireJson.Default.RequesterOrder), "cancel", keeper.Id);
            Entry entry = await keeper.RunAsync((_, _) => Ruling.Append(new Ended(EndReason.Cancelled, "cancelled by a requester"), ProofChecks.All));
            if (entry.Refusal is { } refusal)
                throw RequestRefusedException.Of(refusal);
            await Exchange.AnswerAsync(context, core.Summary(keeper), WireJson.Default.ProposalSummary);
        });
        routes.MapGet("/v1/proposals/{id}/events", context => Exchange.AnswerAsync(
            context,
            Exchange.Keeper(context, core.Book).Read(Exchange.Number(context, "from", 0, long.MaxValue), MaximumEvents),
            WireJson.Default.IReadOnlyListRecordEvent));
        routes.MapGet("/v1/proposals/{id}/checkpoint", context => Exchange.AnswerAsync(
            context, Checkpoint.Of(Exchange.Keeper(context, core.Book).State, core.Secrets.SigningSeed), WireJson.Default.Checkpoint));
        routes.MapGet("/v1/proposals/{id}/decision", context =>
        {
            ProposalKeeper keeper = Exchange.Keeper(context, core.Book);
            RecordState state = keeper.State;
            byte[] file = DecisionFile.Of(state, keeper.Read(0, (int)state.Size)).ToBytes();
            return Exchange.WriteAsync(context, file, "application/json", 200);
        });
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
        if (core.Book.Find(id) is not { } keeper)
        {
            if (core.Policy.Looser(request.Body, core.Clock.GetUtcNow()) is { } looser)
                throw new RequestRefusedException(Problems.Refused("RULES_TOO_LOOSE", looser, "a requester may only be stricter than the policy: witan policy"));
            keeper = await core.OpenAsync(request.Body);
        }

        await Exchange.AnswerAsync(context, core.Summary(keeper), WireJson.Default.ProposalSummary, StatusCodes.Status201Created);
    }
}
