using System.Net;
using Witan.Agent;
using Witan.Tests.Coordinator;
using Witan.Voting;
using Witan.Worker.Deliberation;
using Xunit;

namespace Witan.Tests.Failures;

/// <summary>Sealed rounds through the programs' own hosts.</summary>
public sealed class SealedRoundCouncilTests : RunningCouncil
{
    [Fact]
    public async Task Each_thinks_twice_and_votes_having_heard_the_others_without_their_names()
    {
        RecordState state = await DecideAsync("ARA", body => body with { Rounds = 1 });
        Assert.Equal(Decision.Approved, state.Outcome?.Decision);
        Assert.Equal([2L, 1L, 0L], state.Counts);
        for (int worker = 0; worker < 3; worker++)
        {
            Assert.Equal(2, Thoughts[("ARA", worker)]);
            HeardArguments heard = Heard[("ARA", worker)];
            Assert.Equal("this member thinks of the roof", heard.Own);
            Assert.Equal([heard.Own, heard.Own], heard.Others);
        }
    }

    [Fact]
    public async Task Without_a_round_each_thinks_once_and_hears_nothing()
    {
        RecordState state = await DecideAsync("AAR");
        Assert.Empty(state.SealedArguments);
        Assert.Equal(1, Thoughts[("AAR", 0)]);
        Assert.False(Heard.ContainsKey(("AAR", 0)));
    }
}

/// <summary>Sealed rounds at a real coordinator, by hand: what it refuses, and what survives its restart.</summary>
public sealed class SealedRoundByHandTests
{
    [Fact]
    public async Task Arguments_survive_a_restart_and_no_ballot_comes_before_they_are_shown()
    {
        await using HandVote vote = await HandVote.OpenAsync(3, 120, body => body with { Rounds = 1 });
        SealedArgument first = await vote.Workers[0].ArgumentAsync(vote.State, "the first"), second = await vote.Workers[1].ArgumentAsync(vote.State, "the second");
        await vote.Workers[0].ArgueAsync(vote.Id, first);
        Checkpoint acknowledged = await vote.Workers[1].ArgueAsync(vote.Id, second);
        CastAnswer early = await vote.Workers[0].CastAsync(vote.Id, vote.Workers[0].Ballot(vote.State, 0));
        Assert.Equal(RefusalCode.WrongState, early.Refusal?.Code);

        await RefusedAsync(HttpStatusCode.Conflict, "Equivocation", vote.Workers[0].ArgueAsync(vote.Id, await vote.Workers[0].ArgumentAsync(vote.State, "another")));
        await RefusedAsync(HttpStatusCode.Forbidden, "WRONG_AGENT", vote.Workers[2].ArgueAsync(vote.Id, first));
        // Sealed to a key that is not the coordinator's: it would stop the round.
        var elsewhere = SealedArgument.Create(
            vote.State, vote.Workers[2].Secrets.Keys.AgentId, Argument.Of("x", Digest.Zero), new Voting.Agent().Keys.Encryption, vote.Workers[2].Secrets.SigningSeed);
        await RefusedAsync(HttpStatusCode.UnprocessableEntity, "ProofInvalid", vote.Workers[2].ArgueAsync(vote.Id, elsewhere));

        await vote.RestartAsync();
        await vote.Coordinator.UntilAsync(vote.Id, now => now.Waiting.StartsWith("for 1 argument,", StringComparison.Ordinal));
        IReadOnlyList<RecordEvent> events = await vote.Workers[0].EventsAsync(vote.Id);
        Assert.True(acknowledged.IsIn(events));
        Assert.Equal(events.Count, (await vote.Workers[0].ArgueAsync(vote.Id, first)).Size);
        await vote.Workers[2].ArgueAsync(vote.Id, await vote.Workers[2].ArgumentAsync(vote.State, "the third"));
        RecordState voting = await vote.Workers[0].ReplayAsync(vote.Id);
        Assert.Equal(ProposalState.Voting, voting.State);
        Assert.Equal(["the first", "the second", "the third"], voting.Arguments.Select(one => one.Text).Order(StringComparer.Ordinal));
        foreach (TestAgent worker in vote.Workers)
            Assert.NotNull((await worker.CastAsync(vote.Id, worker.Ballot(voting, 0))).Receipt);
    }

    private static async Task RefusedAsync(HttpStatusCode status, string code, Task<Checkpoint> argued)
    {
        CoordinatorException refused = await Assert.ThrowsAsync<CoordinatorException>(() => argued);
        Assert.Equal((status, code), (refused.Status, refused.Code));
    }
}
