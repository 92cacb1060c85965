using System.Security.Cryptography;
using Witan.Crypto;
using Witan.Voting;
using Xunit;

namespace Witan.Tests.Voting;

/// <summary>Checked together, ballots are judged exactly as one by one.</summary>
public class BallotBatchTests
{
    private readonly Council _council = new(6);

    public BallotBatchTests() => _council.OpenVoting();

    private BallotContext Context => _council.State.BallotContext;

    [Fact]
    public void Good_ballots_pass_together_with_and_without_a_hint()
    {
        BatchedBallot[] batch = [.. Enumerable.Range(0, 6).Select(i => Make(i, i % 3))];
        Assert.All(Check(batch), Assert.Null);
        batch[2] = batch[2] with { Commitments = BallotCommitments.None };
        Assert.All(Check(batch), Assert.Null);
        Assert.Empty(Check([]));
    }

    [Fact]
    public void A_bad_ballot_is_found_and_the_others_pass()
    {
        P256Scalar one = P256Scalar.One;
        Func<Ballot, Ballot>[] changes =
        [
            ballot => ballot with { SumResponse = ballot.SumResponse + one },
            ballot => ballot with { SumChallenge = ballot.SumChallenge + one },
            ballot => ballot with { Options = [ballot.Options[0] with { A = ballot.Options[0].A + P256Point.Generator }, .. ballot.Options.Skip(1)] },
            ballot => ballot with { Options = [ballot.Options[0] with { Response0 = ballot.Options[0].Response0 + one }, .. ballot.Options.Skip(1)] },
            ballot => ballot with { Options = [ballot.Options[0] with { Response1 = ballot.Options[0].Response1 + one }, .. ballot.Options.Skip(1)] },
            ballot => ballot with
            {
                Options =
                [
                    ballot.Options[0] with { Challenge0 = ballot.Options[0].Challenge0 + one, Challenge1 = ballot.Options[0].Challenge1 - one },
                    .. ballot.Options.Skip(1),
                ],
            },
        ];
        foreach (Func<Ballot, Ballot> change in changes)
        {
            BatchedBallot[] batch = [.. Enumerable.Range(0, 5).Select(i => Make(i, 0))];
            Ballot changed = change(batch[3].Ballot);
            batch[3] = batch[3] with { Ballot = changed with { Signature = Ed25519.Sign(_council.Workers[3].Seed, changed.SignedBytes(Context)) } };
            IReadOnlyList<Refusal?> refusals = Check(batch);
            Assert.Equal(BallotVerifier.Check(Context, batch[3].Voter, batch[3].Ballot), refusals[3]);
            Assert.Equal(RefusalCode.ProofInvalid, refusals[3]!.Code);
            Assert.Equal(1, refusals.Count(refusal => refusal is not null));
        }
    }

    [Fact]
    public void Errors_that_would_cancel_without_random_factors_do_not_cancel()
    {
        BatchedBallot[] batch = [Make(0, 0), Make(1, 0)];
        for (int i = 0; i < 2; i++)
        {
            Ballot ballot = batch[i].Ballot;
            P256Scalar response = i == 0 ? ballot.SumResponse + P256Scalar.One : ballot.SumResponse - P256Scalar.One;
            Ballot changed = ballot with { SumResponse = response };
            batch[i] = batch[i] with { Ballot = changed with { Signature = Ed25519.Sign(_council.Workers[i].Seed, changed.SignedBytes(Context)) } };
        }

        Assert.All(Check(batch), Assert.NotNull);
    }

    [Fact]
    public void A_wrong_hint_decides_nothing()
    {
        BatchedBallot good = Make(0, 1);
        for (int i = 0; i < good.Commitments.Points.Length; i += 7)
        {
            byte[] points = [.. good.Commitments.Points];
            points[i] ^= 1;
            Assert.All(Check([good with { Commitments = new BallotCommitments(points) }, Make(1, 0)]), Assert.Null);
        }

        Assert.All(Check([good with { Commitments = Make(1, 1).Commitments }]), Assert.Null);
    }

    [Fact]
    public void Agent_slot_and_signature_are_checked_for_each()
    {
        BatchedBallot a = Make(0, 0), b = Make(1, 0);
        IReadOnlyList<Refusal?> refusals = Check([a with { Voter = b.Voter }, b with { Ballot = b.Ballot with { Signature = a.Ballot.Signature } }, Make(2, 0)]);
        Assert.Equal(RefusalCode.NotOnRoster, refusals[0]!.Code);
        Assert.Equal(RefusalCode.SignatureInvalid, refusals[1]!.Code);
        Assert.Null(refusals[2]);
    }

    private IReadOnlyList<Refusal?> Check(IReadOnlyList<BatchedBallot> batch) => BallotBatch.Check(Context, batch, RandomNumberGenerator.Fill);

    private BatchedBallot Make(int worker, int choice)
    {
        Agent agent = _council.Workers[worker];
        Ballot ballot = BallotBuilder.Create(Context, agent.Keys, agent.Seed, choice, Digest.Zero, P256Scalar.Random, out BallotCommitments commitments);
        return new BatchedBallot(_council.State.Roster[agent.Keys.AgentId], ballot, commitments);
    }
}
