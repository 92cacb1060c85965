using Witan.Crypto;
using Witan.Tests.Failures;
using Witan.Voting;
using Xunit;

namespace Witan.Tests.Coordinator;

/// <summary>Ballots that come at once are checked together; each is answered as if it had come alone.</summary>
public class BallotGroupTests
{
    [Fact]
    public async Task Among_many_at_once_the_bad_ones_are_refused_and_wrong_hints_decide_nothing()
    {
        await using HandVote vote = await HandVote.OpenAsync(workers: 16);
        CastRequest[] requests = [.. vote.Workers.Select((worker, i) => worker.Request(vote.State, i % 3))];
        // Two wrong hints, one that is none, one ballot without any; and one ballot whose proof does not hold, with a hint that fits the good one.
        requests[1].Commitments![70] ^= 1;
        requests[2] = requests[2] with { Commitments = requests[3].Commitments };
        requests[4] = requests[4] with { Commitments = [1, 2, 3] };
        requests[5] = requests[5] with { Commitments = null };
        Ballot bad = requests[6].Ballot with { SumResponse = requests[6].SumResponse + P256Scalar.One };
        bad = bad with { Signature = Ed25519.Sign(vote.Workers[6].Secrets.SigningSeed, bad.SignedBytes(vote.State.BallotContext)) };
        Ballot good = requests[6].Ballot;
        requests[6] = CastRequest.Of(bad, requests[6].Hint);
        CastAnswer[] answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(i => vote.Workers[i % 16].CastAsync(vote.Id, requests[i % 16])));
        for (int i = 0; i < answers.Length; i++)
        {
            if (i % 16 == 6)
            {
                Assert.Equal(RefusalCode.ProofInvalid, answers[i].Refusal!.Code);
                continue;
            }

            // The same ballot, however often and in whichever group: the same receipt.
            Assert.Equal(requests[i % 16].Ballot.Hash(), answers[i].Receipt!.Ballot);
            Assert.Equal(answers[i % 16].Receipt!.Signature, answers[i].Receipt!.Signature);
        }

        Assert.NotNull((await vote.Workers[6].CastAsync(vote.Id, good)).Receipt);
        IReadOnlyList<RecordEvent> events = await vote.Workers[0].EventsAsync(vote.Id);
        Assert.Equal(16, events.Count(next => next.Payload is BallotCast));
        Assert.All(answers.Where(answer => answer.Receipt is not null), answer => Assert.True(answer.Receipt!.IsIn(events)));
        Assert.All(answers, answer => Assert.True(answer.Checkpoint.IsIn(events) && answer.Checkpoint.IsSignedBy(vote.State.Opening.Coordinator)));
    }
}
