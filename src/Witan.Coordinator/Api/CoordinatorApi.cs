using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Witan.Agent;
using Witan.Coordinator.Admission;
using Witan.Coordinator.Proposals;
using Witan.Coordinator.Stores;
using Witan.Crypto;
using Witan.Dstack;
using Witan.Voting;

namespace Witan.Coordinator.Api;

/// <summary>The HTTP routes. Public ones serve only what is public; all others need an admitted agent's signature.</summary>
internal sealed class CoordinatorApi(
    IRecordStore store, AgentSecrets secrets, DstackClient? dstack, AdmissionDesk desk, ProposalBook book, TaskBoard tasks,
    RequestAuthentication authentication, CoordinatorOptions options, ExecutionMode mode, Pulse pulse, TimeProvider clock)
{
    private string Mark => mode.Mark() ?? "";

    public void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/", RootAsync);
        app.MapGet("/healthz/live", context => context.Response.WriteAsync("live"));
        app.MapGet("/healthz/ready", context => context.Response.WriteAsync("ready"));
        app.MapGet("/v1/nonce", context => AnswerAsync(context, desk.Nonce(), WireJson.Default.NonceAnswer));
        app.MapGet("/v1/evidence", EvidenceAsync);
        app.MapGet("/v1/agents", AgentsAsync);
        app.MapPost("/v1/admission", AdmitAsync);
        app.MapGet("/v1/proposals", context => AnswerAsync(context, [.. book.States.Select(Summary)], WireJson.Default.IReadOnlyListProposalSummary));
        app.MapPost("/v1/proposals", ProposeAsync);
        app.MapGet("/v1/proposals/{id}", (HttpContext context, string id) => WithAsync(context, id, state => AnswerAsync(context, Summary(state), WireJson.Default.ProposalSummary)));
        app.MapGet("/v1/proposals/{id}/events", (HttpContext context, string id) => WithAsync(context, id, state => EventsAsync(context, state)));
        app.MapGet("/v1/proposals/{id}/checkpoint", (HttpContext context, string id) => WithAsync(context, id, state => AnswerAsync(context, Checkpoint.Of(state, secrets.SigningSeed), WireJson.Default.Checkpoint)));
        app.MapGet("/v1/proposals/{id}/decision", (HttpContext context, string id) => WithAsync(context, id, state => DecisionAsync(context, state)));
        app.MapGet("/v1/tasks/next", NextTaskAsync);
        app.MapPost("/v1/proposals/{id}/ballots", (HttpContext context, string id) => WithAsync(context, id, state => CastAsync(context, state)));
        app.MapPost("/v1/proposals/{id}/commitments", (HttpContext context, string id) => TrusteeAsync(context, id, WireJson.Default.ContributionCommitment, body => body.Index, body => new ContributionCommitted(body)));
        app.MapPost("/v1/proposals/{id}/contributions", (HttpContext context, string id) => TrusteeAsync(context, id, WireJson.Default.KeyContribution, body => body.Index, body => new KeyContributed(body)));
        app.MapPost("/v1/proposals/{id}/verdicts", (HttpContext context, string id) => TrusteeAsync(context, id, WireJson.Default.ShareVerdict, body => body.Index, body => new SharesJudged(body)));
        app.MapPost("/v1/proposals/{id}/disclosures", (HttpContext context, string id) => TrusteeAsync(context, id, WireJson.Default.ShareDisclosure, body => body.From, body => new ShareDisclosed(body)));
        app.MapPost("/v1/proposals/{id}/partials", (HttpContext context, string id) => TrusteeAsync(context, id, WireJson.Default.PartialDecryption, body => body.Index, body => new PartiallyDecrypted(body)));
        app.MapPost("/v1/proposals/{id}/shares", (HttpContext context, string id) => WithAsync(context, id, state => KeepSharesAsync(context, state)));
        app.MapGet("/v1/proposals/{id}/shares", (HttpContext context, string id) => WithAsync(context, id, state => SharesAsync(context, state)));
    }

    private async Task RootAsync(HttpContext context)
    {
        // The form that dashboards and probes of the original system read.
        context.Response.ContentType = "application/json";
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("message", "Coordinator Agent is running");
            json.WriteString("status", book.States.Any(state => !state.IsFinal) ? "monitoring" : "idle");
            json.WriteString("mode", mode.ToString().ToLowerInvariant());
            json.WriteString("mark", Mark);
            json.WriteString("coordinator", secrets.Keys.Did());
            json.WriteString("timestamp", clock.GetUtcNow());
            json.WriteEndObject();
        }

        await context.Response.Body.WriteAsync(stream.ToArray());
    }

    private async Task EvidenceAsync(HttpContext context)
    {
        if (!Digest.TryParse(context.Request.Query["nonce"], out Digest nonce))
        {
            await ProblemAsync(context, Problems.Bad("NONCE_INVALID", "nonce: 64 lower-case hexadecimal digits"));
            return;
        }

        string quote = "", eventLog = "";
        if (dstack is not null)
        {
            var reportData = new ReportData("evidence", nonce, Digest.Zero, AgentRole.Coordinator, secrets.Keys, secrets.Instance, Digest.Zero);
            GetQuoteResponse evidence = await dstack.GetQuoteAsync(reportData.ToBytes(), context.RequestAborted);
            (quote, eventLog) = (evidence.Quote, evidence.EventLog);
        }

        await AnswerAsync(context, new CoordinatorEvidence(secrets.Keys, secrets.Instance, quote, eventLog, Mark), WireJson.Default.CoordinatorEvidence);
    }

    private Task AgentsAsync(HttpContext context) => AnswerAsync(
        context,
        [.. desk.All.Select(agent => new AgentSummary(
            agent.Entry.Keys.AgentId, agent.Entry.Keys.Did(), agent.Role, agent.Name, agent.Entry.ConfidenceLevel, agent.ExpiresAt))],
        WireJson.Default.IReadOnlyListAgentSummary);

    private async Task AdmitAsync(HttpContext context)
    {
        if (await ReadAsync(context, WireJson.Default.AdmissionRequest) is not ({ } request, _))
            return;
        (AdmissionAnswer? answer, Problem? problem) = await desk.AdmitAsync(request, context.RequestAborted);
        if (answer is null)
        {
            await ProblemAsync(context, problem!);
            return;
        }

        tasks.Release(answer.Agent);
        pulse.Beat();
        await AnswerAsync(context, answer, WireJson.Default.AdmissionAnswer);
    }

    private async Task ProposeAsync(HttpContext context)
    {
        if (await ReadAsync(context, WireJson.Default.ProposeRequest) is not ({ } request, _))
            return;
        bool known = options.Requesters.Contains(request.Requester.ToString(), StringComparer.Ordinal)
            || (mode == ExecutionMode.Local && options.Requesters.Count == 0);
        Digest id = request.Body.Problem() is null ? request.Body.Id() : Digest.Zero;
        if (request.Body.Problem() is { } wrong)
            await ProblemAsync(context, Problems.Bad("RULES_INVALID", wrong));
        else if (!known)
            await ProblemAsync(context, Problems.Refused("REQUESTER_UNKNOWN", "this key may not propose here"));
        else if (!Ed25519.Verify(request.Requester.Bytes, id.Bytes, request.Signature))
            await ProblemAsync(context, Problems.Unsigned("SIGNATURE_INVALID", "the proposal is not signed by its requester"));
        else if (request.Body.OpenBy <= clock.GetUtcNow())
            await ProblemAsync(context, Problems.Bad("RULES_INVALID", "the last moment to open has passed already"));
        else
        {
            (RecordState? state, Refusal? refusal) = await book.OpenAsync(request.Body, context.RequestAborted);
            pulse.Beat();
            await (state is null ? ProblemAsync(context, Problems.Of(refusal!)) : AnswerAsync(context, Summary(state), WireJson.Default.ProposalSummary));
        }
    }

    private async Task EventsAsync(HttpContext context, RecordState state)
    {
        long from = long.TryParse(context.Request.Query["from"], NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value : 0;
        await AnswerAsync(context, await book.EventsAsync(state.ProposalId, from, context.RequestAborted), WireJson.Default.IReadOnlyListRecordEvent);
    }

    private async Task DecisionAsync(HttpContext context, RecordState state)
    {
        IReadOnlyList<RecordEvent> events = await book.EventsAsync(state.ProposalId, 0, context.RequestAborted);
        // State and events of one moment: events may have come since the state was taken.
        byte[] file = DecisionFile.Of(state, [.. events.Take((int)state.Size)]).ToBytes();
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = file.Length;
        await context.Response.Body.WriteAsync(file);
    }

    private async Task NextTaskAsync(HttpContext context)
    {
        (Enrolment? agent, Problem? problem) = authentication.Authenticate(context.Request, [], AgentRole.Worker);
        if (agent is null)
        {
            await ProblemAsync(context, problem!);
            return;
        }

        DateTimeOffset until = clock.GetUtcNow().AddSeconds(20);
        while (clock.GetUtcNow() < until && !context.RequestAborted.IsCancellationRequested)
        {
            Task beat = pulse.NextAsync();
            if (tasks.Next(agent.Entry.Keys.AgentId) is { } task)
            {
                await AnswerAsync(context, task, WireJson.Default.TaskAssignment);
                return;
            }

            await Task.WhenAny(beat, Task.Delay(TimeSpan.FromSeconds(1), clock, context.RequestAborted));
        }

        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task CastAsync(HttpContext context, RecordState state)
    {
        if (await ReadSignedAsync(context, WireJson.Default.Ballot, AgentRole.Worker) is not { } signed)
            return;
        (Ballot ballot, Enrolment agent) = signed;
        if (ballot.Agent != agent.Entry.Keys.AgentId)
        {
            await ProblemAsync(context, Problems.Refused("WRONG_AGENT", "the ballot names another agent"));
            return;
        }

        (RecordEvent? taken, RecordState? after, Refusal? refusal) =
            await book.AppendAsync(state.ProposalId, _ => new BallotCast(ballot), context.RequestAborted);
        if (taken is not null)
        {
            pulse.Beat();
            await CastAnswerAsync(context, taken, after!, ballot);
            return;
        }

        if (refusal!.Code == RefusalCode.Equivocation && await RepeatAsync(context, state.ProposalId, ballot))
            return;
        await ProblemAsync(context, Problems.Of(refusal));
    }

    // The same bytes again get the same answer; other bytes are refused, and the second ballot is kept as evidence.
    private async Task<bool> RepeatAsync(HttpContext context, Digest proposal, Ballot ballot)
    {
        RecordState state = book.Find(proposal)!;
        if (state.Ballots[ballot.Nullifier].Hash() == ballot.Hash())
        {
            IReadOnlyList<RecordEvent> events = await book.EventsAsync(proposal, 0, context.RequestAborted);
            RecordEvent taken = events.First(next => next.Payload is BallotCast cast && cast.Ballot.Nullifier == ballot.Nullifier);
            await CastAnswerAsync(context, taken, state, ballot);
            return true;
        }

        await book.AppendAsync(proposal, now => now.Equivocators.Contains(ballot.Agent) ? null : new EquivocationNoted(ballot), context.RequestAborted);
        return false;
    }

    private Task CastAnswerAsync(HttpContext context, RecordEvent taken, RecordState state, Ballot ballot) => AnswerAsync(
        context,
        new CastAnswer(Receipt.For(state.ProposalId, taken, ballot, secrets.SigningSeed), Checkpoint.Of(state, secrets.SigningSeed)),
        WireJson.Default.CastAnswer);

    private Task TrusteeAsync<T>(HttpContext context, string id, JsonTypeInfo<T> type, Func<T, int> index, Func<T, RecordPayload> payload)
        where T : class => WithAsync(context, id, async state =>
    {
        if (await ReadSignedAsync(context, type, AgentRole.Trustee) is not { } signed)
            return;
        if (state.Trustees.Find(trustee => trustee.Keys.AgentId == signed.Agent.Entry.Keys.AgentId)?.Index != index(signed.Body))
        {
            await ProblemAsync(context, Problems.Refused("WRONG_AGENT", "the message names another trustee"));
            return;
        }

        (RecordEvent? taken, RecordState? after, Refusal? refusal) = await book.AppendAsync(state.ProposalId, _ => payload(signed.Body), context.RequestAborted);
        pulse.Beat();
        await (taken is null
            ? ProblemAsync(context, Problems.Of(refusal!))
            : AnswerAsync(context, Checkpoint.Of(after!, secrets.SigningSeed), WireJson.Default.Checkpoint));
    });

    private async Task KeepSharesAsync(HttpContext context, RecordState state)
    {
        if (await ReadSignedAsync(context, WireJson.Default.IReadOnlyListSealedShare, AgentRole.Trustee) is not { } signed)
            return;
        int? from = IndexOf(state, signed.Agent);
        if (from is null || signed.Body.Count > state.Trustees.Count || signed.Body.Any(share => share.From != from || share.Sealed.Length > 1024))
        {
            await ProblemAsync(context, Problems.Refused("WRONG_AGENT", "the shares are not this trustee's"));
            return;
        }

        foreach (SealedShare share in signed.Body)
            await store.KeepShareAsync(state.ProposalId, share, context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task SharesAsync(HttpContext context, RecordState state)
    {
        (Enrolment? agent, Problem? problem) = authentication.Authenticate(context.Request, [], AgentRole.Trustee);
        if (agent is null || IndexOf(state, agent) is not { } index)
        {
            await ProblemAsync(context, problem ?? Problems.Refused("WRONG_AGENT", "this is no trustee of the proposal"));
            return;
        }

        await AnswerAsync(context, await store.SharesAsync(state.ProposalId, index, context.RequestAborted), WireJson.Default.IReadOnlyListSealedShare);
    }

    private static int? IndexOf(RecordState state, Enrolment agent) =>
        state.Trustees.Find(trustee => trustee.Keys.AgentId == agent.Entry.Keys.AgentId)?.Index;

    private ProposalSummary Summary(RecordState state) => new(
        state.ProposalId, state.Body.Title, state.State, state.Size, state.Roster.Count, state.Ballots.Count, state.Partials.Count, state.Outcome?.Decision, Mark);

    private async Task WithAsync(HttpContext context, string id, Func<RecordState, Task> answer)
    {
        if (!Digest.TryParse(id, out Digest digest) || book.Find(digest) is not { } state)
            await ProblemAsync(context, Problems.Missing("there is no such proposal"));
        else
            await answer(state);
    }

    private static async Task<(T? Body, byte[] Bytes)?> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type)
        where T : class
    {
        if (await RequestAuthentication.BodyAsync(context.Request, context.RequestAborted) is not { } bytes)
        {
            await ProblemAsync(context, new Problem("about:blank", $"the body is longer than {RequestAuthentication.MaximumBody} bytes", 413, "TOO_LARGE", ""));
            return null;
        }

        try
        {
            return (JsonSerializer.Deserialize(bytes, type) ?? throw new JsonException("null"), bytes);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            await ProblemAsync(context, Problems.Bad("JSON_INVALID", e.Message));
            return null;
        }
    }

    private async Task<(T Body, Enrolment Agent)?> ReadSignedAsync<T>(HttpContext context, JsonTypeInfo<T> type, AgentRole role)
        where T : class
    {
        if (await ReadAsync(context, type) is not ({ } body, { } bytes))
            return null;
        (Enrolment? agent, Problem? problem) = authentication.Authenticate(context.Request, bytes, role);
        if (agent is not null)
            return (body, agent);
        await ProblemAsync(context, problem!);
        return null;
    }

    internal static Task ProblemAsync(HttpContext context, Problem problem)
    {
        context.Response.StatusCode = problem.Status;
        return WriteAsync(context, problem, WireJson.Default.Problem, "application/problem+json");
    }

    private static Task AnswerAsync<T>(HttpContext context, T value, JsonTypeInfo<T> type) => WriteAsync(context, value, type, "application/json");

    private static Task WriteAsync<T>(HttpContext context, T value, JsonTypeInfo<T> type, string contentType)
    {
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(value, type);
        context.Response.ContentType = contentType;
        context.Response.ContentLength = bytes.Length;
        return context.Response.Body.WriteAsync(bytes).AsTask();
    }
}
