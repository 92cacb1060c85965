using System.Text;
using System.Text.Json;
using Witan.Voting;
using Xunit;

namespace Witan.Tests.Voting;

/// <summary>What happens to a ballot that comes in, and what the agent holds in hand afterwards.</summary>
public class IntakeTests
{
    private readonly Council _council = new(3);

    public IntakeTests() => _council.OpenVoting();

    [Fact]
    public void The_same_bytes_again_get_the_same_receipt_and_other_bytes_are_kept_as_evidence()
    {
        Ballot first = _council.Ballot(0, 0), second = _council.Ballot(0, 1);
        _council.Append(Assert.IsType<BallotVerdict.Append>(Judge(first)).Event);
        Receipt receipt = _council.Receipt(first);
        _council.Append(Assert.IsType<BallotVerdict.Append>(Judge(_council.Ballot(1, 0))).Event);
        BallotPosition position = Assert.IsType<BallotVerdict.Repeat>(Judge(first)).Position;
        Assert.Equal((receipt.Sequence, receipt.Head), (position.Sequence, position.Head));
        Assert.Equal(receipt.Signature, _council.Receipt(first).Signature);
        BallotVerdict.Refuse refused = Assert.IsType<BallotVerdict.Refuse>(Judge(second));
        Assert.Equal(RefusalCode.Equivocation, refused.Refusal.Code);
        _council.Append(refused.Evidence!);
        Assert.Null(Assert.IsType<BallotVerdict.Refuse>(Judge(second)).Evidence);
    }

    [Fact]
    public void After_the_close_a_counted_ballot_still_gets_its_receipt_and_a_new_one_is_late()
    {
        Ballot first = _council.Ballot(0, 0), late = _council.Ballot(1, 0);
        _council.Append(new BallotCast(first));
        _council.Now = _council.Body.CloseAt;
        Assert.Equal(RefusalCode.Late, Assert.IsType<BallotVerdict.Refuse>(Judge(late)).Refusal.Code);
        _council.Advance();
        Assert.IsType<BallotVerdict.Repeat>(Judge(first));
        Assert.Equal(RefusalCode.Late, Assert.IsType<BallotVerdict.Refuse>(Judge(late)).Refusal.Code);
    }

    [Fact]
    public void An_agent_whose_attestation_expired_is_refused()
    {
        var refused = Assert.IsType<BallotVerdict.Refuse>(BallotIntake.Judge(_council.State, _council.Ballot(0, 0), _council.Now, attested: false));
        Assert.Equal(RefusalCode.AttestationExpired, refused.Refusal.Code);
    }

    [Fact]
    public void Together_each_ballot_is_judged_as_it_is_alone()
    {
        var council = new Council(8);
        council.OpenVoting();
        Ballot counted = council.Ballot(0, 0), wrong = council.Ballot(5, 0) with { Signature = council.Ballot(5, 1).Signature };
        council.Append(new BallotCast(counted));
        Ballot[] ballots = [counted, council.Ballot(0, 1), council.Ballot(1, 1), wrong, council.Ballot(2, 2), council.Ballot(3, 0) with { Agent = Digest.Zero }, council.Ballot(4, 0)];
        IncomingBallot[] incoming = [.. ballots.Select((ballot, i) => new IncomingBallot(ballot, BallotCommitments.None, Attested: i != 6))];
        IReadOnlyList<BallotVerdict> together = BallotIntake.JudgeTogether(council.State, incoming, council.Now, System.Security.Cryptography.RandomNumberGenerator.Fill);
        Assert.Equal(incoming.Select(one => BallotIntake.Judge(council.State, one.Ballot, council.Now, one.Attested)), together);
        Assert.Equal(
            [RefusalCode.Equivocation, RefusalCode.SignatureInvalid, RefusalCode.NotOnRoster, RefusalCode.AttestationExpired],
            together.OfType<BallotVerdict.Refuse>().Select(refuse => refuse.Refusal.Code));
        Assert.Empty(BallotIntake.JudgeTogether(council.State, [], council.Now, System.Security.Cryptography.RandomNumberGenerator.Fill));
    }

    [Fact]
    public void What_comes_beside_a_ballot_changes_nothing_of_it()
    {
        Agent agent = _council.Workers[0];
        Ballot ballot = BallotBuilder.Create(
            _council.State.BallotContext, agent.Keys, agent.Seed, 0, Digest.Zero, Witan.Crypto.P256Scalar.Random, out BallotCommitments hint);
        byte[] bare = JsonSerializer.SerializeToUtf8Bytes(ballot, WireJson.Default.Ballot);
        Assert.Equal(bare, JsonSerializer.SerializeToUtf8Bytes(CastRequest.Of(ballot, BallotCommitments.None), WireJson.Default.CastRequest));
        Assert.True(StrictJson.TryRead(bare, WireJson.Default.CastRequest, out CastRequest? without, out _));
        Assert.Equal((ballot.Hash(), 0), (without.Ballot.Hash(), without.Hint.Points.Length));
        byte[] hinted = JsonSerializer.SerializeToUtf8Bytes(CastRequest.Of(ballot, hint), WireJson.Default.CastRequest);
        Assert.InRange(hinted.Length, bare.Length + (2 * hint.Points.Length), SizeBuckets.Smallest);
        Assert.True(StrictJson.TryRead(hinted, WireJson.Default.CastRequest, out CastRequest? with, out _));
        Assert.Equal(ballot.Hash(), with.Ballot.Hash());
        Assert.Equal(hint.Points, with.Hint.Points);
        // The record's own form knows no hint.
        Assert.False(StrictJson.TryRead(hinted, RecordJson.Default.Ballot, out _, out _));
    }

    [Fact]
    public void A_receipt_proves_presence_and_convicts_a_coordinator_that_drops_the_ballot()
    {
        Ballot ballot = _council.Ballot(0, 0);
        _council.Append(new BallotCast(ballot));
        Receipt receipt = _council.Receipt(ballot);
        Assert.True(receipt.IsSignedBy(_council.CoordinatorKey));
        Assert.True(receipt.IsIn(_council.Events));
        Council fork = _council.Fork(receipt.Sequence is var at ? (int)at : 0);
        fork.Append(new BallotCast(fork.Ballot(1, 0)));
        fork.Now = fork.Body.CloseAt;
        fork.Advance();
        Assert.False(receipt.IsIn(fork.Events));
        byte[] file = DecisionFile.Of(fork.State, fork.Events).ToBytes();
        Assert.True(Audit.Run(file).Valid);
        AuditReport report = Audit.Run(file, new AuditOptions { Receipts = [receipt] });
        Assert.Contains("receipt", report.Problem, StringComparison.Ordinal);
        Assert.Contains("another head", Audit.Run(file, new AuditOptions { Checkpoints = [_council.Checkpoint()] }).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_receipt_of_another_proposal_or_another_coordinator_is_a_fault()
    {
        var council = new Council(3);
        byte[] file = DecisionFile.Of(council.Decide(0, 0, 1), council.Events).ToBytes();
        _council.Append(new BallotCast(_council.Ballot(0, 0)));
        Receipt other = _council.Receipt(_council.State.Ballots.Values.Single());
        Assert.Contains("a receipt is of proposal", Audit.Run(file, new AuditOptions { Receipts = [other] }).Problem, StringComparison.Ordinal);
        Assert.Contains("not signed by the coordinator", Audit.Run(file, new AuditOptions { Receipts = [other with { Proposal = council.State.ProposalId }] }).Problem, StringComparison.Ordinal);
        Assert.Contains("a checkpoint is of proposal", Audit.Run(file, new AuditOptions { Checkpoints = [_council.Checkpoint()] }).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void An_answer_is_for_one_slot_and_reaches_as_far_as_its_receipt()
    {
        Ballot ballot = _council.Ballot(0, 0), another = _council.Ballot(1, 0);
        _council.Append(new BallotCast(ballot));
        var answer = new CastAnswer(_council.Receipt(ballot), null, "", _council.Checkpoint());
        bool IsFor(CastAnswer said) => said.IsFor(_council.State.ProposalId, ballot, _council.CoordinatorKey);
        Assert.True(IsFor(answer));
        Assert.False(answer.IsFor(_council.State.ProposalId, another, _council.CoordinatorKey));
        Assert.False(answer.IsFor(Digest.Zero, ballot, _council.CoordinatorKey));
        // The coordinator's word on the beginning of its record.
        Assert.False(IsFor(answer with { Checkpoint = _council.Fork(1).Checkpoint() }));
        Assert.False(IsFor(answer with { Receipt = answer.Receipt! with { Nullifier = another.Nullifier } }));
        var refused = new CastAnswer(null, _council.Refuse(ballot, RefusalCode.Late), "", _council.Checkpoint());
        Assert.True(IsFor(refused));
        Assert.False(IsFor(refused with { Refusal = _council.Refuse(another, RefusalCode.Late) }));
        Assert.False(IsFor(answer with { Refusal = refused.Refusal }));
    }

    [Fact]
    public void The_bytes_of_a_receipt_have_one_length_whatever_the_vote()
    {
        for (int i = 0; i < 3; i++)
            _council.Append(new BallotCast(_council.Ballot(i, i)));
        int[] lengths = [.. _council.State.Ballots.Values.Select(ballot => Json(_council.Receipt(ballot)).Length).Distinct()];
        Assert.Single(lengths);
    }

    [Fact]
    public void A_refusal_is_signed()
    {
        Ballot ballot = _council.Ballot(0, 0);
        SignedRefusal refusal = _council.Refuse(ballot, RefusalCode.Late);
        Assert.True(refusal.IsSignedBy(_council.CoordinatorKey));
        Assert.False((refusal with { Code = RefusalCode.ProofInvalid }).IsSignedBy(_council.CoordinatorKey));
        Assert.False((refusal with { Size = refusal.Size + 1 }).IsSignedBy(_council.CoordinatorKey));
    }

    [Fact]
    public void What_the_reader_expects_is_compared()
    {
        var council = new Council(3);
        byte[] file = DecisionFile.Of(council.Decide(0, 0, 1), council.Events).ToBytes();
        Assert.True(Audit.Run(file, new AuditOptions { Coordinator = council.CoordinatorKey, Proposal = council.State.ProposalId }).Valid);
        Assert.False(Audit.Run(file, new AuditOptions { Coordinator = Digest.Zero }).Valid);
        Assert.False(Audit.Run(file, new AuditOptions { Policy = new CouncilPolicy() }).Valid);
        Assert.False(Audit.Run(file, new AuditOptions { Proposal = Digest.Zero }).Valid);
        Assert.False(Audit.Run(file, new AuditOptions { Mode = ExecutionMode.Simulated }).Valid);
        Assert.False(Audit.Run(file, new AuditOptions { Mode = ExecutionMode.Production }).Valid);
    }

    private BallotVerdict Judge(Ballot ballot) => BallotIntake.Judge(_council.State, ballot, _council.Now, attested: true);

    private static byte[] Json(Receipt receipt) => Encoding.UTF8.GetBytes(System.Text.Json.JsonSerializer.Serialize(
        new CastAnswer(receipt, null, "", new Checkpoint(Digest.Zero, 1, Digest.Zero, [])), WireJson.Default.CastAnswer));
}
