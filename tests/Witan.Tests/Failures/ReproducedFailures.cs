using System.Net;
using System.Text.Json;
using Witan.Agent;
using Witan.Crypto;
using Witan.Tests.Coordinator;
using Witan.Tests.Models;
using Witan.Voting;
using Witan.Worker.Models;
using Xunit;

namespace Witan.Tests.Failures;

/// <summary>S1 to S9 and P1: what was reproduced in the system that Delibera's page "TEE" describes, against a council that runs.</summary>
public sealed class ReproducedFailures(ReproducedFailures.Setting council) : IClassFixture<ReproducedFailures.Setting>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task S1_A_vote_of_one_proposal_never_counts_in_another_and_who_fails_has_no_vote()
    {
        RecordState first = await council.DecideAsync("AAR s1");
        Assert.Equal((Decision.Approved, "2,1,0"), (first.Outcome!.Decision, string.Join(',', first.Counts)));
        RecordState second = await council.DecideAsync("FFR s1");
        Assert.Equal((ProposalState.NoQuorum, 1, 0), (second.State, second.Ballots.Count, second.Counts.Count));
    }

    [Fact]
    public async Task S2_A_decision_and_its_settlement_are_two_facts()
    {
        RecordState state = await council.DecideAsync("AAB s2");
        Assert.Equal(ProposalState.Settled, state.State);
        // The record says them one after the other; before the confirmation nothing claims to be settled.
        IReadOnlyList<RecordEvent> events = await council.Coordinator.Client.GetAsync(
            $"v1/proposals/{state.ProposalId}/events", WireJson.Default.IReadOnlyListRecordEvent, Cancel) ?? [];
        Assert.IsType<Tallied>(events[^2].Payload);
        Assert.IsType<Settled>(events[^1].Payload);
        RecordState? decided = null;
        foreach (RecordEvent next in events.SkipLast(1))
            decided = RecordFold.Apply(decided, next, ProofChecks.All, out _);
        Assert.Equal((ProposalState.Settling, false), (decided!.State, decided.IsFinal));
    }

    [Theory]
    [InlineData("approve")]
    [InlineData("YES")]
    public async Task S3_A_malformed_vote_is_an_explicit_abstention_and_cannot_exist_on_the_wire(string vote)
    {
        await using ModelServer server = await ModelServer.StartAsync((context, _) =>
            ModelServer.Write(context, ModelServer.Completion($$"""{"vote":"{{vote}}","reasoning":"x"}""")));
        using var http = new HttpClient();
        var options = new ChatEndpointOptions { BaseAddress = server.Address, Model = "m" };
        ModelOpinion opinion = await new ModelDeliberation(new OpenAiChatClient(http, options, TimeProvider.System), new DeliberationBudget(), TimeProvider.System)
            .AskAsync(new DeliberationPrompt { Mind = "m", Proposal = "p" }, ["Approved", "Rejected", "Abstain"], 2, Cancel);
        Assert.Equal((2, AbstentionReason.MalformedVote), (opinion.Option, opinion.Abstention));
        // A ballot that holds no vote, or two, has no proof.
        var votes = new Voting.Council(3);
        votes.OpenVoting();
        Ballot one = votes.Ballot(0, 0), other = votes.Ballot(0, 1);
        Ballot two = one with { Options = [one.Options[0], other.Options[1], one.Options[2]] };
        Assert.IsType<BallotVerdict.Refuse>(BallotIntake.Judge(votes.State, two, votes.Now, attested: true));
    }

    [Fact]
    public async Task S4_Nobody_casts_for_another_and_nobody_unknown_is_counted()
    {
        await using HandVote vote = await HandVote.OpenAsync(workers: 1);
        using var ghost = new TestAgent(vote.Coordinator);
        Ballot forged = ghost.Ballot(vote.State, 0);
        Assert.Equal("NOT_ADMITTED", (await Assert.ThrowsAsync<CoordinatorException>(() => ghost.CastAsync(vote.Id, forged))).Code);
        await ghost.AdmitAsync(AgentRole.Worker);
        Assert.Equal(RefusalCode.NotOnRoster, (await ghost.CastAsync(vote.Id, forged)).Refusal!.Code);
        // In the voter's name, sent by another or signed by another.
        Ballot good = vote.Workers[0].Ballot(vote.State, 0);
        Assert.Equal("WRONG_AGENT", (await Assert.ThrowsAsync<CoordinatorException>(() => ghost.CastAsync(vote.Id, good))).Code);
        Ballot signedByGhost = BallotBuilder.Create(vote.State.BallotContext, vote.Workers[0].Secrets.Keys, ghost.Secrets.SigningSeed, 0, Digest.Zero, P256Scalar.Random);
        Assert.Equal(RefusalCode.SignatureInvalid, (await vote.Workers[0].CastAsync(vote.Id, signedByGhost)).Refusal!.Code);
        Assert.NotNull((await vote.Workers[0].CastAsync(vote.Id, good)).Receipt);
    }

    [Fact]
    public async Task S5_A_ballot_made_for_one_proposal_is_refused_in_every_other()
    {
        await using HandVote vote = await HandVote.OpenAsync(workers: 1);
        Ballot old = vote.Workers[0].Ballot(vote.State, 0);
        Digest other = await vote.OpenAnotherAsync();
        SignedRefusal refusal = (await vote.Workers[0].CastAsync(other, old)).Refusal!;
        Assert.Equal((RefusalCode.WrongContext, other), (refusal.Code, refusal.Proposal));
        Assert.Empty((await vote.Workers[0].ReplayAsync(other)).Ballots);
        Assert.NotNull((await vote.Workers[0].CastAsync(vote.Id, old)).Receipt);
    }

    [Fact]
    public async Task S6_Proposals_at_once_are_each_decided_from_their_own_votes()
    {
        string[] thoughts = ["AAA s6", "RRR s6", "AAR s6", "RRA s6", "BBB s6", "ABR s6"];
        RecordState[] ends = await Task.WhenAll(thoughts.Select(thought => council.DecideAsync(thought)));
        Assert.Equal(
            ["3,0,0 Approved", "0,3,0 Rejected", "2,1,0 Approved", "1,2,0 Rejected", "0,0,3 Rejected", "1,1,1 Rejected"],
            ends.Select(state => $"{string.Join(',', state.Counts)} {state.Outcome!.Decision}"));
        Assert.Equal(6, ends.Select(state => (state.RosterRoot, state.Configuration)).Distinct().Count());
    }

    [Fact]
    public async Task S7_All_fail_and_nothing_is_approved()
    {
        RecordState state = await council.DecideAsync("FFF s7");
        Assert.Equal((ProposalState.NoQuorum, Decision.NoQuorum, 0), (state.State, state.Outcome!.Decision, state.Ballots.Count));
    }

    [Theory]
    [InlineData("turnout", "RULES_INVALID")]
    [InlineData("pass", "RULES_INVALID")]
    [InlineData("half", "RULES_TOO_LOOSE")]
    [InlineData("created", "RULES_TOO_LOOSE")]
    public async Task S8_A_requester_can_only_be_stricter_than_the_policy(string rule, string code)
    {
        Func<ProposalBody, ProposalBody> change = rule switch
        {
            "turnout" => body => body with { MinimumTurnout = 0 },
            "pass" => body => body with { PassNumerator = 1, PassDenominator = 3 },
            "half" => body => body with { MinimumTurnout = 1 },
            _ => body => body with { CreatedAt = body.CreatedAt.AddMinutes(-6) },
        };
        CoordinatorException refused = await Assert.ThrowsAsync<CoordinatorException>(() => council.ProposeAsync("RRR s8", change: change));
        Assert.Equal(code, refused.Code);
        RecordState strict = await council.DecideAsync("AAR s8", change: body => body with { PassNumerator = 3, PassDenominator = 4, MinimumTurnout = 3 });
        Assert.Equal(Decision.Rejected, strict.Outcome!.Decision);
    }

    [Fact]
    public async Task S9_A_write_that_the_disk_does_not_take_is_an_error_to_the_caller()
    {
        await using RunningCoordinator coordinator = await RunningCoordinator.StartAsync();
        Revocation order = Revocation.Create(RevocationKind.Platform, new string('a', 64), "lost", TimeProvider.System.GetUtcNow(), new byte[32]);
        // A directory where the file has to go: no permission would stop a test that runs as root.
        Directory.CreateDirectory(Path.Combine(coordinator.Options.State, $"revocations.sealed.{Environment.ProcessId}.next"));
        (HttpStatusCode status, string text, _) = await coordinator.SendAsync(HttpMethod.Post, "/v1/revocations", JsonSerializer.Serialize(order, WireJson.Default.Revocation));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "STORAGE"), (status, JsonSerializer.Deserialize(text, WireJson.Default.Problem)!.Code));
        Assert.Equal("[]", await coordinator.Http.GetStringAsync(new Uri("/v1/revocations", UriKind.Relative), Cancel));
    }

    [Fact]
    public async Task P1_A_proposal_that_is_started_again_and_again_is_one_proposal_and_is_thought_about_once()
    {
        ProposeRequest request = TestProposals.Signed(TestProposals.Body("AAA p1", workers: 3, trustees: 3));
        ProposalSummary[] started = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => council.Coordinator.Client.PostAsync(
            "v1/proposals", request, WireJson.Default.ProposeRequest, WireJson.Default.ProposalSummary, Cancel)));
        Digest id = Assert.Single(started.Select(summary => summary.Id).Distinct());
        using var http = new HttpClient();
        string task = JsonSerializer.Serialize(new TaskAssignment(id, 1, TimeProvider.System.GetUtcNow()), WireJson.Default.TaskAssignment);
        async Task Dispatch(int port)
        {
            using var content = new StringContent(task);
            using HttpResponseMessage answer = await http.PostAsync(new Uri($"http://127.0.0.1:{port}/api/task/execute"), content, Cancel);
            Assert.True(answer.IsSuccessStatusCode);
        }

        await Task.WhenAll(Enumerable.Range(0, 30).Select(i => Dispatch(council.WorkerPorts[i % 3])));
        RecordState state = await council.EndAsync(id);
        Assert.Equal(3, state.Ballots.Count);
        for (int worker = 0; worker < 3; worker++)
            Assert.Equal(1, council.Thoughts[("AAA p1", worker)]);
    }

    public sealed class Setting : RunningCouncil
    {
        protected override IEnumerable<(string Thoughts, double Seconds, Func<ProposalBody, ProposalBody>? Change)> Early =>
            [("FFR s1", 45, null), ("FFF s7", 45, null)];
    }
}
