using System.Text;
using System.Text.Json.Nodes;
using Witan.Voting;
using Xunit;

namespace Witan.Tests.Voting;

public class DecisionTests
{
    [Theory]
    [InlineData(new[] { 0, 0, 1 }, Decision.Approved, new long[] { 2, 1, 0 })]
    [InlineData(new[] { 0, 1, 1 }, Decision.Rejected, new long[] { 1, 2, 0 })]
    [InlineData(new[] { 0, 1, 2 }, Decision.Rejected, new long[] { 1, 1, 1 })]
    [InlineData(new[] { 2, 2, 2 }, Decision.Rejected, new long[] { 0, 0, 3 })]
    [InlineData(new[] { 0, 2, 2 }, Decision.Approved, new long[] { 1, 0, 2 })]
    public void A_decision_is_made_and_audits(int[] choices, Decision verdict, long[] counts)
    {
        var council = new Council(3);
        RecordState state = council.Decide(choices);
        Assert.Equal(ProposalState.Settled, state.State);
        Assert.Equal(verdict, state.Outcome!.Decision);
        Assert.Equal(counts, state.Counts);
        AuditReport report = Audit.Run(DecisionFile.Of(state, council.Events).ToBytes());
        Assert.True(report.Valid, report.Problem);
        Assert.Equal(verdict, report.State!.Outcome!.Decision);
    }

    [Fact]
    public void Weights_count_and_several_options_decide()
    {
        var council = new Council(4, weights: [5, 1, 1, 2], change: body => body with { Options = ["Elm", "Oak", "Yew", "Abstain"] });
        RecordState state = council.Decide(2, 0, 1, 3);
        Assert.Equal([1L, 1L, 5L, 2L], state.Counts);
        Assert.Equal((Decision.Approved, 2), (state.Outcome!.Decision, state.Outcome.Winner!.Value));
        Assert.Contains(Audit.Warnings(state), warning => warning.Contains("weights differ", StringComparison.Ordinal));
    }

    [Fact]
    public void Too_few_ballots_are_no_quorum_and_nothing_is_opened()
    {
        var council = new Council(3, change: body => body with { MinimumTurnout = 2 });
        RecordState state = council.Decide(0, -1, -1);
        Assert.Equal(ProposalState.NoQuorum, state.State);
        Assert.Equal(Decision.NoQuorum, state.Outcome!.Decision);
        Assert.Empty(state.Counts);
        Assert.True(Audit.Run(DecisionFile.Of(state, council.Events).ToBytes()).Valid);
    }

    [Fact]
    public void No_ballots_at_all_never_approve()
    {
        var council = new Council(3);
        Assert.Equal(Decision.NoQuorum, council.Decide(-1, -1, -1).Outcome!.Decision);
    }

    [Fact]
    public void A_unanimous_result_is_warned_of()
    {
        var council = new Council(3);
        Assert.Contains(Audit.Warnings(council.Decide(0, 0, 0)), warning => warning.Contains("unanimous", StringComparison.Ordinal));
    }

    // Every byte of a small record, and every eleventh of one with three trustees.
    [Theory]
    [InlineData(2, 1, 1)]
    [InlineData(3, 3, 11)]
    public void Every_changed_byte_of_the_file_fails_the_audit_or_leaves_every_claim_as_it_is(int workers, int trustees, int step)
    {
        var council = new Council(workers, trustees, (trustees / 2) + 1);
        RecordState state = council.Decide([.. Enumerable.Repeat(0, workers - 1), 1]);
        byte[] file = DecisionFile.Of(state, council.Events).ToBytes();
        string claims = Claims(Audit.Run(file));
        int accepted = 0;
        Parallel.For(0, file.Length / step, n =>
        {
            int i = n * step;
            byte[] changed = [.. file];
            // Bit 0 turns one digit into another; bit 5 one letter into its other case.
            changed[i] ^= (byte)(n % 2 == 0 ? 0x01 : 0x20);
            AuditReport report = Audit.Run(changed, new AuditOptions { Parallelism = 1 });
            if (!report.Valid)
                return;
            Assert.Equal(claims, Claims(report));
            Interlocked.Increment(ref accepted);
        });
        Assert.InRange(accepted, 0, file.Length / step / 20);
    }

    [Fact]
    public void A_dropped_added_or_moved_event_fails_the_audit()
    {
        var council = new Council(3);
        RecordState state = council.Decide(0, 0, 1);
        for (int i = 0; i < council.Events.Count; i++)
        {
            List<RecordEvent> without = [.. council.Events];
            without.RemoveAt(i);
            Assert.False(Audit.Run(DecisionFile.Of(state, without)).Valid);
            Assert.False(Audit.Run(DecisionFile.Of(state, [.. council.Events.Take(i), council.Events[i], .. council.Events.Skip(i)])).Valid);
        }
    }

    [Fact]
    public void A_file_of_LOCAL_MODE_begins_with_the_warning_and_says_no_other()
    {
        var council = new Council(3);
        DecisionFile file = DecisionFile.Of(council.Decide(0, 0, 1), council.Events);
        string warning = ExecutionMode.Local.Warning()!;
        Assert.StartsWith($"{{\n  \"warning\": \"{warning}\"", Encoding.UTF8.GetString(file.ToBytes()), StringComparison.Ordinal);
        Assert.True(Audit.Run(file.ToBytes()).Valid);
        Assert.False(Audit.Run((file with { Warning = "All is well." }).ToBytes()).Valid);
        // A file from before it was written, which has no such member.
        JsonObject before = JsonNode.Parse(file.ToBytes())!.AsObject();
        Assert.True(before.Remove("warning"));
        Assert.True(Audit.Run(Encoding.UTF8.GetBytes(before.ToJsonString())).Valid);
    }

    [Fact]
    public void A_ballot_of_fewer_options_is_the_event_that_fails_and_no_exception()
    {
        var council = new Council(3);
        RecordState state = council.Decide(0, 0, 1);
        List<RecordEvent> events = council.Rechain(council.Events.Select(next => next.Payload is BallotCast cast && next == council.Events.First(e => e.Payload is BallotCast)
            ? new BallotCast(cast.Ballot with { Options = [.. cast.Ballot.Options.Take(2)] })
            : next.Payload));
        AuditReport report = Audit.Run(DecisionFile.Of(state, events));
        Assert.Equal((false, (long?)council.Events.FindIndex(next => next.Payload is BallotCast)), (report.Valid, report.FailedEvent));
    }

    [Fact]
    public void The_event_that_is_named_is_the_first_that_fails_also_where_that_is_a_ballot()
    {
        var council = new Council(3);
        RecordState state = council.Decide(0, 0, 1);
        int at = council.Events.FindIndex(next => next.Payload is BallotCast);
        var cast = (BallotCast)council.Events[at].Payload;
        // Its proof is of another ciphertext, and so the sum that was opened is another one, too.
        List<RecordEvent> events = council.Rechain(council.Events.Select((next, i) =>
            i == at ? new BallotCast(cast.Ballot with { Options = [.. cast.Ballot.Options.Reverse()] }) : next.Payload));
        AuditReport report = Audit.Run(DecisionFile.Of(state, events));
        Assert.Equal((false, (long?)at), (report.Valid, report.FailedEvent));
    }

    [Fact]
    public void The_first_failing_event_is_named()
    {
        var council = new Council(3);
        RecordState state = council.Decide(0, 0, 1);
        int at = council.Events.FindIndex(next => next.Payload is BallotCast);
        council.Events[at] = council.Events[at] with { At = council.Events[at].At.AddMilliseconds(1) };
        AuditReport report = Audit.Run(DecisionFile.Of(state, council.Events));
        Assert.Equal(at, report.FailedEvent);
        Assert.Contains("ballot-cast", report.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"schema\":\"witan.decision/1\"}")]
    public void What_is_no_decision_file_is_refused(string text)
    {
        AuditReport report = Audit.Run(Encoding.UTF8.GetBytes(text));
        Assert.False(report.Valid);
        Assert.NotNull(report.Problem);
    }

    [Fact]
    public void The_record_holds_no_plain_vote()
    {
        // Two councils that voted differently publish files of the same shape and, but for counts, of the same length.
        var one = new Council(3);
        var two = new Council(3);
        byte[] first = DecisionFile.Of(one.Decide(0, 1, 1), one.Events).ToBytes();
        byte[] second = DecisionFile.Of(two.Decide(1, 0, 1), two.Events).ToBytes();
        Assert.Equal(first.Length, second.Length);
    }

    [Fact]
    public void Any_threshold_of_trustees_opens_the_same_counts()
    {
        var council = new Council(5, trustees: 5, threshold: 3);
        council.OpenVoting();
        for (int i = 0; i < 5; i++)
            council.Append(new BallotCast(council.Ballot(i, i % 3)));
        council.Advance();
        IReadOnlyList<EncryptedSum> sums = council.State.Sums();
        PartialDecryption[] all = [.. Enumerable.Range(1, 5).Select(council.Decrypt)];
        foreach (int[] subset in new[] { new[] { 1, 2, 3 }, [1, 3, 5], [5, 4, 2], [2, 3, 4] })
            Assert.Equal([2L, 2L, 1L], Decryption.Combine(sums, [.. subset.Select(i => all[i - 1])], 5)!);
        IReadOnlyList<long>? few = Decryption.Combine(sums, [all[0], all[1]], 5);
        Assert.True(few is null || !few.SequenceEqual([2L, 2L, 1L]));
    }

    private static string Claims(AuditReport report) =>
        $"{report.State!.ProposalId} {report.State.Head} {report.State.State} {report.State.Outcome} {string.Join(',', report.State.Counts)}";
}
