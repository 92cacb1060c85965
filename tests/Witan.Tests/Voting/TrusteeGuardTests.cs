using System.Text.Json;
using Witan.Crypto;
using Witan.Voting;
using Xunit;

namespace Witan.Tests.Voting;

/// <summary>Each refusal of a trustee, before and after a restart.</summary>
public class TrusteeGuardTests
{
    private static readonly TrusteeRules Rules = new() { Mode = ExecutionMode.Local, MinimumBallots = 1, MinimumRoster = 1 };
    private readonly Council _council = Closed(3, 0, 1, 0);

    [Fact]
    public void The_sum_of_a_closed_record_is_opened_once_and_the_same_answer_given_again()
    {
        TrusteeDecision first = Decide(_council, TrusteeMemory.Empty);
        Assert.NotNull(first.Answer);
        Assert.Null(_council.Try(new PartiallyDecrypted(first.Answer)));
        TrusteeDecision again = Decide(_council, Restarted(first.Memory), Request(_council));
        Assert.Equal(first.Answer.Signature, again.Answer!.Signature);
        Assert.Equal(first.Memory.Version, again.Memory.Version);
    }

    [Fact]
    public void Another_record_than_the_one_asked_for_is_refused()
    {
        Refused(TrusteeRefusalCode.RecordInvalid, Decide(_council, TrusteeMemory.Empty, Request(_council) with { ClosedHead = Digest.Zero }));
        Refused(TrusteeRefusalCode.RecordInvalid, Decide(_council, TrusteeMemory.Empty, Request(_council) with { Proposal = Digest.Zero }));
    }

    [Fact]
    public void A_record_with_a_ballot_taken_out_does_not_replay()
    {
        List<RecordEvent> without = [.. _council.Events];
        without.RemoveAt(without.FindIndex(next => next.Payload is BallotCast));
        Refused(TrusteeRefusalCode.RecordInvalid, Decide(_council, TrusteeMemory.Empty, events: without));
        Refused(TrusteeRefusalCode.RecordInvalid, Decide(_council, TrusteeMemory.Empty, events: []));
    }

    [Fact]
    public void An_open_record_is_refused()
    {
        var council = new Council(3);
        council.OpenVoting();
        council.Append(new BallotCast(council.Ballot(0, 0)));
        var request = new DecryptionRequest(council.State.ProposalId, Digest.Zero);
        Refused(TrusteeRefusalCode.RecordInvalid, Decide(council, TrusteeMemory.Empty, request));
    }

    [Fact]
    public void Too_few_ballots_or_voters_are_refused_though_the_proposal_asks_for_fewer()
    {
        Refused(TrusteeRefusalCode.TooFew, Decide(_council, TrusteeMemory.Empty, rules: Rules with { MinimumBallots = 4 }));
        Refused(TrusteeRefusalCode.TooFew, Decide(_council, TrusteeMemory.Empty, rules: Rules with { MinimumRoster = 4 }));
        Assert.NotNull(Decide(_council, TrusteeMemory.Empty, rules: Rules with { MinimumBallots = 3, MinimumRoster = 3 }).Answer);
    }

    [Fact]
    public void A_second_sum_of_the_same_proposal_is_refused_also_after_a_restart()
    {
        // The coordinator forks its record before the last ballot: two sums whose difference is one vote.
        TrusteeMemory memory = Restarted(Decide(_council, TrusteeMemory.Empty).Memory);
        Council fork = _council.Fork(_council.Events.FindLastIndex(next => next.Payload is BallotCast));
        fork.Now = fork.Body.CloseAt;
        fork.Advance();
        Assert.Equal(_council.State.ProposalId, fork.State.ProposalId);
        Refused(TrusteeRefusalCode.OpenedBefore, Decide(fork, memory));
        Assert.NotNull(Decide(fork, TrusteeMemory.Empty).Answer);
    }

    [Fact]
    public void A_request_before_the_close_is_refused_unless_everybody_has_cast()
    {
        Council partial = Closed(3, 0, 1, -1);
        Refused(TrusteeRefusalCode.TooEarly, Decide(partial, TrusteeMemory.Empty, now: partial.Body.CloseAt.AddMilliseconds(-1)));
        Assert.NotNull(Decide(partial, TrusteeMemory.Empty, now: partial.Body.CloseAt).Answer);
        Assert.NotNull(Decide(_council, TrusteeMemory.Empty, now: _council.Body.CloseAt.AddMilliseconds(-1)).Answer);
    }

    [Fact]
    public void A_record_that_lacks_a_checkpoint_seen_before_is_refused()
    {
        Checkpoint newest = _council.Checkpoint();
        TrusteeMemory memory = Restarted(TrusteeGuard.Observe(TrusteeMemory.Empty, newest, _council.CoordinatorKey, out _)!);
        Council rolledBack = _council.Fork(_council.Events.FindLastIndex(next => next.Payload is BallotCast));
        rolledBack.Now = rolledBack.Body.CloseAt;
        rolledBack.Advance();
        Refused(TrusteeRefusalCode.RolledBack, Decide(rolledBack, memory));
        Assert.NotNull(Decide(_council, memory).Answer);
    }

    [Fact]
    public void An_older_or_contradicting_checkpoint_is_not_taken_and_a_contradiction_is_shown()
    {
        TrusteeMemory memory = TrusteeGuard.Observe(TrusteeMemory.Empty, _council.Checkpoint(), _council.CoordinatorKey, out _)!;
        Council fork = _council.Fork(_council.Events.Count - 2);
        Assert.Null(TrusteeGuard.Observe(memory, fork.Checkpoint(), _council.CoordinatorKey, out Checkpoint? older));
        Assert.Null(older);
        fork.Now = fork.Body.CloseAt.AddSeconds(1);
        fork.Append(new RecordClosed(CloseReason.Deadline));
        fork.Now = fork.Body.SettleBy.AddSeconds(1);
        fork.Append(new Ended(EndReason.Expired, "x"));
        Assert.Equal(memory.Newest[0].Size, fork.Checkpoint().Size);
        Assert.Null(TrusteeGuard.Observe(memory, fork.Checkpoint(), _council.CoordinatorKey, out Checkpoint? contradiction));
        Assert.Equal(memory.Newest[0], contradiction);
        Assert.Null(TrusteeGuard.Observe(memory, fork.Checkpoint(), Digest.Zero, out _));
    }

    [Fact]
    public void A_coordinator_without_valid_evidence_and_a_looser_mode_are_refused()
    {
        Refused(TrusteeRefusalCode.CoordinatorNotTrusted, Decide(_council, TrusteeMemory.Empty, trusted: false));
        Refused(TrusteeRefusalCode.RecordInvalid, Decide(_council, TrusteeMemory.Empty, rules: Rules with { Mode = ExecutionMode.Production }));
    }

    [Fact]
    public void The_same_question_for_nearly_the_same_voters_is_refused_where_linked()
    {
        TrusteeRules linked = Rules with { LinkSameQuestions = true, MinimumBallots = 3 };
        var agents = new Council(4);
        Council one = Closed(agents.Workers.Take(3), 0, 1, 0), two = Closed(agents.Workers, 0, 1, 0, 1);
        TrusteeMemory memory = Decide(one, TrusteeMemory.Empty, rules: linked).Memory;
        Refused(TrusteeRefusalCode.Linked, Decide(two, memory, rules: linked));
        Assert.NotNull(Decide(two, memory, rules: Rules).Answer);
        Assert.NotNull(Decide(Closed(3, 0, 1, 0), memory, rules: linked).Answer);
    }

    [Fact]
    public void Rosters_are_kept_only_where_they_are_compared_and_a_sum_without_one_counts_as_the_same()
    {
        TrusteeMemory memory = Decide(Closed(3, 0, 1, 0), TrusteeMemory.Empty, rules: Rules).Memory;
        Assert.Empty(memory.Opened.Single().Voters);
        TrusteeRules linked = Rules with { LinkSameQuestions = true, MinimumBallots = 3 };
        Refused(TrusteeRefusalCode.Linked, Decide(Closed(4, 0, 1, 0, 1), memory, rules: linked));
        Assert.Equal(3, Decide(Closed(3, 0, 1, 0), TrusteeMemory.Empty, rules: linked).Memory.Opened.Single().Voters.Count);
    }

    [Fact]
    public void A_share_that_is_not_part_of_the_key_is_not_used()
    {
        _council.Trustees[0].Share = P256Scalar.Random();
        Refused(TrusteeRefusalCode.NotQualified, Decide(_council, TrusteeMemory.Empty));
    }

    private static Council Closed(int workers, params int[] choices) => Closed(Enumerable.Range(0, workers).Select(_ => new Agent()), choices);

    private static Council Closed(IEnumerable<Agent> workers, params int[] choices)
    {
        var council = new Council(workers);
        council.OpenVoting();
        for (int i = 0; i < choices.Length; i++)
        {
            if (choices[i] >= 0)
                council.Append(new BallotCast(council.Ballot(i, choices[i])));
        }

        if (choices.Contains(-1))
            council.Now = council.Body.CloseAt;
        council.Advance();
        return council;
    }

    private static DecryptionRequest Request(Council council) =>
        new(council.State.ProposalId, council.State.ClosedHead);

    private static TrusteeDecision Decide(
        Council council,
        TrusteeMemory memory,
        DecryptionRequest? request = null,
        TrusteeRules? rules = null,
        IReadOnlyList<RecordEvent>? events = null,
        bool trusted = true,
        DateTimeOffset? now = null) => TrusteeGuard.Decide(
            memory,
            rules ?? Rules,
            request ?? Request(council),
            events ?? council.Events,
            trusted,
            1,
            council.Trustees[0].Share,
            council.Trustees[0].Seed,
            P256Scalar.Random,
            now ?? council.Body.CloseAt.AddSeconds(1));

    private static void Refused(TrusteeRefusalCode code, TrusteeDecision decision)
    {
        Assert.Null(decision.Answer);
        Assert.Equal(code, decision.Refusal);
    }

    // What was stored is all that a restarted trustee knows.
    private static TrusteeMemory Restarted(TrusteeMemory memory)
    {
        byte[] stored = JsonSerializer.SerializeToUtf8Bytes(memory, WireJson.Default.TrusteeMemory);
        Assert.True(StrictJson.TryRead(stored, WireJson.Default.TrusteeMemory, out TrusteeMemory? read, out string? problem), problem);
        return read;
    }
}
