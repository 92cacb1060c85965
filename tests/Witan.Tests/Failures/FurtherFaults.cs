using System.Net;
using System.Text.Json;
using Witan.Agent;
using Witan.Tests.Coordinator;
using Witan.Trustee;
using Witan.Voting;
using Xunit;

namespace Witan.Tests.Failures;

/// <summary>Those of F1 to F22 that show in a council that runs.</summary>
public sealed class FurtherFaults(FurtherFaults.Setting council) : IClassFixture<FurtherFaults.Setting>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task F2_A_restarted_coordinator_goes_on_where_it_was()
    {
        await using HandVote vote = await HandVote.OpenAsync(workers: 2);
        Ballot first = vote.Workers[0].Ballot(vote.State, 0);
        Receipt receipt = (await vote.Workers[0].CastAsync(vote.Id, first)).Receipt!;
        await vote.RestartAsync();
        await vote.Coordinator.UntilAsync(vote.Id, now => now.State == ProposalState.Voting && !now.Waiting.Contains("rolled back", StringComparison.Ordinal));
        // The same ballot again has the same receipt, the second one completes the vote.
        Assert.Equal(receipt.Signature, (await vote.Workers[0].CastAsync(vote.Id, first)).Receipt!.Signature);
        Assert.NotNull((await vote.Workers[1].CastAsync(vote.Id, vote.Workers[1].Ballot(vote.State, 0))).Receipt);
        ProposalSummary end = await vote.Coordinator.UntilAsync(vote.Id, now => now.State == ProposalState.Settled);
        Assert.Equal((2, Decision.Approved), (end.Ballots, end.Decision!.Value));
        Assert.True(receipt.IsIn(await vote.Workers[0].EventsAsync(vote.Id)));
    }

    [Fact]
    public async Task F3_A_restarted_worker_gets_its_task_again_at_once()
    {
        await using RunningCoordinator coordinator = await RunningCoordinator.StartAsync(change: options => options with { Lease = TimeSpan.FromMinutes(10) });
        using var worker = new TestAgent(coordinator);
        using var trustee = new TestTrustee(coordinator);
        await worker.AdmitAsync(AgentRole.Worker);
        Task<TaskAssignment> waiting = NextAsync(worker);
        Digest id = (await coordinator.ProposeAsync(TestProposals.Body("f3"))).Id;
        TaskAssignment first = await waiting;
        Assert.Equal((id, 1), (first.Proposal, first.Attempt));
        // It dies with the task; its next process is admitted anew.
        await worker.AdmitAsync(AgentRole.Worker);
        TaskAssignment second = await NextAsync(worker);
        Assert.Equal((id, 2), (second.Proposal, second.Attempt));
    }

    [Fact]
    public async Task F4_A_worker_that_dies_in_its_vote_costs_its_own_vote_only()
    {
        RecordState state = await council.DecideAsync("AAF f4");
        Assert.Equal((Decision.Approved, 2, "2,0,0"), (state.Outcome!.Decision, state.Ballots.Count, string.Join(',', state.Counts)));
        Assert.True(council.Thoughts[("AAF f4", 2)] > 1, "the lease never ended");
    }

    [Fact]
    public async Task F5_A_proposal_that_stalls_holds_up_no_other()
    {
        ProposalSummary stalled = await council.ProposeAsync("SSS f5", seconds: 180);
        await council.Coordinator.UntilAsync(stalled.Id, now => now.State == ProposalState.Voting);
        Assert.Equal(Decision.Approved, (await council.DecideAsync("AAA f5")).Outcome!.Decision);
        ProposalSummary? still = await council.Coordinator.Client.GetAsync($"v1/proposals/{stalled.Id}", WireJson.Default.ProposalSummary, Cancel);
        Assert.Equal((ProposalState.Voting, 0), (still!.State, still.Ballots));
    }

    [Fact]
    public async Task F6_Deadlines_nest_from_the_mind_to_the_settlement()
    {
        ProposalBody good = TestProposals.Body("f6");
        DateTimeOffset[] order = [good.CreatedAt, good.OpenBy, good.CloseAt, good.SettleBy];
        Assert.Null(good.Problem());
        for (int i = 0; i < 3; i++)
        {
            DateTimeOffset[] wrong = [.. order];
            wrong[i + 1] = wrong[i];
            ProposalBody body = good with { CreatedAt = wrong[0], OpenBy = wrong[1], CloseAt = wrong[2], SettleBy = wrong[3] };
            Assert.StartsWith("deadlines", body.Problem(), StringComparison.Ordinal);
        }

        // A mind that never makes itself up: its worker abstains before the close, so that nothing is lost by waiting.
        RecordState state = await council.DecideAsync("AAS f6");
        Assert.Equal((Decision.Approved, "2,0,1"), (state.Outcome!.Decision, string.Join(',', state.Counts)));
    }

    [Fact]
    public async Task F7_A_late_vote_is_refused_in_writing_and_counts_nowhere()
    {
        await using HandVote vote = await HandVote.OpenAsync(workers: 2, seconds: 30, change: body => body with { MinimumTurnout = 2 });
        Assert.NotNull((await vote.Workers[0].CastAsync(vote.Id, vote.Workers[0].Ballot(vote.State, 0))).Receipt);
        await vote.Coordinator.UntilAsync(vote.Id, now => now.State == ProposalState.NoQuorum, seconds: 120);
        Ballot late = vote.Workers[1].Ballot(vote.State, 0);
        SignedRefusal refusal = (await vote.Workers[1].CastAsync(vote.Id, late)).Refusal!;
        Assert.Equal((RefusalCode.Late, late.Hash(), true), (refusal.Code, refusal.Ballot, refusal.IsSignedBy(vote.State.Opening.Coordinator)));
        Assert.Single((await vote.Workers[0].ReplayAsync(vote.Id)).Ballots);
    }

    [Fact]
    public async Task F8_A_second_vote_is_refused_and_both_are_kept_as_evidence()
    {
        await using HandVote vote = await HandVote.OpenAsync(workers: 2);
        TestAgent worker = vote.Workers[0];
        Ballot first = worker.Ballot(vote.State, 0), second = worker.Ballot(vote.State, 1);
        CastAnswer[] answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => worker.CastAsync(vote.Id, i % 2 == 0 ? first : second)));
        // Whichever came first: one of the two has receipts, all alike, the other has refusals.
        Assert.Equal(10, answers.Count(answer => answer.Receipt is not null));
        Assert.Single(answers.Where(answer => answer.Receipt is not null).Select(answer => (answer.Receipt!.Ballot, answer.Receipt.Sequence)).Distinct());
        Assert.All(answers.Where(answer => answer.Refusal is not null), answer => Assert.Equal(RefusalCode.Equivocation, answer.Refusal!.Code));
        IReadOnlyList<RecordEvent> events = await worker.EventsAsync(vote.Id);
        Assert.Single(events, next => next.Payload is BallotCast);
        Assert.Single(events, next => next.Payload is EquivocationNoted);
        Assert.Equal(worker.Secrets.Keys.AgentId, Assert.Single((await worker.ReplayAsync(vote.Id)).Equivocators));
    }

    [Fact]
    public async Task F9_The_id_follows_from_the_content_whoever_starts_at_the_same_moment()
    {
        ProposalBody[] bodies = [.. Enumerable.Range(0, 10).Select(_ => TestProposals.Body("BBB f9", workers: 3, trustees: 3))];
        ProposalSummary[] started = await Task.WhenAll(bodies.Select(council.Coordinator.ProposeAsync));
        Assert.Equal(bodies.Select(body => body.Id()), started.Select(summary => summary.Id));
        Assert.Equal(10, started.Select(summary => summary.Id).Distinct().Count());
    }

    [Fact]
    public async Task F10_Writers_at_once_lose_nothing()
    {
        await using HandVote vote = await HandVote.OpenAsync(workers: 6);
        CastAnswer[] answers = await Task.WhenAll(vote.Workers.Select((worker, i) => worker.CastAsync(vote.Id, worker.Ballot(vote.State, i % 3))));
        Assert.Equal(6, answers.Select(answer => answer.Receipt!.Sequence).Distinct().Count());
        IReadOnlyList<RecordEvent> events = await vote.Workers[0].EventsAsync(vote.Id);
        Assert.All(answers, answer => Assert.True(answer.Receipt!.IsIn(events)));
    }

    [Fact]
    public async Task F14_One_worker_that_fails_blocks_nobody_and_too_few_are_said_to_be_too_few()
    {
        Task<RecordState> enough = council.DecideAsync("FRR f14"), few = council.DecideAsync("FRF f14");
        Assert.Equal(("0,2,0", Decision.Rejected), (string.Join(',', (await enough).Counts), (await enough).Outcome!.Decision));
        Assert.Equal(ProposalState.NoQuorum, (await few).State);
    }

    [Fact]
    public async Task F20_Nothing_of_a_record_can_be_taken_away()
    {
        RecordState state = await council.DecideAsync("ABR f20");
        foreach (HttpMethod method in new[] { HttpMethod.Delete, HttpMethod.Put, HttpMethod.Patch })
        {
            (HttpStatusCode status, _, _) = await council.Coordinator.SendAsync(method, $"/v1/proposals/{state.ProposalId}", "{}");
            Assert.Equal(HttpStatusCode.MethodNotAllowed, status);
        }

        RequesterOrder order = RequesterOrder.Create("cancel", state.ProposalId, TimeProvider.System.GetUtcNow(), new byte[32]);
        (HttpStatusCode refused, string text, _) = await council.Coordinator.SendAsync(
            HttpMethod.Post, $"/v1/proposals/{state.ProposalId}/cancel", JsonSerializer.Serialize(order, WireJson.Default.RequesterOrder));
        Assert.Equal((HttpStatusCode.Conflict, "WrongState"), (refused, JsonSerializer.Deserialize(text, WireJson.Default.Problem)!.Code));
        Assert.Equal(state.Head, (await council.EndAsync(state.ProposalId)).Head);
    }

    // Who waits for long is told that there is nothing, and asks again.
    private static async Task<TaskAssignment> NextAsync(TestAgent worker)
    {
        for (int i = 0; i < 5; i++)
        {
            if (await worker.Client.GetAsync("v1/tasks/next", WireJson.Default.TaskAssignment, Cancel) is { } task)
                return task;
        }

        throw new TimeoutException("no task came");
    }

    /// <summary>One real trustee beside a coordinator.</summary>
    private sealed class TestTrustee : IDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly string _folder = Directory.CreateTempSubdirectory("witan-trustee").FullName;
        private readonly Task _run;

        public TestTrustee(RunningCoordinator coordinator)
        {
            var options = new AgentOptions { Name = "trustee", Coordinator = coordinator.Http.BaseAddress!, State = _folder, LocalMode = "true", Policy = TestPolicies.Few(_folder) };
            _run = TrusteeHost.RunAsync(options, TextWriter.Null, TimeProvider.System, _stop.Token);
        }

        public void Dispose()
        {
            _stop.Cancel();
            _run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing).GetAwaiter().GetResult();
            _stop.Dispose();
            Directory.Delete(_folder, recursive: true);
        }
    }

    public sealed class Setting : RunningCouncil
    {
        protected override IEnumerable<(string Thoughts, double Seconds, Func<ProposalBody, ProposalBody>? Change)> Early =>
            [("AAF f4", 45, null), ("AAS f6", 45, null), ("FRR f14", 45, null), ("FRF f14", 45, null)];
    }
}
