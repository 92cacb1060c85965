using Witan.Crypto;
using Witan.Voting;
using Xunit;

namespace Witan.Tests.Voting;

/// <summary>
/// Every way of dropping, duplicating, swapping, delaying, inventing and re-counting in one decision, exhaustively. The coordinator chains
/// and signs anew, and writes the summary that its record leads to. It is caught by the audit, or by what the agents hold: the
/// receipt of each worker, and the checkpoint that each trustee was given for its message.
/// </summary>
public class CheatingMutantsTests
{
    private readonly Council _council;
    private readonly RecordPayload[] _honest;
    private readonly DateTimeOffset[] _times;
    private readonly AuditOptions _held;

    public CheatingMutantsTests()
        : this(rounds: 0)
    {
    }

    protected CheatingMutantsTests(int rounds)
    {
        _council = new Council(3, change: body => body with { Rounds = rounds });
        var checkpoints = new List<Checkpoint>();
        _council.Decide(0, 0, 1);
        for (int size = 1; size <= _council.Events.Count; size++)
        {
            // What was acknowledged to a trustee, a checkpoint in hand: its own messages; and to a worker for its argument.
            if (_council.Events[size - 1].Payload is ContributionCommitted or KeyContributed or SharesJudged or ArgumentSealed or PartiallyDecrypted)
                checkpoints.Add(_council.Fork(size).Checkpoint());
        }

        _honest = [.. _council.Events.Select(next => next.Payload)];
        _times = [.. _council.Events.Select(next => next.At)];
        _held = new AuditOptions
        {
            Coordinator = _council.CoordinatorKey,
            Proposal = _council.State.ProposalId,
            Receipts = [.. _council.State.Ballots.Values.Select(_council.Receipt)],
            Checkpoints = checkpoints,
        };
    }

    [Fact]
    public void The_honest_record_with_all_that_is_held_against_it_is_valid() =>
        Assert.Null(Caught(_honest, _times));

    [Fact]
    public void Every_event_dropped_duplicated_swapped_or_delayed_is_caught()
    {
        int mutants = 0;
        for (int i = 0; i < _honest.Length; i++)
        {
            // Without its last event it is the honest record as it was a moment before, and says so.
            if (i < _honest.Length - 1)
                AssertCaught(ref mutants, $"drop {i}", [.. _honest[..i], .. _honest[(i + 1)..]]);
            for (int j = 0; j < _honest.Length; j++)
            {
                AssertCaught(ref mutants, $"duplicate {i} at {j}", [.. _honest[..j], _honest[i], .. _honest[j..]]);
                if (i < j)
                {
                    RecordPayload[] swapped = [.. _honest];
                    (swapped[i], swapped[j]) = (swapped[j], swapped[i]);
                    AssertCaught(ref mutants, $"swap {i} and {j}", swapped);
                    List<RecordPayload> delayed = [.. _honest];
                    delayed.RemoveAt(i);
                    delayed.Insert(j, _honest[i]);
                    AssertCaught(ref mutants, $"delay {i} to {j}", [.. delayed]);
                }
            }
        }

        Assert.True(mutants > 800, $"only {mutants}");
    }

    [Fact]
    public void Every_cut_is_caught_until_nothing_that_anybody_holds_is_missing()
    {
        for (int size = 1; size < _honest.Length; size++)
        {
            if (size <= LastHeld)
                Assert.NotNull(Caught(_honest[..size], _times));
            else
                AssertHonestBeginning(size);
        }
    }

    [Fact]
    public void Times_that_were_moved_are_caught()
    {
        int mutants = 0;
        for (int i = 0; i < _honest.Length; i++)
        {
            foreach (TimeSpan by in new[] { TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1), TimeSpan.FromHours(-1) })
            {
                // The event alone, and everything from it on.
                for (int to = i + 1; to <= _honest.Length; to += Math.Max(1, _honest.Length - i - 1))
                {
                    DateTimeOffset[] times = [.. _times];
                    for (int j = i; j < to; j++)
                        times[j] += by;
                    // After the last message that anybody holds a word on, only the coordinator's own clock speaks.
                    if (i < LastHeld)
                        AssertCaught(ref mutants, $"time {i} to {to} by {by}", _honest, times);
                }
            }
        }

        Assert.True(mutants > 60, $"only {mutants}");
    }

    [Fact]
    public void Every_count_but_the_true_one_and_every_other_verdict_is_caught()
    {
        int at = Array.FindIndex(_honest, payload => payload is Tallied), mutants = 0;
        for (int approve = 0; approve <= 3; approve++)
        {
            for (int reject = 0; reject <= 3; reject++)
            {
                for (int abstain = 0; abstain <= 3; abstain++)
                {
                    foreach (Decision decision in Enum.GetValues<Decision>())
                    {
                        foreach (int? winner in new int?[] { null, 0, 1, 2 })
                        {
                            if ((approve, reject, abstain, decision, winner) != (2, 1, 0, Decision.Approved, 0))
                                AssertCaught(ref mutants, $"count {approve} {reject} {abstain}", [.. _honest[..at], new Tallied([approve, reject, abstain], decision, winner), .. _honest[(at + 1)..]]);
                        }
                    }
                }
            }
        }

        Assert.True(mutants > 700, $"only {mutants}");
    }

    [Fact]
    public void Whatever_is_invented_is_caught_wherever_it_is_put()
    {
        Agent ghost = new(), forger = new();
        BallotContext context = _council.State.BallotContext;
        RecordPayload[] invented =
        [
            new BallotCast(BallotBuilder.Create(context, ghost.Keys, ghost.Seed, 0, Digest.Zero, P256Scalar.Random)),
            new BallotCast(BallotBuilder.Create(context, _council.Workers[2].Keys, forger.Seed, 0, Digest.Zero, P256Scalar.Random)),
            new EquivocationNoted(BallotBuilder.Create(context, _council.Workers[2].Keys, forger.Seed, 0, Digest.Zero, P256Scalar.Random)),
            new Ended(EndReason.Cancelled, "invented"),
            new Ended(EndReason.Expired, "invented"),
            new Ended(EndReason.Failed, "invented"),
            new RecordClosed(CloseReason.Complete),
            new RecordClosed(CloseReason.Deadline),
            new Settled("invented"),
            new VotingOpened(),
            new DeliberationOpened(),
            new ArgumentsOpened([]),
            new ArgumentsOpened(Argument.InOrder([.. Enumerable.Range(0, 3).Select(i => Argument.Of($"invented {i}", Digest.Zero))])),
        ];
        int mutants = 0;
        foreach (RecordPayload payload in invented)
        {
            for (int i = 0; i <= _honest.Length; i++)
            {
                AssertCaught(ref mutants, $"{payload.Name} before {i}", [.. _honest[..i], payload, .. _honest[i..]]);
                if (i < _honest.Length && payload.Name != _honest[i].Name)
                    AssertCaught(ref mutants, $"{payload.Name} instead of {i}", [.. _honest[..i], payload, .. _honest[(i + 1)..]]);
                // It ends the record there, as if the rest had never been; before anybody holds a word this is only an end.
                if (i > LastHeld)
                    continue;
                if (i > FirstHeld)
                    AssertCaught(ref mutants, $"{payload.Name} ends at {i}", [.. _honest[..i], payload]);
            }
        }

        Assert.True(mutants > 400, $"only {mutants}");
    }

    [Fact]
    public void With_all_trustees_on_its_side_every_other_set_or_order_of_ballots_is_caught_by_the_workers_receipts()
    {
        int first = Array.FindIndex(_honest, payload => payload is BallotCast), mutants = 0;
        foreach (int[] order in Orders([0, 1, 2]).Where(order => !order.SequenceEqual([0, 1, 2])))
        {
            Council fork = _council.Fork(first);
            foreach (int worker in order)
                fork.Append(_honest[first + worker]);
            fork.Now = fork.Body.CloseAt;
            fork.Advance();
            for (int trustee = 1; fork.State.State == ProposalState.Tallying && trustee <= fork.Body.Threshold; trustee++)
                fork.Append(new PartiallyDecrypted(fork.Decrypt(trustee)));
            fork.Advance();
            byte[] file = DecisionFile.Of(fork.State, fork.Events).ToBytes();
            // Nothing in the file itself is wrong: only who was given a receipt can tell, and every single one who was left out or moved can.
            Assert.True(Audit.Run(file).Valid);
            foreach (Receipt receipt in _held.Receipts.Where(receipt => !receipt.IsIn(fork.Events)))
            {
                Assert.False(Audit.Run(file, new AuditOptions { Receipts = [receipt] }).Valid);
                mutants++;
            }
        }

        Assert.True(mutants >= 30, $"only {mutants}");
    }

    // It claims nothing that is not so: no count, or the true one.
    private void AssertHonestBeginning(int size)
    {
        RecordState state = _council.Fork(size).State;
        Assert.Null(Caught(_honest[..size], _times));
        Assert.False(state.IsFinal);
        Assert.True(state.Counts.Count == 0 || state.Counts.SequenceEqual(_council.State.Counts));
    }

    private int FirstHeld => Array.FindIndex(_honest, payload => payload is ContributionCommitted);

    private int LastHeld => Array.FindLastIndex(_honest, payload => payload is PartiallyDecrypted);

    private static IEnumerable<int[]> Orders(int[] from) =>
        from.SelectMany(one => Orders([.. from.Where(other => other != one)]).Select(rest => (int[])[one, .. rest])).Append([]);

    private void AssertCaught(ref int mutants, string what, RecordPayload[] payloads, DateTimeOffset[]? times = null)
    {
        // Two payloads may be equal: what changes nothing is no mutant.
        if (times is null && payloads.SequenceEqual(_honest))
            return;
        mutants++;
        Assert.True(Caught(payloads, times ?? _times) is not null, what);
    }

    // The coordinator folds its own record without checking proofs, so that its summary is the one that the events lead to.
    private string? Caught(RecordPayload[] payloads, DateTimeOffset[] times)
    {
        List<RecordEvent> events = _council.Rechain(payloads, [.. payloads.Select((_, i) => times[Math.Min(i, times.Length - 1)])]);
        RecordState? state = null;
        foreach (RecordEvent next in events)
        {
            if (RecordFold.Apply(state, next, ProofChecks.None, out Refusal? refusal) is not { } after)
                return refusal!.Message;
            state = after;
        }

        AuditReport report = Audit.Run(DecisionFile.Of(state!, events), _held);
        return report.Valid ? null : report.Problem;
    }
}

/// <summary>The same for a record with a sealed round.</summary>
public sealed class CheatingMutantsOfASealedRoundTests() : CheatingMutantsTests(rounds: 1);
