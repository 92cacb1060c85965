using System.Security.Cryptography;
using Witan.Voting;
using Xunit;

namespace Witan.Tests.Voting;

/// <summary>Every event in every state.</summary>
public class LifecycleTests
{
    private static readonly Dictionary<ProposalState, Type[]> Possible = new()
    {
        [ProposalState.Draft] =
        [
            typeof(TrusteesEnrolled), typeof(ContributionCommitted), typeof(KeyContributed), typeof(SharesJudged),
            typeof(ShareDisclosed), typeof(KeyAgreed), typeof(RosterFrozen), typeof(Ended),
        ],
        [ProposalState.Open] = [typeof(VotingOpened), typeof(Ended)],
        [ProposalState.Deliberating] = [typeof(ArgumentSealed), typeof(ArgumentsOpened), typeof(Ended)],
        [ProposalState.Voting] = [typeof(BallotCast), typeof(EquivocationNoted), typeof(RecordClosed), typeof(Ended)],
        [ProposalState.Tallying] = [typeof(PartiallyDecrypted), typeof(Tallied), typeof(Ended)],
        [ProposalState.Settling] = [typeof(Settled)],
        [ProposalState.Settled] = [],
        [ProposalState.NoQuorum] = [],
        [ProposalState.Cancelled] = [],
        [ProposalState.Expired] = [],
        [ProposalState.Failed] = [],
    };

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void An_event_that_its_state_does_not_know_is_refused_and_leaves_no_trace(int rounds)
    {
        var council = new Council(3, change: body => body with { Rounds = rounds });
        council.Decide(0, 0, 1);
        RecordPayload[] payloads = Payloads(council);
        Assert.Equal(typeof(RecordPayload).Assembly.GetTypes().Count(type => type.BaseType == typeof(RecordPayload)), payloads.Select(payload => payload.GetType()).Distinct().Count());
        var reached = new HashSet<ProposalState>();
        for (int size = 1; size <= council.Events.Count; size++)
            reached.Add(TryAll(council.Fork(size), payloads));
        foreach (EndReason reason in Enum.GetValues<EndReason>())
        {
            // A key fails when too few are qualified; roster and key expire when they come too late.
            Council ended = council.Fork(reason == EndReason.Failed ? council.Events.FindIndex(next => next.Payload is SharesJudged) : 5);
            for (int index = 1; reason == EndReason.Failed && index <= 3; index++)
                ended.Append(new SharesJudged(TrusteeSecret.Judge(ended.State.KeyGeneration, index, index == 1 ? [2, 3] : [], ended.Trustees[index - 1].Seed)));
            ended.Now = reason switch
            {
                EndReason.Expired => ended.Body.OpenBy.AddSeconds(1),
                EndReason.Failed => ended.Body.OpenBy,
                _ => ended.Now,
            };
            ended.Append(new Ended(reason, "test"));
            reached.Add(TryAll(ended, payloads));
        }

        Council none = council.Fork(council.Events.FindIndex(next => next.Payload is BallotCast));
        none.Now = none.Body.CloseAt;
        none.Advance();
        reached.Add(TryAll(none, payloads));
        Assert.Equal(Enum.GetValues<ProposalState>().Where(state => rounds > 0 || state != ProposalState.Deliberating).Order(), reached.Order());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void After_the_close_nothing_can_be_cancelled(int rounds)
    {
        var council = new Council(3, change: body => body with { Rounds = rounds });
        council.Decide(0, 0, 1);
        for (int size = 1; size <= council.Events.Count; size++)
        {
            Council fork = council.Fork(size);
            bool before = fork.State.State is ProposalState.Draft or ProposalState.Open or ProposalState.Deliberating or ProposalState.Voting;
            Assert.Equal(before, fork.Try(new Ended(EndReason.Cancelled, "x")) is null);
        }
    }

    [Fact]
    public void A_decision_that_can_be_opened_can_neither_expire_nor_fail()
    {
        var council = new Council(3);
        council.Decide(0, 0, 1);
        for (int size = 1; size <= council.Events.Count; size++)
        {
            Council fork = council.Fork(size);
            Assert.Equal(RefusalCode.WrongState, fork.Try(new Ended(EndReason.Failed, "unwelcome"))?.Code);
            Assert.Equal(RefusalCode.WrongState, fork.Try(new Ended(EndReason.Expired, "unwelcome"))?.Code);
            // Too late is only what is still awaited.
            fork.Now = fork.Body.SettleBy.AddSeconds(1);
            bool awaited = fork.State.State == ProposalState.Draft || (fork.State.State == ProposalState.Tallying && fork.State.Partials.Count < fork.Body.Threshold);
            Assert.Equal(awaited, fork.Try(new Ended(EndReason.Expired, "too late")) is null);
        }
    }

    [Fact]
    public void A_round_fails_only_when_its_arguments_are_to_be_shown()
    {
        var council = new Council(3, change: body => body with { Rounds = 1 });
        council.OpenRound();
        council.Append(new ArgumentSealed(council.Argue(0, "yes")));
        Assert.Equal(RefusalCode.WrongState, council.Try(new Ended(EndReason.Failed, "unwelcome"))?.Code);
        council.Now = council.Body.ArgueBy;
        Assert.Null(council.Try(new Ended(EndReason.Failed, "the key is another one")));
    }

    [Fact]
    public void The_order_of_ballots_does_not_change_the_outcome()
    {
        var council = new Council(3);
        council.OpenVoting();
        Ballot[] ballots = [council.Ballot(0, 0), council.Ballot(1, 0), council.Ballot(2, 1)];
        foreach (int[] order in new[] { new[] { 0, 1, 2 }, [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0] })
        {
            Council fork = council.Fork(council.Events.Count);
            foreach (int i in order)
                fork.Append(new BallotCast(ballots[i]));
            fork.Advance();
            fork.Append(new PartiallyDecrypted(fork.Decrypt(1)));
            fork.Append(new PartiallyDecrypted(fork.Decrypt(3)));
            fork.Advance();
            Assert.Equal([2L, 1L, 0L], fork.State.Counts);
        }
    }

    // Events of several councils of the same workers, thrown at a record in any order: whatever is accepted, an approval has
    // the votes that the rule asks for.
    [Fact]
    public void No_sequence_of_events_approves_without_the_votes()
    {
        var council = new Council(3);
        council.Decide(0, 1, 1);
        List<RecordPayload> pool = [.. Payloads(council), new Tallied([2, 1, 0], Decision.Approved, 0), new Tallied([3, 0, 0], Decision.Approved, 0)];
        var approving = new Council(council.Workers);
        approving.Decide(0, 0, 0);
        pool.AddRange(approving.Events.Select(next => next.Payload));
        for (int run = 0; run < 30; run++)
        {
            Council fork = council.Fork(1 + RandomNumberGenerator.GetInt32(council.Events.Count));
            for (int i = 0; i < 25; i++)
            {
                RecordPayload next = pool[RandomNumberGenerator.GetInt32(pool.Count)];
                fork.Try(next);
            }

            Assert.NotEqual(Decision.Approved, fork.State.Outcome?.Decision);
        }
    }

    [Theory]
    [InlineData(1, 2, new long[] { 0, 0, 0 }, Decision.Rejected)]
    [InlineData(1, 2, new long[] { 1, 1, 9 }, Decision.Rejected)]
    [InlineData(1, 2, new long[] { 2, 1, 9 }, Decision.Approved)]
    [InlineData(2, 3, new long[] { 2, 1, 0 }, Decision.Rejected)]
    [InlineData(2, 3, new long[] { 3, 1, 0 }, Decision.Approved)]
    [InlineData(1, 2, new long[] { 2, 2, 1, 0 }, Decision.Rejected)]
    [InlineData(1, 2, new long[] { 2, 1, 1, 0 }, Decision.Rejected)]
    [InlineData(1, 2, new long[] { 3, 1, 1, 0 }, Decision.Approved)]
    [InlineData(1, 2, new long[] { long.MaxValue / 2000, 0, 0 }, Decision.Approved)]
    public void The_outcome_follows_from_rules_and_counts(int numerator, int denominator, long[] counts, Decision expected)
    {
        ProposalBody rules = new Council(3).Body with
        {
            PassNumerator = numerator,
            PassDenominator = denominator,
            Options = [.. Enumerable.Range(0, counts.Length).Select(i => $"o{i}")],
        };
        Assert.Equal(expected, Outcome.Decide(rules, counts).Decision);
    }

    [Theory]
    [InlineData(new[] { 1, 1, 1 }, new long[] { 2, 1, 0 }, 3)]
    [InlineData(new[] { 1, 1, 1 }, new long[] { 3, 0, 0 }, 1)]
    [InlineData(new[] { 1, 2, 4 }, new long[] { 5, 2, 0 }, 1)]
    [InlineData(new[] { 1, 1, 2 }, new long[] { 2, 2, 0 }, 2)]
    [InlineData(new[] { 5, 5 }, new long[] { 4, 6, 0 }, 0)]
    public void Explanations_of_a_total_are_counted(int[] weights, long[] counts, long expected) =>
        Assert.Equal(expected, Explanations.Count(weights, counts, 1000));

    [Fact]
    public void Weights_that_reveal_every_vote_are_warned_of()
    {
        RecordState state = new Council(3, weights: [1, 2, 4]).Decide(0, 1, 0);
        Assert.Contains(Audit.Warnings(state), warning => warning.Contains("reveal every vote", StringComparison.Ordinal));
    }

    private static RecordPayload[] Payloads(Council council)
    {
        Council voting = council.Fork(council.Events.FindIndex(next => next.Payload is BallotCast));
        return
        [
            .. council.Events.Select(next => next.Payload),
            new ShareDisclosed(council.Trustees[0].Secret.Disclose(council.State.KeyGeneration, 2, council.Trustees[0].Seed)),
            new EquivocationNoted(voting.Ballot(0, 1)),
            // What only the other kind of proposal knows.
            .. council.Body.Rounds > 0 ? new RecordPayload[] { new VotingOpened() }
                : [new DeliberationOpened(), new ArgumentSealed(voting.Argue(0, "x")), new ArgumentsOpened([])],
            new Ended(EndReason.Expired, "x"),
        ];
    }

    private static ProposalState TryAll(Council council, RecordPayload[] payloads)
    {
        ProposalState state = council.State.State;
        Type[] possible = state == ProposalState.Open && council.Body.Rounds > 0 ? [typeof(DeliberationOpened), typeof(Ended)] : Possible[state];
        foreach (RecordPayload payload in payloads.Where(payload => !possible.Contains(payload.GetType())))
        {
            RecordState before = council.State;
            Refusal? refusal = council.Try(payload);
            Assert.True(refusal?.Code == RefusalCode.WrongState, $"{payload.Name} in {state}: {refusal}");
            Assert.Same(before, council.State);
        }

        return state;
    }
}
