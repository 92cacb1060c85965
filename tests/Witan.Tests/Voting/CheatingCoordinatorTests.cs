using Witan.Voting;
using Xunit;

namespace Witan.Tests.Voting;

/// <summary>
/// A coordinator that changes its own record and signs it anew. It holds its own key and no other; the audit catches it, or a
/// worker's receipt does.
/// </summary>
public class CheatingCoordinatorTests
{
    private readonly Council _council = new(3);

    public CheatingCoordinatorTests() => _council.Decide(0, 0, 1);

    [Fact]
    public void The_honest_record_signed_anew_is_valid() => Assert.Null(Problem(payloads => payloads));

    [Fact]
    public void A_dropped_ballot_is_caught() => Assert.NotNull(Problem(payloads => payloads.RemoveAt(First<BallotCast>(payloads))));

    [Fact]
    public void A_dropped_ballot_with_an_honest_close_is_caught_by_its_receipt()
    {
        // All trustees work with the coordinator, so the audit alone has nothing to hold on to.
        Ballot dropped = ((BallotCast)_council.Events[Index(_council.Events)].Payload).Ballot;
        Receipt receipt = _council.Receipt(dropped);
        Council fork = _council.Fork(Index(_council.Events));
        foreach (Ballot ballot in _council.State.Ballots.Values.Where(ballot => ballot.Agent != dropped.Agent))
            fork.Append(new BallotCast(ballot));
        fork.Now = fork.Body.CloseAt;
        fork.Advance();
        fork.Append(new PartiallyDecrypted(fork.Decrypt(1)));
        fork.Append(new PartiallyDecrypted(fork.Decrypt(2)));
        fork.Advance();
        byte[] file = DecisionFile.Of(fork.State, fork.Events).ToBytes();
        Assert.True(Audit.Run(file).Valid);
        Assert.False(Audit.Run(file, new AuditOptions { Receipts = [receipt] }).Valid);
    }

    [Fact]
    public void A_duplicated_ballot_is_caught() => Assert.NotNull(Problem(payloads => payloads.Insert(First<BallotCast>(payloads), payloads[First<BallotCast>(payloads)])));

    [Fact]
    public void Swapped_ciphertexts_are_caught() => Assert.NotNull(Problem(payloads =>
    {
        int at = First<BallotCast>(payloads);
        Ballot a = ((BallotCast)payloads[at]).Ballot, b = ((BallotCast)payloads[at + 1]).Ballot;
        payloads[at] = new BallotCast(a with { Options = b.Options });
        payloads[at + 1] = new BallotCast(b with { Options = a.Options });
    }));

    [Fact]
    public void Reordered_ballots_are_caught_because_the_trustees_opened_another_head() => Assert.NotNull(Problem(payloads =>
    {
        int at = First<BallotCast>(payloads);
        (payloads[at], payloads[at + 1]) = (payloads[at + 1], payloads[at]);
    }));

    [Fact]
    public void An_invented_voter_is_caught() => Assert.NotNull(Problem(payloads =>
    {
        var ghost = new Agent();
        Ballot ballot = BallotBuilder.Create(_council.State.BallotContext, ghost.Keys, ghost.Seed, 0, Digest.Zero, Witan.Crypto.P256Scalar.Random);
        payloads.Insert(First<BallotCast>(payloads), new BallotCast(ballot));
    }));

    [Fact]
    public void A_ballot_in_the_name_of_a_worker_is_caught() => Assert.NotNull(Problem(payloads =>
    {
        Agent forger = new();
        Ballot ballot = BallotBuilder.Create(
            _council.State.BallotContext, _council.Workers[2].Keys, forger.Seed, 0, Digest.Zero, Witan.Crypto.P256Scalar.Random);
        payloads[payloads.FindLastIndex(payload => payload is BallotCast)] = new BallotCast(ballot);
    }));

    [Fact]
    public void A_recount_is_caught() => Assert.NotNull(Problem(payloads =>
        payloads[First<Tallied>(payloads)] = new Tallied([0, 3, 0], Decision.Rejected, null)));

    [Fact]
    public void A_verdict_that_does_not_follow_from_the_counts_is_caught() => Assert.NotNull(Problem(payloads =>
        payloads[First<Tallied>(payloads)] = new Tallied([2, 1, 0], Decision.Rejected, null)));

    [Fact]
    public void A_changed_roster_weight_is_caught() => Assert.NotNull(Problem(payloads =>
    {
        int at = First<RosterFrozen>(payloads);
        var frozen = (RosterFrozen)payloads[at];
        RosterEntry[] entries = [frozen.Entries[0] with { Weight = 9 }, .. frozen.Entries.Skip(1)];
        payloads[at] = frozen with { Entries = entries, Root = Roster.Root(_council.State.ProposalId, entries) };
    }));

    [Fact]
    public void Rules_changed_afterwards_are_caught() => Assert.NotNull(Problem(payloads =>
    {
        var opened = (ProposalOpened)payloads[0];
        payloads[0] = opened with { Body = opened.Body with { PassNumerator = 2, PassDenominator = 3 } };
    }));

    private string? Problem(Action<List<RecordPayload>> cheat) => Problem(payloads =>
    {
        cheat(payloads);
        return payloads;
    });

    private string? Problem(Func<List<RecordPayload>, List<RecordPayload>> cheat)
    {
        List<RecordEvent> events = _council.Rechain(cheat([.. _council.Events.Select(next => next.Payload)]));
        AuditReport report = Audit.Run(DecisionFile.Of(_council.State, events).ToBytes());
        return report.Valid ? null : report.Problem;
    }

    private static int First<T>(List<RecordPayload> payloads) => payloads.FindIndex(payload => payload is T);

    private static int Index(List<RecordEvent> events) => events.FindIndex(next => next.Payload is BallotCast);
}
