using Witan.Crypto;
using Witan.Voting;
using Xunit;

namespace Witan.Tests.Voting;

public class BallotTests
{
    private readonly Council _council = new(3);

    public BallotTests() => _council.OpenVoting();

    [Fact]
    public void Every_option_verifies()
    {
        for (int choice = 0; choice < 3; choice++)
            Assert.Null(Check(_council.Ballot(0, choice)));
    }

    [Fact]
    public void Proving_draws_and_allocates_the_same_whatever_the_choice()
    {
        for (int i = 0; i < 200; i++)
            Assert.NotNull(_council.Ballot(0, i % 3)); // until nothing more is compiled
        // The least of several rounds: the runtime may compile better code between any two of them.
        var least = new long[] { long.MaxValue, long.MaxValue, long.MaxValue };
        var draws = new int[3];
        BallotContext context = _council.State.BallotContext;
        for (int round = 0; round < 60; round++)
        {
            int choice = round % 3;
            draws[choice] = 0;
            P256Scalar Random()
            {
                draws[choice]++;
                return P256Scalar.Random();
            }

            long before = GC.GetAllocatedBytesForCurrentThread();
            BallotBuilder.Create(context, _council.Workers[0].Keys, _council.Workers[0].Seed, choice, Digest.Zero, Random);
            least[choice] = Math.Min(least[choice], GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Single(draws.Distinct());
        Assert.Single(least.Distinct());
    }

    [Fact]
    public void A_ballot_of_two_ones_or_none_cannot_be_proven()
    {
        Ballot a = _council.Ballot(0, 0), b = _council.Ballot(0, 1);
        // Options of two ballots mixed: two ones, or none.
        foreach (Ballot mixed in new[] { a with { Options = [a.Options[0], b.Options[1], a.Options[2]] }, a with { Options = [b.Options[0], a.Options[1], a.Options[2]] } })
            Assert.Equal(RefusalCode.ProofInvalid, Check(Resign(mixed))!.Code);
    }

    [Fact]
    public void Each_changed_part_is_refused_even_when_signed_again()
    {
        Ballot ballot = _council.Ballot(0, 1);
        P256Scalar one = P256Scalar.One;
        for (int i = 0; i < 3; i++)
        {
            OptionCiphertext option = ballot.Options[i];
            foreach (OptionCiphertext changed in new[]
            {
                option with { A = option.A + P256Point.Generator },
                option with { B = option.B + P256Point.Generator },
                option with { Challenge0 = option.Challenge0 + one },
                option with { Challenge1 = option.Challenge1 + one },
                option with { Challenge0 = option.Challenge0 + one, Challenge1 = option.Challenge1 - one },
                option with { Response0 = option.Response0 + one },
                option with { Response1 = option.Response1 + one },
            })
            {
                OptionCiphertext[] options = [.. ballot.Options];
                options[i] = changed;
                Assert.Equal(RefusalCode.ProofInvalid, Check(Resign(ballot with { Options = options }))!.Code);
            }
        }

        Assert.Equal(RefusalCode.ProofInvalid, Check(Resign(ballot with { SumChallenge = ballot.SumChallenge + one }))!.Code);
        Assert.Equal(RefusalCode.ProofInvalid, Check(Resign(ballot with { SumResponse = ballot.SumResponse + one }))!.Code);
        Assert.Equal(RefusalCode.SignatureInvalid, Check(ballot with { Deliberation = new Digest(new byte[] { 1 }.Concat(new byte[31]).ToArray()) })!.Code);
        Assert.Equal(RefusalCode.ProofInvalid, Check(Resign(ballot with { Options = [.. ballot.Options.Reverse()] }))!.Code);
        Assert.Equal(RefusalCode.ProofInvalid, Check(Resign(ballot with { Options = [.. ballot.Options.Take(2)] }))!.Code);
    }

    [Fact]
    public void A_ballot_of_another_context_is_refused()
    {
        Ballot ballot = _council.Ballot(0, 0);
        BallotContext context = _council.State.BallotContext;
        RosterEntry voter = Voter(ballot);
        var other = new Digest(Enumerable.Repeat((byte)7, 32).ToArray());
        Assert.NotNull(BallotVerifier.Check(context with { Proposal = other }, voter, ballot));
        Assert.NotNull(BallotVerifier.Check(context with { Configuration = other }, voter, ballot));
        Assert.NotNull(BallotVerifier.Check(context with { RosterRoot = other }, voter, ballot));
        Assert.NotNull(BallotVerifier.Check(context with { Target = "elsewhere" }, voter, ballot));
        Assert.NotNull(BallotVerifier.Check(context with { ElectionKey = P256Point.Generator }, voter, ballot));
        Assert.NotNull(BallotVerifier.Check(context, _council.State.Roster[_council.Workers[1].Keys.AgentId], ballot));
    }

    [Fact]
    public void A_second_ballot_is_refused_and_kept_as_evidence()
    {
        Ballot first = _council.Ballot(0, 0), second = _council.Ballot(0, 1);
        _council.Append(new BallotCast(first));
        Assert.Equal(RefusalCode.Equivocation, _council.Try(new BallotCast(second))!.Code);
        Assert.Equal(RefusalCode.Equivocation, _council.Try(new BallotCast(first))!.Code);
        Assert.NotNull(_council.Try(new EquivocationNoted(first)));
        _council.Append(new EquivocationNoted(second));
        Assert.Equal(first.Hash(), _council.State.Ballots[first.Nullifier].Hash());
        Assert.Contains(_council.Workers[0].Keys.AgentId, _council.State.Equivocators);
    }

    [Fact]
    public void A_stranger_and_a_late_ballot_are_refused()
    {
        var stranger = new Agent();
        Ballot foreign = BallotBuilder.Create(_council.State.BallotContext, stranger.Keys, stranger.Seed, 0, Digest.Zero, P256Scalar.Random);
        Assert.Equal(RefusalCode.NotOnRoster, _council.Try(new BallotCast(foreign))!.Code);
        _council.Now = _council.Body.CloseAt.AddMilliseconds(1);
        Assert.Equal(RefusalCode.Late, _council.Try(new BallotCast(_council.Ballot(0, 0)))!.Code);
    }

    private Refusal? Check(Ballot ballot) => BallotVerifier.Check(_council.State.BallotContext, Voter(ballot), ballot);

    private RosterEntry Voter(Ballot ballot) => _council.State.Roster[ballot.Agent];

    private Ballot Resign(Ballot ballot) =>
        ballot with { Signature = Ed25519.Sign(_council.Workers[0].Seed, ballot.SignedBytes(_council.State.BallotContext)) };
}
