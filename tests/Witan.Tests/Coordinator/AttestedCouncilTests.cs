using Witan.Agent;
using Witan.Voting;
using Xunit;

namespace Witan.Tests.Coordinator;

/// <summary>Attestation on every side, renewed under load; and trustees that are too few, come back, and refuse.</summary>
public sealed class AttestedCouncilTests
{
    private static readonly CouncilPolicy Policy = new() { Name = "test", InstancesPerPlatform = 0, MinimumWorkers = 2, MinimumAnonymity = 1 };

    [Fact]
    public async Task Attestations_are_renewed_while_proposals_are_decided()
    {
        // Twenty seconds of life, renewed at a third of them: each agent attests again while ballots flow.
        CouncilPolicy brief = Policy with { AttestationMilliseconds = 20_000 };
        await using AttestedCouncil council = await AttestedCouncil.StartAsync(brief, workers: 2, trustees: 1);
        string[] names = ["worker-1", "worker-2", "trustee-1"];
        foreach (string name in names)
            _ = council.Start(name, Policy);
        IReadOnlyList<AgentSummary> first = await council.AgentsAsync(present: 3), last = first;
        for (int i = 0; i < 4 || !last.Zip(first).All(pair => pair.First.ExpiresAt > pair.Second.ExpiresAt.AddSeconds(2)); i++)
        {
            Assert.True(i < 40, council.Log);
            ProposalSummary proposal = await council.Coordinator.ProposeAsync(TestProposals.Body($"renewal {i}", workers: 2, trustees: 1));
            ProposalSummary end = await council.Coordinator.UntilAsync(proposal.Id, now => now.State == ProposalState.Settled);
            Assert.Equal((Decision.Approved, 2), (end.Decision!.Value, end.Ballots));
            await Task.Delay(1500, TestContext.Current.CancellationToken);
            last = await council.AgentsAsync(present: 3);
            Assert.Equal(first.Select(agent => agent.Agent), last.Select(agent => agent.Agent));
        }

        Assert.All(last, agent => Assert.Equal(1, agent.ConfidenceLevel));
    }

    [Fact]
    public async Task A_worker_takes_no_part_with_a_coordinator_or_a_trustee_that_its_policy_does_not_accept()
    {
        string other = new('1', 64);
        await using AttestedCouncil council = await AttestedCouncil.StartAsync(Policy, workers: 3, trustees: 1);
        // It ends with a sentence: no retry mends what the coordinator runs.
        SettingException refused = await Assert.ThrowsAsync<SettingException>(() => council.Start("worker-3", Policy with { CoordinatorComposeHashes = [other] }));
        Assert.Contains("compose hash", refused.Message, StringComparison.Ordinal);

        _ = council.Start("trustee-1", Policy);
        _ = council.Start("worker-1", Policy with { TrusteeComposeHashes = [council.Machines.Single(machine => machine.Name == "trustee-1").ComposeHash] });
        _ = council.Start("worker-2", Policy with { TrusteeComposeHashes = [other] });
        await council.AgentsAsync(present: 3);
        ProposalBody body = TestProposals.Body("mutual", workers: 2, trustees: 1, seconds: 45) with { MinimumTurnout = 2 };
        ProposalSummary proposal = await council.Coordinator.ProposeAsync(body);
        ProposalSummary end = await council.Coordinator.UntilAsync(proposal.Id, now => now.State == ProposalState.NoQuorum, seconds: 120);
        Assert.Equal((1, 2), (end.Ballots, end.Roster));
        Assert.Contains("worker-2: proposal", council.Log, StringComparison.Ordinal);
        Assert.Contains("encrypts nothing to the proposal's key: the evidence of trustee 1 is rejected", council.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_a_sealed_round_arguments_are_sealed_to_the_key_that_the_coordinators_evidence_binds()
    {
        await using AttestedCouncil council = await AttestedCouncil.StartAsync(Policy, workers: 2, trustees: 1);
        foreach (string name in new[] { "trustee-1", "worker-1", "worker-2" })
            _ = council.Start(name, Policy);
        await council.AgentsAsync(present: 3);
        ProposalSummary proposal = await council.Coordinator.ProposeAsync(TestProposals.Body("in two steps", workers: 2, trustees: 1) with { Rounds = 1 });
        ProposalSummary end = await council.Coordinator.UntilAsync(proposal.Id, now => now.State == ProposalState.Settled);
        Assert.Equal((Decision.Approved, 2), (end.Decision!.Value, end.Ballots));
        AuditReport report = Audit.Run(await council.Coordinator.Client.GetBytesAsync($"v1/proposals/{proposal.Id}/decision", CancellationToken.None));
        Assert.True(report.Valid, report.Problem);
        Assert.Equal((2, 2), (report.State!.SealedArguments.Count, report.State.Arguments.Count));
    }

    [Fact]
    public async Task Fewer_trustees_than_the_threshold_wait_say_so_and_resume()
    {
        await using AttestedCouncil council = await AttestedCouncil.StartAsync(Policy, workers: 2, trustees: 3);
        var thinking = new TaskCompletionSource();
        council.Thinking = thinking.Task;
        foreach (string name in new[] { "trustee-1", "trustee-2", "trustee-3", "worker-1", "worker-2" })
            _ = council.Start(name, Policy);
        await council.AgentsAsync(present: 5);
        // The key is made; two trustees go while the workers still think.
        ProposalSummary proposal = await council.Coordinator.ProposeAsync(TestProposals.Body("threshold", workers: 2, trustees: 3));
        await council.Coordinator.UntilAsync(proposal.Id, now => now.State == ProposalState.Voting);
        await council.StopAsync("trustee-1");
        await council.StopAsync("trustee-2");
        thinking.SetResult();
        ProposalSummary waiting = await council.Coordinator.UntilAsync(proposal.Id, now => now is { State: ProposalState.Tallying, Partials: 1 });
        Assert.Contains("for 2 trustees to open the sum (1 have)", waiting.Waiting, StringComparison.Ordinal);
        await Task.Delay(500, TestContext.Current.CancellationToken);
        Assert.Equal(ProposalState.Tallying, (await council.Coordinator.UntilAsync(proposal.Id, _ => true)).State);
        // Its memory and its share are on its disk; it opens what it has to and nothing else.
        _ = council.Start("trustee-2", Policy);
        ProposalSummary end = await council.Coordinator.UntilAsync(proposal.Id, now => now.State == ProposalState.Settled);
        Assert.Equal((Decision.Approved, 2), (end.Decision!.Value, end.Partials));
    }
}
